"""Disk counters: /proc/diskstats, Documentation/admin-guide/iostats.rst."""

from __future__ import annotations

from hostinfo.model.statistics import DiskCounters

from .block_devices import devices_by_name
from .text import parse_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .block_devices import BlockDevices

_SOURCE = "/proc/diskstats"
_SECTOR_BYTES = 512  # the unit of the file, whatever the sector size of the disk
_FIELDS = 14  # since Linux 2.6; later ones add discards and flushes

DisksAndVolumes = tuple[tuple[DiskCounters, ...], tuple[DiskCounters, ...]]


def parse_diskstats(text: str, devices: BlockDevices | None = None) -> DisksAndVolumes:
    """Return the counters of whole disks, and those of volumes; ``devices``: what sysfs lists, None: decide by name."""
    rows = [words for words in map(str.split, text.splitlines()) if len(words) >= _FIELDS]
    if devices is None:
        devices = devices_by_name([words[2] for words in rows])
    disks = [_counters(words, "disk", ()) for words in rows if words[2] in devices.disks]
    volumes = [_counters(words, *devices.volumes[words[2]]) for words in rows if words[2] in devices.volumes]
    return tuple(disks), tuple(volumes)


def _counters(words: list[str], kind: str, lower: tuple[str, ...]) -> DiskCounters:
    counts = [parse_count(word, _SOURCE) for word in words[3:13]]
    return DiskCounters(
        name=words[2],
        kind=kind,
        lower=lower,
        reads=counts[0],
        read_bytes=counts[2] * _SECTOR_BYTES,
        read_seconds=counts[3] / 1000,
        writes=counts[4],
        written_bytes=counts[6] * _SECTOR_BYTES,
        write_seconds=counts[7] / 1000,
        in_flight=counts[8],
        busy_seconds=counts[9] / 1000,
    )
