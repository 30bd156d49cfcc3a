"""What the name of a block device says, where sysfs is missing.

The kernel names a partition after its disk and its number, with a ``p`` between if the disk's name ends in a digit
(``disk_name()`` in block/genhd.c, ``%pg`` in lib/vsprintf.c): sda1, nvme0n1p1, cciss/c0d0p1. Names of drivers are those
in Documentation/admin-guide/devices.txt and of the ``disk_name`` in drivers/block, drivers/md, drivers/s390/block.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_DIGITS = "0123456789"
_LETTERED = (
    "sd",
    "vd",
    "hd",
    "xvd",
    "dasd",
    "scm",
    "ubd",
    "rssd",
    "skd",
    "ps3d",
    "pd",
    "xd",
    "i2o/hd",
    "fio",
    "emcpower",
    "vpath",
    "sddlm",
)
"""Drivers that number their disks with letters: sda, dasda, ubda, rssda, fioa."""
_OTHERS = frozenset({"loop", "ram", "zram", "sr", "scd", "fd", "pktcdvd"})
"""Devices on files or in memory, and removable media."""
_VOLUMES = {"dm-": "dm", "md": "md", "md_d": "md", "bcache": "bcache", "drbd": "drbd", "zd": "zvol", "ploop": "ploop"}
"""Devices that are composed of others -> their kind."""
_VOLUME_PREFIXES = {
    "ubiblock": "ubi", "emcpower": "multipath", "vpath": "multipath", "sddlm": "multipath", "VxDMP": "multipath",
    "VxVM": "vxvm",
}  # fmt: skip
"""UBI volumes on flash, and the devices of PowerPath, SDD, HDLM and Veritas above their paths or disks."""


def find_whole_disks(names: Collection[str]) -> frozenset[str]:
    """Return the whole disks among the names in one /proc/diskstats, which lists a disk with its partitions."""
    known = frozenset(names)
    # A driver that is not in the table: foo1 is a partition if foo is listed too.
    return frozenset(name for name in known if is_whole_disk(name) and name.rstrip(_DIGITS) not in known - {name})


def volume_kind(name: str) -> str | None:
    """Return the kind of a device that is composed of others; None for partitions and all other devices."""
    if is_partition(name):
        return None
    stem = name.rstrip(_DIGITS)
    if stem != name and stem in _VOLUMES:
        return _VOLUMES[stem]
    return next((kind for prefix, kind in _VOLUME_PREFIXES.items() if name.startswith(prefix)), None)


def is_whole_disk(name: str) -> bool:
    """Return whether a name is that of a whole disk: no partition, and no virtual or composed device.

    The hardware partitions of an eMMC (mmcblk0boot0, Documentation/driver-api/mmc/mmc-dev-parts.rst) are devices of
    their own in /sys/block; mmcblk0 does not count their transfers.
    """
    return not (is_partition(name) or is_virtual(name))


def is_partition(name: str) -> bool:
    """Return whether a name is that of a partition."""
    stem = name.rstrip(_DIGITS)
    if stem == name:
        return False
    if stem.endswith("p") and stem[-2:-1] in _DIGITS and len(stem) > 1:
        return True
    if stem.startswith("pmem") and stem.endswith("s"):  # pmem0s: a disk with atomic sectors
        return True
    for driver in _LETTERED:
        letters = stem.removeprefix(driver) if stem.startswith(driver) else ""
        if letters and letters.isascii() and letters.isalpha() and letters.islower():
            return True
    return False


def is_virtual(name: str) -> bool:
    """Return whether a device is composed of others, on a file or in memory, or a path of a multipath NVMe disk."""
    stem = name.rstrip(_DIGITS)
    return (stem != name and stem in _OTHERS) or volume_kind(name) is not None or is_nvme_path(name)


def is_nvme_path(name: str) -> bool:
    """Return whether a device is one path of a multipath NVMe disk: nvme0c1n1 of nvme0n1 (nvme_mpath_set_disk_name)."""
    rest = name.removeprefix("nvme")
    subsystem = rest.lstrip(_DIGITS)
    controller = subsystem.removeprefix("c").lstrip(_DIGITS)
    return rest not in (name, subsystem) and subsystem[:1] == "c" and controller[:1] == "n"
