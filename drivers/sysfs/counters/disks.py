"""Disk counters: /proc/diskstats, Documentation/admin-guide/iostats.rst."""

from __future__ import annotations

from hostinfo.model.statistics import DiskCounters

from .block_names import find_whole_disks
from .text import parse_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_SOURCE = "/proc/diskstats"
_SECTOR_BYTES = 512  # the unit of the file, whatever the sector size of the disk
_FIELDS = 14  # since Linux 2.6; later ones add discards and flushes


def parse_diskstats(text: str, whole_disks: Collection[str] | None = None) -> tuple[DiskCounters, ...]:
    """Return the counters of whole disks; ``whole_disks``: their names, from sysfs; None: recognise them by name."""
    rows = [words for words in map(str.split, text.splitlines()) if len(words) >= _FIELDS]
    if whole_disks is None:
        whole_disks = find_whole_disks([words[2] for words in rows])
    disks = []
    for words in rows:
        if words[2] not in whole_disks:
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
