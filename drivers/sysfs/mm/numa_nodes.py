"""The NUMA nodes and their CPUs.

Source: /sys/devices/system/node, Documentation/ABI/stable/sysfs-devices-node.
"""

from hostinfo.errors import ParseError

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of

NODE_DIR = "sys/devices/system/node"


def read_node_numbers(reader: FieldReader, field: str) -> list[int]:
    """Return the numbers of the online nodes; empty if the kernel has no NUMA support."""
    found = []
    for name in reader.names(field, NODE_DIR):
        if name.startswith("node") and name[4:].isdecimal():
            number = int(name[4:]) if len(name) < 11 else cpulist.LIMIT
            if number >= cpulist.LIMIT:
                raise ParseError(source_of(NODE_DIR), f"more than {cpulist.LIMIT} nodes")
            found.append(number)
    online = reader.cpu_set(field, f"{NODE_DIR}/online") if found else None
    if online:
        found = [number for number in found if cpulist.has(online, number)] or found
    return sorted(found)


def read_node_cpus(reader: FieldReader, field: str, number: int) -> int | None:
    """Return the set of a node's CPUs; None: unknown."""
    cpus = reader.cpu_set(field, f"{NODE_DIR}/node{number}/cpumap")
    if cpus is None:
        cpus = reader.cpu_set(field, f"{NODE_DIR}/node{number}/cpulist")
    return cpus


def read_nodes_by_cpu(reader: FieldReader, field: str) -> dict[int, int]:
    """Return the NUMA node of each CPU."""
    return {
        cpu: node
        for node in read_node_numbers(reader, field)
        for cpu in cpulist.members(read_node_cpus(reader, field, node) or 0)
    }


def read_node_set(reader: FieldReader, field: str, *names: str) -> tuple[int, ...] | None:
    """Return the nodes in the first of these lists that exists, such as ``has_memory``; None: the kernel has none."""
    for name in names:
        nodes = reader.cpu_set(field, f"{NODE_DIR}/{name}")
        if nodes is not None:
            return cpulist.members(nodes)
    return None


def is_only_node(reader: FieldReader, field: str) -> bool:
    """Return whether this kernel can have one node only, which then has all memory."""
    possible = read_node_set(reader, field, "possible")
    folders = [name for name in reader.names(field, NODE_DIR) if name.startswith("node") and name[4:].isdecimal()]
    return len(folders) == 1 and (possible is None or len(possible) == 1)
