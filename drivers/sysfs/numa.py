"""NUMA nodes: /sys/devices/system/node, numa(7), Documentation/ABI/stable/sysfs-devices-node."""

from hostinfo.driver import Only
from hostinfo.fact import Fact, Notes
from hostinfo.model.numa import Numa, NumaNode

from . import cpulist, huge_pages, nodes
from .kernel import Kernel
from .meminfo import parse_meminfo
from .nodes import NODE_DIR
from .reading import Reading


def read(kernel: Kernel, only: Only) -> Fact[Numa]:
    """The nodes that are online; none where the kernel does not know NUMA."""
    notes = Notes("sysfs", only)
    reading = Reading(kernel.tree, notes)
    if not notes.wants("nodes"):
        return notes.fact(Numa())
    numbers = nodes.read_node_numbers(reading, "nodes")
    notes.told(f"/{NODE_DIR}", "nodes")
    return notes.fact(Numa(nodes=tuple(_read_node(reading, number, numbers) for number in numbers)))


def _read_node(reading: Reading, number: int, numbers: list[int]) -> NumaNode:
    folder = f"{NODE_DIR}/node{number}"
    amounts = parse_meminfo(reading.text("nodes", f"{folder}/meminfo") or "")
    distances = parse_distances(reading.attribute("nodes", f"{folder}/distance") or "")
    return NumaNode(
        number=number,
        cpus=cpulist.members(nodes.read_node_cpus(reading, "nodes", number) or 0),
        total_bytes=amounts.get("MemTotal"),
        free_bytes=amounts.get("MemFree"),
        distances=distances if len(distances) == len(numbers) else (),
        huge_pages=huge_pages.read_pools(reading, "nodes", f"{folder}/hugepages"),
    )


def parse_distances(text: str) -> tuple[int, ...]:
    """The numbers of a ``distance`` file; empty where it is garbled."""
    words = text.split()
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        return ()
    return tuple(map(int, words))
