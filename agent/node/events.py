"""The events of the package com.redhat.ovirtNode: the differences between two reads of a group.

A notification says only that something changed; the reads show what. So a change without a notification is an event as
well, after the next periodic read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hostinfo.model.cpu import Cpu
from hostinfo.model.memory import Memory
from hostinfo.model.network import Address, Link, Network

from ..qmf import DataType, Event, SchemaClass, SchemaKind, SchemaProperty
from .classes import PACKAGE
from .property_mapping import to_wire

WARN, NOTE = 4, 5
_ARGUMENTS = {
    "version": (DataType.STRING, "sstr", "", "Version of hostinfo."),
    "epoch": (DataType.INT, "uint32", "", "Number of starts of the agent, or the time of the start."),
    "interfaceName": (DataType.STRING, "sstr", "", "Name of the network link."),
    "interfaceIndex": (DataType.INT, "uint64", "", "The kernel's index of the link."),
    "kind": (DataType.STRING, "sstr", "", "Kind of the link, such as physical, bridge or vlan."),
    "state": (DataType.STRING, "sstr", "", "The kernel's operational state of the link."),
    "address": (DataType.STRING, "sstr", "", "The IP address."),
    "prefixLength": (DataType.INT, "uint64", "", "Length of the network prefix in bits."),
    "number": (DataType.INT, "uint64", "", "Number of the logical CPU."),
    "memory": (DataType.INT, "uint64", "B", "Current memory size of the machine."),
    "memoryBefore": (DataType.INT, "uint64", "B", "Previous memory size of the machine."),
    "group": (DataType.STRING, "sstr", "", "The group of facts, such as cpu or network."),
    "driver": (DataType.STRING, "sstr", "", "The driver, such as sysfs or libvirt-xen."),
    "reason": (DataType.STRING, "lstr", "", "The error."),
}
_EVENTS = (
    ("agentStarted", NOTE, "The agent started and has read all facts.", ("version", "epoch")),
    ("interfaceAdded", NOTE, "A network link was added.", ("interfaceName", "interfaceIndex", "kind")),
    ("interfaceRemoved", NOTE, "A network link was removed.", ("interfaceName", "interfaceIndex", "kind")),
    (
        "interfaceUp",
        NOTE,
        "A network link went up: it can carry traffic.",
        ("interfaceName", "interfaceIndex", "state"),
    ),
    ("interfaceDown", WARN, "A network link went down.", ("interfaceName", "interfaceIndex", "state")),
    ("addressAdded", NOTE, "An IP address was added to a link.", ("interfaceName", "address", "prefixLength")),
    ("addressRemoved", NOTE, "An IP address was removed from a link.", ("interfaceName", "address", "prefixLength")),
    ("processorOnline", NOTE, "A logical CPU was brought online.", ("number",)),
    ("processorOffline", WARN, "A logical CPU was taken offline.", ("number",)),
    ("memoryChanged", NOTE, "The machine's memory size changed.", ("memory", "memoryBefore")),
    (
        "hypervisorDisconnected",
        WARN,
        "The connection to the hypervisor's daemon was lost, or the daemon does not respond.",
        ("driver", "reason"),
    ),
    ("hypervisorConnected", NOTE, "The hypervisor's daemon responds again.", ("driver",)),
    ("driverFailed", WARN, "A driver can no longer read a group of facts.", ("group", "driver", "reason")),
    ("driverRecovered", NOTE, "A driver can read a group of facts again.", ("group", "driver")),
)


def _argument(name: str) -> SchemaProperty:
    data_type, xml_type, unit, description = _ARGUMENTS[name]
    return SchemaProperty(name=name, type=data_type, xml_type=xml_type, unit=unit, description=description)


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
class PendingEvent:
    """An event without its timestamp."""

    name: str
    values: Mapping[str, object]

    def to_event(self, now_ns: int) -> Event:
        """Return the event with this time, in ns since 1970."""
        schema = EVENTS[self.name]
        values = {name: to_wire(value) for name, value in self.values.items() if value is not None}
        return Event(schema_id=schema.id, values=values, timestamp=now_ns, severity=schema.default_severity)


def diff_events(old: object, new: object) -> Iterator[PendingEvent]:
    """Return the events between two values of one group."""
    if isinstance(old, Network) and isinstance(new, Network):
        yield from _links(old, new)
        yield from _addresses(old, new)
    elif isinstance(old, Cpu) and isinstance(new, Cpu):
        yield from _processors(old, new)
    elif isinstance(old, Memory) and isinstance(new, Memory):
        before, after = old.total_bytes, new.total_bytes
        if before != after and before is not None and after is not None:
            yield PendingEvent("memoryChanged", {"memory": after, "memoryBefore": before})


def is_up(link: Link) -> bool:
    """Whether a link can carry traffic; without an operational state: whether it is enabled and has a carrier."""
    return link.state == "up" or (link.state is None and link.is_enabled is True and link.has_carrier is not False)


def _links(old: Network, new: Network) -> Iterator[PendingEvent]:
    before = {(link.index, link.name): link for link in old.links}
    after = {(link.index, link.name): link for link in new.links}
    for key, link in before.items():
        if key not in after:
            yield PendingEvent("interfaceRemoved", _link_values(link, "kind", link.kind))
    for key, link in after.items():
        if key not in before:
            yield PendingEvent("interfaceAdded", _link_values(link, "kind", link.kind))
        was_up = key in before and is_up(before[key])
        if is_up(link) != was_up:
            yield PendingEvent("interfaceDown" if was_up else "interfaceUp", _link_values(link, "state", link.state))


def _link_values(link: Link, name: str, value: str | None) -> dict[str, object]:
    return {"interfaceName": link.name, "interfaceIndex": link.index, name: value}


def _addresses(old: Network, new: Network) -> Iterator[PendingEvent]:
    before, after = ({_key(one): one for one in network.addresses} for network in (old, new))
    for name, one, other in (("addressRemoved", before, after), ("addressAdded", after, before)):
        for key, address in one.items():
            if key not in other:
                yield PendingEvent(
                    name,
                    {
                        "interfaceName": address.link,
                        "address": address.address,
                        "prefixLength": address.prefix_length,
                    },
                )


def _key(address: Address) -> tuple[int, str, int]:
    return address.index, address.address, address.prefix_length


def _processors(old: Cpu, new: Cpu) -> Iterator[PendingEvent]:
    before, after = ({one.number for one in cpu.processors if one.is_online} for cpu in (old, new))
    for number in sorted(before - after):
        yield PendingEvent("processorOffline", {"number": number})
    for number in sorted(after - before):
        yield PendingEvent("processorOnline", {"number": number})
