"""NUMA nodes of the machine."""

from __future__ import annotations

from hostinfo.model.memory import HugePagePool
from hostinfo.record import record


@record
class NumaNode:
    """One NUMA node: CPUs and the memory that is near to them."""

    number: int
    """The kernel's (in a Dom0: the hypervisor's) number; numbers may have holes."""
    cpus: tuple[int, ...] = ()
    """Its logical CPUs; empty: a node of memory only."""
    total_bytes: int | None = None
    """Its memory as the kernel reports it; None: not reported, or only a span of addresses is known. Where the nodes do
    not add up to the machine's memory, the figures stay and the dump has the reason. The only possible node has all."""
    free_bytes: int | None = None
    """Its memory that nobody uses."""
    has_memory: bool | None = None
    """Whether it has memory; false: CPUs or devices only; None: the kernel does not report it."""
    has_normal_memory: bool | None = None
    """Whether the kernel uses its memory for itself; false with memory: movable memory only, such as a GPU's or
    hot-pluggable memory; None: the kernel does not report it."""
    distances: tuple[int, ...] = ()
    """Relative distance to each node of ``Numa.nodes``, in their order; 10 is the node itself."""
    huge_pages: tuple[HugePagePool, ...] = ()
    """Its pools of huge pages."""


@record
class Numa:
    """NUMA nodes of the machine."""

    nodes: tuple[NumaNode, ...] = ()
    """By number; one node: the machine is uniform; empty: the kernel has no NUMA support."""
