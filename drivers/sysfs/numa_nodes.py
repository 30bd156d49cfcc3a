"""Which NUMA nodes there are, and which CPUs they have.

Source: /sys/devices/system/node, Documentation/ABI/stable/sysfs-devices-node.
"""

from hostinfo.errors import ParseError

from .processor import cpulist
from .processor.field_reader import Reading

NODE_DIR = "sys/devices/system/node"


def read_node_numbers(reading: Reading, field: str) -> list[int]:
    """Numbers of the nodes that are online; none where the kernel does not know NUMA."""
    found = []
    for name in reading.names(field, NODE_DIR):
        if name.startswith("node") and name[4:].isdecimal():
            number = int(name[4:]) if len(name) < 11 else cpulist.LIMIT
            if number >= cpulist.LIMIT:
                raise ParseError(f"/{NODE_DIR}", f"more than {cpulist.LIMIT} nodes")
            found.append(number)
    online = reading.cpus(field, f"{NODE_DIR}/online") if found else None
    if online:
        found = [number for number in found if cpulist.has(online, number)] or found
    return sorted(found)


def read_node_cpus(reading: Reading, field: str, number: int) -> int | None:
    """The set of a node's CPUs; None: not told."""
    cpus = reading.cpus(field, f"{NODE_DIR}/node{number}/cpumap")
    if cpus is None:
        cpus = reading.cpus(field, f"{NODE_DIR}/node{number}/cpulist")
    return cpus
