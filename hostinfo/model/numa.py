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
    """Its memory; None: not told, only a span of addresses is known, or the nodes' figures do not add up."""
    free_bytes: int | None = None
    """Its memory that nobody uses."""
    distances: tuple[int, ...] = ()
    """Relative distance to each node of ``Numa.nodes``, in their order; 10 is the node itself."""
    huge_pages: tuple[HugePagePool, ...] = ()
    """Its pools of huge pages."""


@record
class Numa:
    """NUMA nodes of the machine."""

    nodes: tuple[NumaNode, ...] = ()
    """By number; one node: the machine is uniform; empty: the kernel does not know NUMA."""
