"""NUMA nodes: /sys/devices/system/node, numa(7), Documentation/ABI/stable/sysfs-devices-node."""

from hostinfo.driver import RequestedFields
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.numa import Numa, NumaNode
from hostinfo.record import replace

from ..sources import cpulist
from ..sources.field_reader import FieldReader
from ..sources.meminfo import parse_meminfo
from ..sources.sources import Sources
from ..sources.tree import source_of
from .mm import huge_pages
from .mm.node_memory import SizeCheck
from .mm.numa_nodes import NODE_DIR, is_only_node, read_node_cpus, read_node_numbers, read_node_set

FILES = {"nodes": ("sys/devices/system",)}
"""A kernel without NUMA has no directory of nodes there."""


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Numa]:
    """Read the online nodes; none if the kernel has no NUMA support."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    if not builder.needs("nodes"):
        return builder.build(Numa())
    numbers = read_node_numbers(reader, "nodes")
    if not numbers:
        return builder.build(Numa())
    builder.record_source(source_of(NODE_DIR), "nodes")
    with_memory = read_node_set(reader, "nodes", "has_memory", "has_normal_memory")
    with_normal_memory = read_node_set(reader, "nodes", "has_normal_memory")
    nodes = [
        replace(
            _read_node(reader, number, numbers),
            has_memory=None if with_memory is None else number in with_memory,
            has_normal_memory=None if with_normal_memory is None else number in with_normal_memory,
        )
        for number in numbers
    ]
    return builder.build(Numa(nodes=_check_sizes(reader, nodes)))


def _check_sizes(reader: FieldReader, nodes: list[NumaNode]) -> tuple[NumaNode, ...]:
    """Return the nodes with the reason why their sizes may be wrong, if there is one.

    On kernels that initialise memory late or add it at run time, a node's MemTotal has been seen to lack most of it.
    The only possible node has all of the memory.
    """
    sizes = [node.total_bytes for node in nodes if node.total_bytes is not None]
    if len(sizes) < len(nodes):
        return tuple(nodes)
    check = SizeCheck(reader, "nodes", sum(sizes))
    if check.is_confirmed or check.is_from_lxcfs:
        return tuple(nodes)
    if check.total_bytes is not None and is_only_node(reader, "nodes"):
        reader.builder.record_source("/proc/meminfo (the node's meminfo differs)", "nodes.total_bytes")
        return (replace(nodes[0], total_bytes=check.total_bytes, free_bytes=None),)
    reader.builder.unsupported("nodes.total_bytes", source_of(NODE_DIR), check.reason)
    return tuple(nodes)


def _read_node(reader: FieldReader, number: int, numbers: list[int]) -> NumaNode:
    folder = f"{NODE_DIR}/node{number}"
    amounts = parse_meminfo(reader.text("nodes", f"{folder}/meminfo") or "")
    distances = parse_distances(reader.attribute("nodes", f"{folder}/distance") or "")
    return NumaNode(
        number=number,
        cpus=cpulist.members(read_node_cpus(reader, "nodes", number) or 0),
        total_bytes=amounts.get("MemTotal"),
        free_bytes=amounts.get("MemFree"),
        memory_side_cache_bytes=_memory_side_cache(reader, folder),
        distances=distances if len(distances) == len(numbers) else (),
        huge_pages=huge_pages.read_pools(reader, "nodes", f"{folder}/hugepages"),
    )


def _memory_side_cache(reader: FieldReader, folder: str) -> int | None:
    """Return the size of all levels, Documentation/admin-guide/mm/numaperf.rst."""
    folder = f"{folder}/memory_side_cache"
    levels = [name for name in reader.names("nodes", folder) if name.startswith("index")]
    sizes = [reader.number("nodes", f"{folder}/{level}/size") for level in levels]
    return sum(size or 0 for size in sizes) or None


def parse_distances(text: str) -> tuple[int, ...]:
    """Return the numbers in a ``distance`` file; empty if it is malformed."""
    words = text.split()
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        return ()
    return tuple(map(int, words))
