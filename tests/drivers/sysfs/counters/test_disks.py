"""Rows of /proc/diskstats that are whole disks: by /sys/block, and by name where sysfs is missing.

Names are those in Documentation/admin-guide/devices.txt and in the drivers' ``disk_name``; lsblk is the oracle on this
machine.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.counters.block_devices import read_devices
from hostinfo.drivers.sysfs.counters.block_names import find_whole_disks, is_whole_disk
from hostinfo.drivers.sysfs.statistics import read
from hostinfo.model.statistics import Statistics

PARTITIONS_AND_COMPOSED = (
    "loop0p1 zd0 zd0p1 zd16 nbd0p1 rbd0p1 md127p1 cciss/c0d0p1 pmem0p1 dasda1 ublkb0p1 nvme0c0n1 drbd0 bcache0"
)


def diskstats(names: str) -> str:
    return "".join(f"   8 {number} {name} 1 0 8 1 1 0 8 1 0 1 1\n" for number, name in enumerate(names.split()))


def read_tree(root: Path) -> Statistics:
    return read(Sources(tree=Tree(str(root))), frozenset({"disks", "volumes"})).value


def names_of(root: Path) -> set[str]:
    return {disk.name for disk in read_tree(root).disks}


@pytest.mark.parametrize("name", [
    "sda", "sdaa", "vdb", "xvda", "hdc", "nvme0n1", "nvme10n2", "mmcblk0", "mmcblk0boot0", "dasda", "nbd0", "pmem0",
    "pmem0s", "rbd0", "ublkb0", "cciss/c0d0", "ida/c0d1", "i2o/hda", "rssda", "fioa", "scma", "ubda", "mtdblock0",
    "etherd/e1.1", "vdisk", "dm-x", "loop", "p1",
])  # fmt: skip
def test_whole_disks_are_recognised(name: str) -> None:
    assert is_whole_disk(name)


@pytest.mark.parametrize("name", [
    "sda1", "sdaa15", "vdb2", "xvda1", "hdc3", "nvme0n1p1", "nvme10n2p12", "mmcblk0p1", "pmem0s1", "rssda2", "i2o/hda3",
    "fioa1", "scma1", "ubda1", "dasdab3", "etherd/e1.1p1", "nvme1c12n3", "nvme0c0n1p1",
    "loop0", "ram15", "zram0", "sr0", "fd0", "dm-3", "md127", "md_d0", "md_d0p1", "ubiblock0_1", "emcpowera",
    "emcpowera1", "sddlmaa", *PARTITIONS_AND_COMPOSED.split(),
])  # fmt: skip
def test_partitions_and_composed_devices_are_left_out(name: str) -> None:
    assert not is_whole_disk(name)


def test_a_partition_of_an_unknown_driver_is_listed_with_its_disk() -> None:
    assert find_whole_disks(["newa", "newa1", "newa2", "newb7", "new0"]) == {"newa", "newb7", "new0"}


def test_without_sysfs_names_decide(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text(
        diskstats(f"{PARTITIONS_AND_COMPOSED} cciss/c0d0 dasda nbd0 sda sda1 nvme0n1 nvme0n1p1")
    )
    assert names_of(tmp_path) == {"cciss/c0d0", "dasda", "nbd0", "sda", "nvme0n1"}


def test_sysfs_decides_where_it_lists_block_devices(tmp_path: Path) -> None:
    """A Xen guest can have a whole disk xvda1; a cache device foo0 is made of others; cciss has a slash in its name."""
    block = tmp_path / "sys/block"
    block.mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text(
        diskstats("xvda1 cciss/c0d0 cciss/c0d0p1 foo0 sdb sdb1 nbd0 nvme1n1 odd0 dm-0")
    )
    for name, device in {"xvda1": "vbd-2049/block", "cciss!c0d0": "pci0000:00/0000:00:01.0/cciss0/c0d0/block",
                         "sdb": "pci0000:00/0000:00:02.0/block", "foo0": "virtual/block", "nbd0": "virtual/block",
                         "nvme1n1": "virtual/nvme-subsystem/nvme-subsys1", "odd0": "virtual/block",
                         "dm-0": "virtual/block"}.items():  # fmt: skip
        (tmp_path / f"sys/devices/{device}/{name}/slaves").mkdir(parents=True)
        (block / name).symlink_to(f"../devices/{device}/{name}")
    (tmp_path / "sys/devices/virtual/block/foo0/slaves/sdb").mkdir()
    (tmp_path / "sys/devices/virtual/block/odd0/hidden").write_text("1\n")
    assert names_of(tmp_path) == {"xvda1", "cciss/c0d0", "sdb", "nbd0", "nvme1n1"}
    assert [(volume.name, volume.kind, volume.lower) for volume in read_tree(tmp_path).volumes] == [
        ("foo0", "other", ("sdb",)), ("dm-0", "dm", ())]  # fmt: skip


@pytest.mark.parametrize("has_sysfs", [True, False])
def test_hardware_partitions_of_an_emmc_are_disks_of_their_own_with_and_without_sysfs(
    tmp_path: Path, has_sysfs: bool
) -> None:
    disks = {"mmcblk0", "mmcblk0boot0", "mmcblk0boot1"}
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text(diskstats("mmcblk0 mmcblk0p1 mmcblk0p2 mmcblk0boot0 mmcblk0boot1"))
    for name in disks if has_sysfs else ():
        device = f"devices/platform/mmc/block/mmcblk0/{name.removeprefix('mmcblk0')}"
        (tmp_path / "sys" / device).mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys/block").mkdir(exist_ok=True)
        (tmp_path / "sys/block" / name).symlink_to(f"../{device}")
    assert names_of(tmp_path) == disks


def test_volumes_are_distinguished_from_disks_by_their_kind(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text(
        diskstats(
            "sda sda1 dm-0 md127 md127p1 md_d0 drbd0 bcache0 zd16 zd16p1 loop0 sr0 ubiblock0_1 emcpowera emcpowera1"
        )
    )
    value = read_tree(tmp_path)
    assert [(disk.name, disk.kind, disk.lower) for disk in value.disks] == [("sda", "disk", ())]
    assert [(volume.name, volume.kind) for volume in value.volumes] == [
        ("dm-0", "dm"), ("md127", "md"), ("md_d0", "md"), ("drbd0", "drbd"), ("bcache0", "bcache"), ("zd16", "zvol"),
        ("ubiblock0_1", "ubi"), ("emcpowera", "multipath"),
    ]  # fmt: skip


def test_a_copy_with_sys_class_block_alone_distinguishes_partitions_by_their_files(tmp_path: Path) -> None:
    (tmp_path / "sys/class/block/foo").mkdir(parents=True)
    (tmp_path / "sys/class/block/foo-part").mkdir()
    (tmp_path / "sys/class/block/foo-part/partition").write_text("1\n")
    devices = read_devices(Tree(str(tmp_path)))
    assert devices is not None
    assert (devices.disks, devices.volumes) == ({"foo"}, {})


@pytest.mark.skipif(shutil.which("lsblk") is None, reason="needs lsblk as the oracle")
@pytest.mark.skipif(not os.path.isdir("/sys/block"), reason="needs sysfs")
def test_whole_disks_of_this_machine_are_those_of_lsblk() -> None:
    run = subprocess.run(["lsblk", "-J", "-a", "-o", "KNAME,TYPE"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip(f"lsblk does not work here: {run.stderr.strip()}")
    others = ("zram", "ram", "fd", "zd", "drbd")  # disks to lsblk too
    disks = {
        device["kname"].replace("!", "/")
        for device in _flatten(json.loads(run.stdout)["blockdevices"])
        if device["type"] == "disk" and not device["kname"].startswith(others)
    }
    devices = read_devices(Tree("/"))
    assert devices is not None
    assert disks <= set(devices.disks)


def _flatten(devices: list[dict[str, object]]) -> list[dict[str, str]]:
    found = []
    for device in devices:
        children = device.get("children", [])
        assert isinstance(children, list)
        found += [{key: str(value) for key, value in device.items()}, *_flatten(children)]
    return found
