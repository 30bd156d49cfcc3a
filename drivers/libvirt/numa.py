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
    capabilities = host.optional(builder, ("nodes",), host.capabilities)
    cells = capabilities.cells if capabilities is not None else ()
    if not cells:
        if capabilities is not None and builder.needs("nodes"):
            builder.unsupported("nodes", "libvirt capabilities", "they list no NUMA cells of this host")
        return builder.build(Numa())
    spans = [cell.span_bytes for cell in cells]
    sizes = spans
    if host.is_xen and None not in spans:
        sizes = node_sizes([span for span in spans if span is not None], host.total_bytes())
        if sizes[:1] == [None]:
            builder.unsupported(
                "nodes.total_bytes", "libvirt capabilities", "a cell is a span of addresses, and it has holes"
            )
    free_of = _read_free(host, builder, [cell.number for cell in cells])
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


def _read_free(host: LibvirtHost, builder: FactBuilder, numbers: list[int]) -> dict[int, Any]:
    """Return the free memory by node number, which is the position in libvirt's list."""
    path = "nodes.free_bytes"
    free = host.optional(builder, (path,), lambda: builder.try_read(path, lambda: host.call("cells-free-memory")))
    if not isinstance(free, list):
        return {}
    if max(numbers) >= len(free):
        builder.unsupported(path, "libvirt getCellsFreeMemory", f"it lists the nodes below {len(free)} only")
    return dict(enumerate(free))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
