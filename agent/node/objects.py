"""From the facts of a group to the values of its objects.

An object is called ``class:key``, with a key that outlives restarts of the agent and of the machine: a processor's
number, a link's name, an address on its link.
"""

from collections.abc import Callable, Iterator, Mapping

from hostinfo.model.cpu import Cpu
from hostinfo.model.network import Network
from hostinfo.model.numa import Numa
from hostinfo.model.statistics import Statistics

from ..qmf import ObjectId, SchemaClass, ULong, reference
from .classes import (
    ADDRESS,
    ADDRESS_CLASS,
    LINK,
    LINK_CLASS,
    LINK_STATISTICS,
    LINK_STATISTICS_CLASS,
    NODE_COLUMNS,
    NUMA_CLASS,
    NUMA_NODE,
    OVIRT_NODE,
    PROCESSOR,
    PROCESSOR_CLASS,
    STATISTICS,
    STATISTICS_CLASS,
)
from .columns import values

NODE_NAME = "ovirtNode:node"
Item = tuple[SchemaClass, str, dict[str, object], str]
"""Class, name of the object, its values, and its place in the group as problems name it: links[eth0]."""

LISTS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("processors",),
    "numa": ("nodes",),
    "network": ("links", "addresses"),
    "statistics": ("scope", "links", "control_domain"),
}
WANTED: Mapping[str, frozenset[str]] = {
    group: frozenset(
        {column.path[0] for column in NODE_COLUMNS.get(group, ())}
        | set(LISTS.get(group, ()))
        | ({column.path[0] for column in STATISTICS} if group == "statistics" else set())
    )
    for group in dict.fromkeys([*NODE_COLUMNS, *LISTS])
}
"""Group -> the fields that an agent publishes, and so all that it reads."""


def object_name(schema: SchemaClass, key: object) -> str:
    """The name of an object."""
    return f"{schema.name}:{key}"


def items(group: str, value: object, agent: str) -> Iterator[Item]:
    """The objects of one group but for ovirtNode, of which a group is a part only."""
    make = _MAKERS.get(group)
    if make is not None:
        yield from make(value, agent)


def part(group: str, value: object) -> dict[str, object]:
    """What a group tells of ovirtNode."""
    return values(value, NODE_COLUMNS.get(group, ()))


def _processors(value: Cpu, agent: str) -> Iterator[Item]:
    for one in value.processors:
        told = values(one, PROCESSOR) | _of_node(agent)
        yield PROCESSOR_CLASS, object_name(PROCESSOR_CLASS, one.number), told, f"processors[{one.number}]"


def _nodes(value: Numa, agent: str) -> Iterator[Item]:
    for one in value.nodes:
        told = values(one, NUMA_NODE) | _of_node(agent)
        yield NUMA_CLASS, object_name(NUMA_CLASS, one.number), told, f"nodes[{one.number}]"


def _network(value: Network, agent: str) -> Iterator[Item]:
    for link in value.links:
        told = values(link, LINK) | _of_node(agent)
        if (number := mac_number(link.mac)) is not None:
            told["macaddr"] = ULong(number)
        yield LINK_CLASS, object_name(LINK_CLASS, link.name), told, f"links[{link.name}]"
    taken: set[str] = set()
    for one in value.addresses:
        key = f"{one.link}/{one.address}/{one.prefix_length}"
        if key in taken:  # the same address towards another peer
            key += f" {one.peer}"
        taken.add(key)
        told = values(one, ADDRESS) | _of_link(one.link, agent)
        yield ADDRESS_CLASS, object_name(ADDRESS_CLASS, key), told, f"addresses[{key}]"


def _statistics(value: Statistics, agent: str) -> Iterator[Item]:
    told = values(value, STATISTICS) | _of_node(agent)
    yield STATISTICS_CLASS, object_name(STATISTICS_CLASS, value.scope), told, "scope"
    for link in value.links:
        told = {"scope": value.scope.value} | values(link, LINK_STATISTICS) | _of_link(link.name, agent)
        key = f"{value.scope}/{link.name}"
        yield LINK_STATISTICS_CLASS, object_name(LINK_STATISTICS_CLASS, key), told, f"links[{link.name}]"
    if value.control_domain is not None:
        yield from _statistics(value.control_domain, agent)


_MAKERS: Mapping[str, Callable[..., Iterator[Item]]] = {
    "cpu": _processors,
    "numa": _nodes,
    "network": _network,
    "statistics": _statistics,
}


def mac_number(mac: str | None) -> int | None:
    """A hardware address as a number, as the first proposal of the schema had it; None: none, or too long."""
    digits = (mac or "").replace(":", "")
    try:
        return int(digits, 16) if 0 < len(digits) <= 16 else None
    except ValueError:
        return None


def _of_node(agent: str) -> dict[str, object]:
    return {"node": reference(ObjectId(NODE_NAME, agent))}


def _of_link(name: str, agent: str) -> dict[str, object]:
    return {"interface": reference(ObjectId(object_name(LINK_CLASS, name), agent))}


__all__ = ["LISTS", "NODE_NAME", "OVIRT_NODE", "WANTED", "Item", "items", "mac_number", "object_name", "part"]
