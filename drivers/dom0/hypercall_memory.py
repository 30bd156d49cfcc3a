"""Memory and NUMA nodes as Xen reports them. Node and CPU numbers are Xen's, not the Dom0's."""

from __future__ import annotations

from hostinfo.model.numa import Numa, NumaNode
from hostinfo.record import replace

from ..sources.hypercall import layouts
from ..sources.hypercall.node_sizes import node_sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder
    from hostinfo.model.memory import Memory

    from ..sources.hypercall.connect import Hypercall

PAGE_BYTES = 4096


def read_physinfo(hypercall: Hypercall) -> layouts.PhysInfo:
    """Read XEN_SYSCTL_physinfo."""
    return layouts.parse_physinfo(hypercall("physinfo"), layouts.parse_interface(hypercall("interface")))


def read_memory(hypercall: Hypercall, builder: FactBuilder, from_firmware: Memory) -> Memory:
    """Return the memory that Xen manages, together with what the firmware reports about the slots."""
    if not builder.needs("total_bytes", "free_bytes", "page_bytes"):
        return from_firmware
    info = read_physinfo(hypercall)
    builder.record_source("Xen hypercall physinfo", "total_bytes", "free_bytes", "page_bytes")
    return replace(
        from_firmware,
        total_bytes=info.total_pages * PAGE_BYTES,
        free_bytes=info.free_pages * PAGE_BYTES,
        page_bytes=PAGE_BYTES,
    )


def read_numa(hypercall: Hypercall, builder: FactBuilder) -> Numa:
    """Return the machine's NUMA nodes, without their sizes where Xen's figures span a hole."""
    spans, distances = layouts.parse_numainfo(hypercall("numainfo"))
    locations = layouts.parse_cputopo(hypercall("cputopo"))
    total = read_physinfo(hypercall).total_pages * PAGE_BYTES
    present = [number for number, (span, _) in enumerate(spans) if span != layouts.INVALID_SIZE]
    sizes = node_sizes([spans[number][0] for number in present], total)
    if sizes[:1] == [None]:
        why = "Xen reports only the span of a node's addresses, and it has holes"
        builder.unsupported("nodes.total_bytes", "Xen hypercall numainfo", why)
    builder.record_source("Xen hypercalls numainfo, cputopoinfo", "nodes")
    return Numa(
        nodes=tuple(
            NumaNode(
                number=number,
                cpus=tuple(
                    cpu
                    for cpu, (core, _, node) in enumerate(locations)
                    if core != layouts.INVALID_ID and node == number
                ),
                total_bytes=size,
                free_bytes=spans[number][1],
                distances=tuple(distances[number][other] for other in present),
            )
            for number, size in zip(present, sizes, strict=True)
        )
    )
