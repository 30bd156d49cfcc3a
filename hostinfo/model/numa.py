"""NUMA nodes of the machine."""

from __future__ import annotations

from hostinfo.model.memory import HugePagePool
from hostinfo.record import record


@record
class NumaNode:
    """One NUMA node: CPUs and the memory next to them."""

    number: int
    """The kernel's (in a Dom0: the hypervisor's) number; numbers may have holes."""
    cpus: tuple[int, ...] = ()
    """Numbers of the logical CPUs; empty: a node without CPUs."""
    total_bytes: int | None = None
    """Memory of the node as the kernel reports it; None: not reported, or only an address range is known. If the nodes
    do not add up to the machine's memory, the figures stay and the dump has the reason. The only possible node has
    all of it."""
    free_bytes: int | None = None
    """Unused memory of the node."""
    has_memory: bool | None = None
    """Whether it has memory; false: CPUs or devices only; None: not reported by the kernel."""
    has_normal_memory: bool | None = None
    """Whether the kernel uses its memory for itself; false with memory: movable memory only, such as that of a GPU or
    hot-pluggable memory; None: not reported by the kernel."""
    memory_side_cache_bytes: int | None = None
    """Size of the caches in front of its memory, such as high-bandwidth memory in cache mode, all levels together; the
    CPUs' caches are in ``Cpu.caches``. None: the kernel reports none."""
    distances: tuple[int, ...] = ()
    """Relative distance to each node of ``Numa.nodes``, in their order; 10 is the node itself."""
    huge_pages: tuple[HugePagePool, ...] = ()
    """Pools of huge pages."""


@record
class Numa:
    """NUMA nodes of the machine."""

    nodes: tuple[NumaNode, ...] = ()
    """Nodes by number; one node: the machine is uniform; empty: the kernel has no NUMA support."""
