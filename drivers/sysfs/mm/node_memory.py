"""Whether the memory of the NUMA nodes adds up: node*/meminfo against /proc/meminfo and the memory blocks.

Memory blocks (Documentation/admin-guide/mm/memory-hotplug.rst) are all memory that is online, also what was added at
run time; MemTotal is less by what the kernel reserves.
"""

from __future__ import annotations

from ...sources.meminfo import parse_meminfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.field_reader import FieldReader

_BLOCKS = "sys/devices/system/memory"
_TOLERATED_PART = 16
"""Fraction by which the sum of the nodes may differ: read at another moment, or reserved."""


class SizeCheck:
    """A sum of node sizes, compared with MemTotal, or without /proc/meminfo with the memory blocks."""

    __slots__ = ("is_confirmed", "is_contradicted", "is_from_lxcfs", "reason", "total_bytes")

    def __init__(self, reader: FieldReader, field: str, found: int) -> None:
        meminfo = reader.text(field, "proc/meminfo")
        self.is_from_lxcfs = reader.container.covers("proc/meminfo")
        """Whether MemTotal is a container's limit, which is compared with nothing."""
        self.total_bytes = None if self.is_from_lxcfs else parse_meminfo(meminfo or "").get("MemTotal")
        blocks = read_online_blocks(reader, field) if self.total_bytes is None else None
        expected = blocks if self.total_bytes is None else self.total_bytes
        self.is_confirmed = expected is not None and abs(found - expected) <= expected // _TOLERATED_PART
        self.is_contradicted = expected is not None and not self.is_confirmed
        if expected is None:
            self.reason = "MemTotal of the nodes cannot be checked: /proc/meminfo has no MemTotal line"
        else:
            source = "the online memory blocks" if self.total_bytes is None else "MemTotal of /proc/meminfo"
            self.reason = f"MemTotal of the nodes adds up to {found // 1024} kB, {source} to {expected // 1024} kB"


def read_online_blocks(reader: FieldReader, field: str) -> int | None:
    """Return the bytes in the memory blocks that are online; None: the kernel has no memory hot-plug."""
    size = reader.number(field, f"{_BLOCKS}/block_size_bytes", 16)
    if not size:
        return None
    blocks = [name for name in reader.names(field, _BLOCKS) if name.startswith("memory") and name[6:].isdecimal()]
    return sum(size for name in blocks if reader.attribute(field, f"{_BLOCKS}/{name}/state") == "online") or None
