"""Disk counters: /proc/diskstats, Documentation/admin-guide/iostats.rst."""

from hostinfo.model.statistics import DiskCounters

from .text import parse_count

_SOURCE = "/proc/diskstats"
_SECTOR_BYTES = 512  # the unit of the file, whatever the sector size of the disk
_DIGITS = "0123456789"
_VIRTUAL = frozenset({"loop", "ram", "zram", "sr", "fd", "dm-", "md"})


def parse_diskstats(text: str) -> tuple[DiskCounters, ...]:
    """Return the counters of whole disks; partitions and virtual block devices are left out."""
    disks = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 14 or not is_whole_disk(words[2]):
            continue
        counts = [parse_count(word, _SOURCE) for word in words[3:13]]
        disks.append(
            DiskCounters(
                name=words[2],
                reads=counts[0],
                read_bytes=counts[2] * _SECTOR_BYTES,
                read_seconds=counts[3] / 1000,
                writes=counts[4],
                written_bytes=counts[6] * _SECTOR_BYTES,
                write_seconds=counts[7] / 1000,
                in_flight=counts[8],
                busy_seconds=counts[9] / 1000,
            )
        )
    return tuple(disks)


def is_whole_disk(name: str) -> bool:
    """Return whether a name is that of a disk: no partition, and no virtual device such as dm-0, md0 or loop0."""
    stem = name.rstrip(_DIGITS)
    if stem == name or stem in _VIRTUAL:
        return stem == name
    letters = stem.removeprefix("x")[2:] if stem.startswith(("sd", "vd", "hd", "xvd")) else ""
    if letters:
        return not (letters.isascii() and letters.isalpha() and letters.islower())
    disk = stem.removesuffix("p").rstrip(_DIGITS)
    if not stem.endswith("p") or stem == disk + "p":
        return True
    controller = disk.removeprefix("nvme").removesuffix("n")  # the 0 of nvme0n1p1
    is_nvme = disk == f"nvme{controller}n" and controller != "" and not controller.strip(_DIGITS)
    return not is_nvme and disk != "mmcblk"
