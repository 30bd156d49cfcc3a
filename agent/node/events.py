"""The events of the package com.redhat.ovirtNode: what differs between two readings of a group.

The kernel says when something changed, the readings say what: so a change that nobody announced is found as well, by
the next periodic reading.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hostinfo.model.cpu import Cpu
from hostinfo.model.memory import Memory
from hostinfo.model.network import Address, Link, Network

from ..qmf import DataType, Event, SchemaClass, SchemaKind, SchemaProperty
from .classes import PACKAGE
from .columns import travelling

WARN, NOTE, INFO = 4, 5, 6
_ARGUMENTS = {
    "version": (DataType.STRING, "sstr", "", "Version of hostinfo."),
    "epoch": (DataType.INT, "uint32", "", "How often the agent was started, or when."),
    "interfaceName": (DataType.STRING, "sstr", "", "The link."),
    "interfaceIndex": (DataType.INT, "uint64", "", "The kernel's number of the link."),
    "kind": (DataType.STRING, "sstr", "", "What kind of link it is."),
    "state": (DataType.STRING, "sstr", "", "The kernel's operational state of the link."),
    "address": (DataType.STRING, "sstr", "", "The IP address."),
    "prefixLength": (DataType.INT, "uint64", "", "Bits of the network."),
    "number": (DataType.INT, "uint64", "", "The logical CPU."),
    "memory": (DataType.INT, "uint64", "B", "The machine's memory now."),
    "memoryBefore": (DataType.INT, "uint64", "B", "The machine's memory before."),
    "group": (DataType.STRING, "sstr", "", "The group of facts."),
    "driver": (DataType.STRING, "sstr", "", "The driver that tells them."),
    "reason": (DataType.STRING, "lstr", "", "Why it can't."),
}
_EVENTS = (
    ("agentStarted", NOTE, "The agent began to serve.", ("version", "epoch")),
    ("interfaceAdded", NOTE, "A network link came.", ("interfaceName", "interfaceIndex", "kind")),
    ("interfaceRemoved", NOTE, "A network link went.", ("interfaceName", "interfaceIndex", "kind")),
    ("interfaceUp", NOTE, "A network link carries traffic now.", ("interfaceName", "interfaceIndex", "state")),
    ("interfaceDown", WARN, "A network link carries no traffic now.", ("interfaceName", "interfaceIndex", "state")),
    ("addressAdded", NOTE, "A link got an IP address.", ("interfaceName", "address", "prefixLength")),
    ("addressRemoved", NOTE, "A link lost an IP address.", ("interfaceName", "address", "prefixLength")),
    ("processorOnline", NOTE, "A logical CPU came into use.", ("number",)),
    ("processorOffline", WARN, "A logical CPU went out of use.", ("number",)),
    ("memoryChanged", NOTE, "The machine's memory changed its size.", ("memory", "memoryBefore")),
    ("hypervisorLost", WARN, "The connection to the hypervisor's daemon broke.", ("driver", "reason")),
    ("hypervisorBack", NOTE, "The hypervisor's daemon answers again.", ("driver",)),
    ("driverFailed", WARN, "A driver can't tell a group of facts now.", ("group", "driver", "reason")),
    ("driverRecovered", NOTE, "A driver tells a group of facts again.", ("group", "driver")),
)


def _argument(name: str) -> SchemaProperty:
    kind, xml_type, unit, description = _ARGUMENTS[name]
    return SchemaProperty(name=name, type=kind, xml_type=xml_type, unit=unit, description=description)


EVENTS: Mapping[str, SchemaClass] = {
    name: SchemaClass(
        package=PACKAGE,
        name=name,
        kind=SchemaKind.EVENT,
        description=description,
        default_severity=severity,
        properties=tuple(map(_argument, arguments)),
    )
    for name, severity, description, arguments in _EVENTS
}


@dataclass(frozen=True, slots=True)
class Happened:
    """An event before it has a time."""

    name: str
    values: Mapping[str, object]

    def at(self, now_ns: int) -> Event:
        """The event of this moment."""
        schema = EVENTS[self.name]
        told = {name: travelling(value) for name, value in self.values.items() if value is not None}
        return Event(schema_id=schema.id, values=told, timestamp=now_ns, severity=schema.default_severity)


def between(old: object, new: object) -> Iterator[Happened]:
    """What happened between two readings of one group."""
    if isinstance(old, Network) and isinstance(new, Network):
        yield from _links(old, new)
        yield from _addresses(old, new)
    elif isinstance(old, Cpu) and isinstance(new, Cpu):
        yield from _processors(old, new)
    elif isinstance(old, Memory) and isinstance(new, Memory):
        before, now = old.total_bytes, new.total_bytes
        if before != now and before is not None and now is not None:
            yield Happened("memoryChanged", {"memory": now, "memoryBefore": before})


def is_up(link: Link) -> bool:
    """Whether a link carries traffic; kinds without an operational state do while they are enabled."""
    return link.state == "up" or (link.state is None and link.is_enabled is True and link.has_carrier is not False)


def _links(old: Network, new: Network) -> Iterator[Happened]:
    before = {(link.index, link.name): link for link in old.links}
    after = {(link.index, link.name): link for link in new.links}
    for key, link in before.items():
        if key not in after:
            yield Happened("interfaceRemoved", _about(link, "kind", link.kind))
    for key, link in after.items():
        if key not in before:
            yield Happened("interfaceAdded", _about(link, "kind", link.kind))
        was_up = key in before and is_up(before[key])
        if is_up(link) != was_up:
            yield Happened("interfaceDown" if was_up else "interfaceUp", _about(link, "state", link.state))


def _about(link: Link, name: str, value: str | None) -> dict[str, object]:
    return {"interfaceName": link.name, "interfaceIndex": link.index, name: value}


def _addresses(old: Network, new: Network) -> Iterator[Happened]:
    before, after = ({_key(one): one for one in network.addresses} for network in (old, new))
    for name, one, other in (("addressRemoved", before, after), ("addressAdded", after, before)):
        for key, address in one.items():
            if key not in other:
                yield Happened(
                    name,
                    {
                        "interfaceName": address.link,
                        "address": address.address,
                        "prefixLength": address.prefix_length,
                    },
                )


def _key(address: Address) -> tuple[int, str, int]:
    return address.index, address.address, address.prefix_length


def _processors(old: Cpu, new: Cpu) -> Iterator[Happened]:
    before, after = ({one.number for one in cpu.processors if one.is_online} for cpu in (old, new))
    for number in sorted(before - after):
        yield Happened("processorOffline", {"number": number})
    for number in sorted(after - before):
        yield Happened("processorOnline", {"number": number})
