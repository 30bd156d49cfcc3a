"""Resolve the neighbours of links (controller, ports, lower links) and build the model's links.

Only direct neighbours are resolved. So depth does not matter, and a loop, which a real kernel refuses, does no harm.
"""

from collections.abc import Iterable

from hostinfo.model.network import Bond, Bridge, Link

from ...sources.netlink.link_record import LinkRecord


def build_links(records: Iterable[LinkRecord]) -> tuple[Link, ...]:
    """Return the links in the order of the records, in linear time."""
    records = list(records)
    names = {record.name for record in records}
    _add_controllers(records)
    ports: dict[str, list[str]] = {}
    for record in records:
        if record.controller in names and record.controller is not None:
            ports.setdefault(record.controller, []).append(record.name)
    for record in records:  # a copy may have the list of ports, and not the ports
        if record.ports:
            found = ports.setdefault(record.name, [])
            found += sorted(set(record.ports) - set(found) - {record.name}, key=record.ports.index)
    return tuple(_build(record, tuple(ports.get(record.name, ())), names) for record in records)


def _add_controllers(records: list[LinkRecord]) -> None:
    """Add the controllers that only the controller's list of ports shows, as in a copy without symbolic links."""
    controllers = {port: record.name for record in records for port in record.ports if port != record.name}
    for record in records:
        if record.controller is None and record.name in controllers:
            record.controller = controllers[record.name]


def _build(record: LinkRecord, ports: tuple[str, ...], names: set[str]) -> Link:
    lower = tuple(name for name in record.lower if name in names)
    if ports:  # sysfs lists ports as lower links, netlink does not
        port_names = set(ports)
        lower = tuple(name for name in lower if name not in port_names) + ports
    facts = record.facts
    if record.bond is not None:
        facts["bond"] = Bond(**record.bond, ports=ports)
    if record.bridge is not None:
        facts["bridge"] = Bridge(**record.bridge, ports=ports)
    return Link(
        name=record.name,
        index=record.index,
        controller=record.controller if record.controller in names else None,
        lower=lower,
        ports=ports,
        peer=record.peer if record.peer in names else None,
        is_lower_elsewhere=record.is_lower_elsewhere,
        **facts,
    )
