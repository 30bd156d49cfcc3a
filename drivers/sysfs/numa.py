"""NUMA nodes: /sys/devices/system/node, numa(7), Documentation/ABI/stable/sysfs-devices-node."""

from hostinfo.driver import RequestedFields
from hostinfo.errors import ParseError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.numa import Numa, NumaNode
from hostinfo.record import replace

from ..sources import cpulist
from ..sources.field_reader import FieldReader
from ..sources.meminfo import parse_meminfo
from ..sources.sources import Sources
from .mm import huge_pages
from .mm import numa_nodes as nodes
from .mm.numa_nodes import NODE_DIR

_TOLERATED_PART = 16
"""The share by which the sum of the nodes may differ from the whole: what is read at another moment or kept apart."""


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Numa]:
    """The nodes that are online; none where the kernel does not know NUMA."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    if not builder.needs("nodes"):
        return builder.build(Numa())
    numbers = nodes.read_node_numbers(reader, "nodes")
    builder.record_source(f"/{NODE_DIR}", "nodes")
    return builder.build(Numa(nodes=_believed(reader, builder, [_read_node(reader, n, numbers) for n in numbers])))


def _believed(reader: FieldReader, builder: FactBuilder, found: list[NumaNode]) -> tuple[NumaNode, ...]:
    """The nodes, with sizes that add up to the memory that the kernel manages.

    Kernels that initialise memory late were seen to leave most of it out of a node's own figure.
    """
    sizes = [node.total_bytes for node in found]
    total = parse_meminfo(reader.text("nodes", "proc/meminfo") or "").get("MemTotal")
    if None in sizes or total is None or abs(sum(size or 0 for size in sizes) - total) <= total // _TOLERATED_PART:
        return tuple(found)
    if len(found) == 1:
        builder.record_source("/proc/meminfo (the node's own figure is another)", "nodes.total_bytes")
        return (replace(found[0], total_bytes=total, free_bytes=None),)
    why = "the nodes' figures do not add up to MemTotal of /proc/meminfo"
    builder.add_problem("nodes.total_bytes", ParseError(f"/{NODE_DIR}", why))
    return tuple(replace(node, total_bytes=None) for node in found)


def _read_node(reader: FieldReader, number: int, numbers: list[int]) -> NumaNode:
    folder = f"{NODE_DIR}/node{number}"
    amounts = parse_meminfo(reader.text("nodes", f"{folder}/meminfo") or "")
    distances = parse_distances(reader.attribute("nodes", f"{folder}/distance") or "")
    return NumaNode(
        number=number,
        cpus=cpulist.members(nodes.read_node_cpus(reader, "nodes", number) or 0),
        total_bytes=amounts.get("MemTotal"),
        free_bytes=amounts.get("MemFree"),
        distances=distances if len(distances) == len(numbers) else (),
        huge_pages=huge_pages.read_pools(reader, "nodes", f"{folder}/hugepages"),
    )


def parse_distances(text: str) -> tuple[int, ...]:
    """The numbers of a ``distance`` file; empty where it is garbled."""
    words = text.split()
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        return ()
    return tuple(map(int, words))
