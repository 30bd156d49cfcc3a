"""How much of the machine a container with lxcfs sees: its files against those that lxcfs does not provide."""

from __future__ import annotations

from ...sources import cpulist
from ...sources.container_view import is_gvisor
from ...sources.meminfo import parse_meminfo
from ..mm.numa_nodes import NODE_DIR, read_node_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.field_reader import FieldReader

_CPU_DIR = "sys/devices/system/cpu"
_COMPARED = ("proc/cpuinfo", "proc/meminfo", f"{_CPU_DIR}/online")
_TOLERATED_PART = 16
"""Fraction by which MemTotal may be less than the nodes' memory: reserved by the kernel."""


class ContainerShare:
    """The machine's CPUs, and whether the container's CPUs or memory are fewer."""

    __slots__ = ("is_filtered", "is_smaller", "machine_cpus")

    def __init__(self, reader: FieldReader, online: int) -> None:
        view = reader.container
        self.is_filtered = any(view.covers(path) for path in _COMPARED) or is_gvisor(reader.tree)
        """Whether lxcfs or another filter provides a file that says how large the machine is."""
        self.machine_cpus = online
        if view.covers(f"{_CPU_DIR}/online"):
            present = reader.attribute("online_cpus", f"{_CPU_DIR}/present")
            self.machine_cpus |= cpulist.parse_list(present, f"/{_CPU_DIR}/present") if present is not None else 0
        self.is_smaller = self.machine_cpus != online
        if view.covers("proc/meminfo") and not self.is_smaller:
            self.is_smaller = _has_less_memory(reader)


def _has_less_memory(reader: FieldReader) -> bool:
    shown = parse_meminfo(reader.text("memory_bytes", "proc/meminfo") or "").get("MemTotal")
    total = 0
    for number in read_node_numbers(reader, "memory_bytes"):
        total += parse_meminfo(reader.text("memory_bytes", f"{NODE_DIR}/node{number}/meminfo") or "").get("MemTotal", 0)
    return shown is not None and total > 0 and shown < total - total // _TOLERATED_PART
