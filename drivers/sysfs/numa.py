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
from ..sources.tree import source_of
from .mm import huge_pages
from .mm.numa_nodes import NODE_DIR, read_node_cpus, read_node_numbers

_TOLERATED_PART = 16
"""Fraction of MemTotal by which the sum of the nodes may differ: read at another moment, or reserved."""


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Numa]:
    """Read the online nodes; none if the kernel has no NUMA support."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    if not builder.needs("nodes"):
        return builder.build(Numa())
    numbers = read_node_numbers(reader, "nodes")
    builder.record_source(source_of(NODE_DIR), "nodes")
    return builder.build(Numa(nodes=_check_sizes(reader, builder, [_read_node(reader, n, numbers) for n in numbers])))


def _check_sizes(reader: FieldReader, builder: FactBuilder, found: list[NumaNode]) -> tuple[NumaNode, ...]:
    """Return the nodes with sizes only if they add up to MemTotal.

    Kernels with deferred memory initialisation have been seen to leave most of the memory out of a node's MemTotal.
    """
    sizes = [node.total_bytes for node in found]
    total = parse_meminfo(reader.text("nodes", "proc/meminfo") or "").get("MemTotal")
    if None in sizes or total is None or abs(sum(size or 0 for size in sizes) - total) <= total // _TOLERATED_PART:
        return tuple(found)
    if len(found) == 1:
        builder.record_source("/proc/meminfo (the node's meminfo differs)", "nodes.total_bytes")
        return (replace(found[0], total_bytes=total, free_bytes=None),)
    why = "MemTotal of the nodes does not add up to MemTotal of /proc/meminfo"
    builder.add_problem("nodes.total_bytes", ParseError(source_of(NODE_DIR), why))
    return tuple(replace(node, total_bytes=None) for node in found)


def _read_node(reader: FieldReader, number: int, numbers: list[int]) -> NumaNode:
    folder = f"{NODE_DIR}/node{number}"
    amounts = parse_meminfo(reader.text("nodes", f"{folder}/meminfo") or "")
    distances = parse_distances(reader.attribute("nodes", f"{folder}/distance") or "")
    return NumaNode(
        number=number,
        cpus=cpulist.members(read_node_cpus(reader, "nodes", number) or 0),
        total_bytes=amounts.get("MemTotal"),
        free_bytes=amounts.get("MemFree"),
        distances=distances if len(distances) == len(numbers) else (),
        huge_pages=huge_pages.read_pools(reader, "nodes", f"{folder}/hugepages"),
    )


def parse_distances(text: str) -> tuple[int, ...]:
    """Return the numbers in a ``distance`` file; empty if it is malformed."""
    words = text.split()
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        return ()
    return tuple(map(int, words))
