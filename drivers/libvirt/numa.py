"""The machine's NUMA nodes from a libvirt daemon."""

from __future__ import annotations

from hostinfo.fact import FactBuilder
from hostinfo.model.numa import Numa, NumaNode

from ..sources.hypercall.node_sizes import node_sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost


def read_numa(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Numa]:
    """Read the NUMA nodes, on Xen without their sizes where a cell spans a hole."""
    builder = FactBuilder(host.driver, fields)
    cells = host.capabilities().cells
    spans = [cell.span_bytes for cell in cells]
    sizes = spans
    if host.is_xen and None not in spans:
        sizes = node_sizes([span for span in spans if span is not None], host.total_bytes())
        if sizes[:1] == [None]:
            builder.unsupported(
                "nodes.total_bytes", "libvirt capabilities", "a cell is a span of addresses, and it has holes"
            )
    free = builder.try_read("nodes.free_bytes", lambda: host.call("cells-free-memory"))
    free_of = dict(enumerate(free)) if isinstance(free, list) else {}
    builder.record_source("libvirt capabilities", "nodes")
    builder.record_source("libvirt getCellsFreeMemory", "nodes.free_bytes")
    return builder.build(
        Numa(
            nodes=tuple(
                NumaNode(
                    number=cell.number,
                    cpus=cell.cpus,
                    total_bytes=size,
                    free_bytes=_count(free_of.get(cell.number)),
                    distances=tuple(cell.distances[other.number] for other in cells if other.number in cell.distances),
                )
                for cell, size in zip(cells, sizes, strict=True)
            )
        )
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
