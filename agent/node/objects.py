"""The QMF objects of each group.

An object's name is ``class:key``, where the key survives restarts of the agent and of the machine: a processor's
number, a link's name, an address on its link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hostinfo.model.cpu import Cpu
from hostinfo.model.network import Network
from hostinfo.model.numa import Numa
from hostinfo.model.statistics import Statistics

from ..qmf import ObjectId, SchemaClass, ULong, reference
from .classes import (
    ADDRESS,
    ADDRESS_CLASS,
    GENERIC,
    LINK,
    LINK_CLASS,
    LINK_STATISTICS,
    LINK_STATISTICS_CLASS,
    NODE_PROPERTIES,
    NUMA_CLASS,
    NUMA_NODE,
    PROCESSOR,
    PROCESSOR_CLASS,
    STATISTICS,
    STATISTICS_CLASS,
)
from .property_mapping import values

NODE_NAME = "ovirtNode:node"
Item = tuple[SchemaClass, str, dict[str, object], str]
"""Class, object name, values, and the object's path within the group as problems name it: ``links[eth0]``."""

_LISTS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("processors",),
    "numa": ("nodes",),
    "network": ("links", "addresses"),
    "statistics": ("scope", "links", "control_domain"),
}
PUBLISHED_FIELDS: Mapping[str, frozenset[str] | None] = {
    group: frozenset(
        {mapping.path[0] for mapping in NODE_PROPERTIES.get(group, ())}
        | set(_LISTS.get(group, ()))
        | ({mapping.path[0] for mapping in STATISTICS} if group == "statistics" else set())
    )
    for group in dict.fromkeys([*NODE_PROPERTIES, *_LISTS])
} | dict.fromkeys(GENERIC)
"""Group -> the fields that the agent publishes (None: all); it reads no others."""


def object_name(schema: SchemaClass, key: object) -> str:
    """Return the name of an object."""
    return f"{schema.name}:{key}"


def objects_of(group: str, value: object, agent: str) -> Iterator[Item]:
    """Return the objects of a group, without ovirtNode: several groups share that."""
    create = _CREATORS.get(group)
    if create is not None:
        yield from create(value, agent)
    for one in GENERIC.get(group, ()):
        for key, properties, path in one.objects(value):
            yield one.schema, object_name(one.schema, key), properties | _of_node(agent), path


def node_values(group: str, value: object) -> dict[str, object]:
    """Return a group's properties of ovirtNode."""
    return values(value, NODE_PROPERTIES.get(group, ()))


def mac_number(mac: str | None) -> int | None:
    """Return a hardware address as a number, as in the first proposal of the schema; None: none, or over 8 bytes."""
    digits = (mac or "").replace(":", "")
    try:
        return int(digits, 16) if 0 < len(digits) <= 16 else None
    except ValueError:
        return None


def _processors(value: Cpu, agent: str) -> Iterator[Item]:
    for one in value.processors:
        name = object_name(PROCESSOR_CLASS, one.number)
        yield PROCESSOR_CLASS, name, values(one, PROCESSOR) | _of_node(agent), f"processors[{one.number}]"


def _numa_nodes(value: Numa, agent: str) -> Iterator[Item]:
    for one in value.nodes:
        name = object_name(NUMA_CLASS, one.number)
        yield NUMA_CLASS, name, values(one, NUMA_NODE) | _of_node(agent), f"nodes[{one.number}]"


def _network(value: Network, agent: str) -> Iterator[Item]:
    for link in value.links:
        properties = values(link, LINK) | _of_node(agent)
        if (number := mac_number(link.mac)) is not None:
            properties["macaddr"] = ULong(number)
        yield LINK_CLASS, object_name(LINK_CLASS, link.name), properties, f"links[{link.name}]"
    used: set[str] = set()
    for one in value.addresses:
        key = f"{one.link}/{one.address}/{one.prefix_length}"
        if key in used:  # the same address with another peer
            key += f" {one.peer}"
        used.add(key)
        properties = values(one, ADDRESS) | _of_link(one.link, agent)
        yield ADDRESS_CLASS, object_name(ADDRESS_CLASS, key), properties, f"addresses[{key}]"


def _statistics(value: Statistics, agent: str) -> Iterator[Item]:
    name = object_name(STATISTICS_CLASS, value.scope)
    yield STATISTICS_CLASS, name, values(value, STATISTICS) | _of_node(agent), "scope"
    for link in value.links:
        name = object_name(LINK_STATISTICS_CLASS, f"{value.scope}/{link.name}")
        properties = {"scope": value.scope.value} | values(link, LINK_STATISTICS) | _of_link(link.name, agent)
        yield LINK_STATISTICS_CLASS, name, properties, f"links[{link.name}]"
    if value.control_domain is not None:
        yield from _statistics(value.control_domain, agent)


_CREATORS: Mapping[str, Callable[..., Iterator[Item]]] = {
    "cpu": _processors,
    "numa": _numa_nodes,
    "network": _network,
    "statistics": _statistics,
}


def _of_node(agent: str) -> dict[str, object]:
    return {"node": reference(ObjectId(NODE_NAME, agent))}


def _of_link(name: str, agent: str) -> dict[str, object]:
    return {"interface": reference(ObjectId(object_name(LINK_CLASS, name), agent))}
