"""Lines of /proc/diskstats that are disks, by the names in Documentation/admin-guide/devices.txt."""

import pytest

from hostinfo.drivers.sysfs.counters.disks import is_whole_disk


@pytest.mark.parametrize("name", ["sda", "sdaa", "vdb", "xvda", "hdc", "nvme0n1", "nvme10n2", "mmcblk0", "mmcblk0boot0",
                                  "dasda", "nbd0", "pmem0", "nvme0c0n1", "dm-x", "loop", "p1"])  # fmt: skip
def test_whole_disks_are_recognised(name: str) -> None:
    assert is_whole_disk(name)


@pytest.mark.parametrize("name", ["sda1", "sdaa15", "vdb2", "xvda1", "hdc3", "nvme0n1p1", "nvme10n2p12", "mmcblk0p1",
                                  "loop0", "ram15", "zram0", "sr0", "fd0", "dm-3", "md127"])  # fmt: skip
def test_partitions_and_virtual_devices_are_left_out(name: str) -> None:
    assert not is_whole_disk(name)
