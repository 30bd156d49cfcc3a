"""Cores, clusters, dies and sockets from the CPU list of libvirt's capabilities."""

from __future__ import annotations

from collections import Counter

from hostinfo.errors import ParseError

from ..sources import cpulist
from ..sources.cpu_groups import first_of_groups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ..sources.libvirt.capabilities import HostCpu

_ARCHITECTURES_WITH_DEFAULTS = frozenset({"aarch64", "armv7l", "riscv32", "riscv64"})
"""Their kernels report a default topology where the firmware describes none: the NUMA node as package."""


class CpuGroups:
    """The first CPU of the core, cluster, die and socket of each online CPU; empty: unknown, for the reason."""

    def __init__(self, rows: Mapping[int, HostCpu], architecture: str | None) -> None:
        self.sockets_reason = "libvirt does not list the socket of each CPU"
        self.cores_reason = "libvirt does not list the core of each CPU"
        self.sockets: dict[int, int] = {}
        self.cores: dict[int, int] = {}
        values = rows.values()
        if _is_default_topology(rows, architecture):
            self.sockets_reason = "the kernel reports each CPU's NUMA node as its package"
        elif all(row.socket is not None for row in values):
            self.sockets = first_of_groups((row.number, row.socket) for row in values)
        cores = _core_keys(rows)
        if None not in cores.values():
            self.cores = first_of_groups(cores.items())
        self.dies = first_of_groups((row.number, _key(row.socket, row.die)) for row in values)
        self.clusters = first_of_groups((row.number, _key(row.socket, row.die, row.cluster)) for row in values)
        self.cores_in_sockets = Counter(self.sockets[core] for core in set(self.cores.values()) if core in self.sockets)

    @property
    def threads_per_core(self) -> int | None:
        """The threads of the core with the most threads."""
        return max(Counter(self.cores.values()).values(), default=None)


def _key(*ids: int | None) -> Hashable:
    return ids if ids[-1] is not None else None


def _core_keys(rows: Mapping[int, HostCpu]) -> dict[int, Hashable]:
    """Return a key of each CPU's core: sets of siblings, or IDs where libvirt lists no sets that make sense.

    Two core IDs in one set are the two cores of an AMD Bulldozer module.
    """
    sets = {text: _parse(text) for text in {row.siblings for row in rows.values()}}
    if all(cpulist.has(sets[row.siblings], number) for number, row in rows.items()):
        return {number: (row.siblings, row.core) for number, row in rows.items()}
    return {number: _key(row.socket, row.die, row.cluster, row.core) for number, row in rows.items()}


def _parse(text: str | None) -> int:
    try:
        return cpulist.parse_list(text or "", "libvirt capabilities")
    except ParseError:
        return 0


def _is_default_topology(rows: Mapping[int, HostCpu], architecture: str | None) -> bool:
    return (
        architecture in _ARCHITECTURES_WITH_DEFAULTS
        and len({row.socket for row in rows.values()}) > 1
        and all(row.socket == row.cell and row.core == number for number, row in rows.items())
    )
