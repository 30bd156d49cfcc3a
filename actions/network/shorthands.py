"""Requests that people make often, as desired states: they go the same way as any other request.

A new bond or bridge takes over the addresses and routes of its ports, so that the host stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hostinfo.errors import ActionRefused
from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgePort,
    Interface,
    IpAddress,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    VlanConfiguration,
)
from hostinfo.record import replace

from .document import parse_state
from .stack import by_name

OFF = IpConfiguration(enabled=False)


def bond(
    current: NetworkState, name: str, ports: Iterable[str], mode: str, options: Mapping[str, str | int | bool]
) -> NetworkState:
    """Return a request for a bond of these NICs."""
    names = tuple(ports)
    configuration = LinkAggregation(mode=mode, ports=names, options=options)
    return _with_moved_addresses(current, Interface(name=name, type="bond", link_aggregation=configuration), names)


def bridge(current: NetworkState, name: str, ports: Iterable[str]) -> NetworkState:
    """Return a request for a bridge over these interfaces."""
    names = tuple(ports)
    configuration = BridgeConfiguration(ports=tuple(BridgePort(name=port) for port in names))
    return _with_moved_addresses(current, Interface(name=name, type="linux-bridge", bridge=configuration), names)


def vlan(base: str, number: int, name: str | None = None) -> NetworkState:
    """Return a request for a VLAN; without a name it is base.number."""
    configuration = VlanConfiguration(base_iface=base, id=number)
    return NetworkState(interfaces=(Interface(name=name or f"{base}.{number}", type="vlan", vlan=configuration),))


def delete(names: Iterable[str]) -> NetworkState:
    """Return a request that removes bonds, VLANs and bridges."""
    return NetworkState(interfaces=tuple(Interface(name=name, state="absent") for name in names))


def change_addresses(
    current: NetworkState, link: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> NetworkState:
    """Return a request that adds and removes addresses with their prefix length, such as 192.0.2.5/24."""
    old = by_name(current).get(link) or Interface(name=link)
    added, removed = _parse(add), _parse(remove)
    changed: dict[str, IpConfiguration] = {}
    for family, version in (("ipv4", "."), ("ipv6", ":")):
        ip = getattr(old, family)
        present = (ip.addresses or ()) if ip is not None else ()
        if not any(version in one.ip for one in (*added, *removed)):
            continue
        kept = [one for one in present if (one.ip, one.prefix_length) not in {(r.ip, r.prefix_length) for r in removed}]
        new = [one for one in added if version in one.ip and one not in kept]
        missing = [one for one in removed if version in one.ip and all(one.ip != p.ip for p in present)]
        if missing:
            raise ActionRefused(link, f"it has no address {missing[0].ip}/{missing[0].prefix_length}")
        enabled = True if kept or new or family == "ipv6" else None
        changed[family] = IpConfiguration(enabled=enabled, addresses=(*kept, *new))
    return NetworkState(interfaces=(Interface(name=link, ipv4=changed.get("ipv4"), ipv6=changed.get("ipv6")),))


def _parse(addresses: Iterable[str]) -> tuple[IpAddress, ...]:
    found: list[IpAddress] = []
    for text in addresses:
        if "/" not in text:
            raise ActionRefused(text, "no prefix length; write it as in 192.0.2.5/24")
        family = "ipv6" if ":" in text else "ipv4"
        state = parse_state({"interfaces": [{"name": "x", family: {"address": [{"ip": text}]}}]}, text)
        ip = state.interfaces[0].ipv6 if family == "ipv6" else state.interfaces[0].ipv4
        found += (ip.addresses or ()) if ip is not None else ()
    return tuple(found)


def _with_moved_addresses(current: NetworkState, link: Interface, ports: tuple[str, ...]) -> NetworkState:
    """Return a request in which a new controller takes over the addresses and routes of its ports."""
    known = by_name(current)
    members = [known[port] for port in ports if port in known]
    ipv4 = tuple(one for port in members for one in (port.ipv4.addresses if port.ipv4 else None) or ())
    ipv6 = tuple(one for port in members for one in (port.ipv6.addresses if port.ipv6 else None) or ())
    has_ipv6 = any(port.ipv6 is not None and port.ipv6.enabled for port in members)
    autoconf = any(port.ipv6 is not None and port.ipv6.autoconf for port in members)
    controller = replace(
        link,
        ipv4=IpConfiguration(enabled=True, addresses=ipv4) if ipv4 else OFF,
        ipv6=IpConfiguration(enabled=True, autoconf=autoconf, addresses=ipv6) if has_ipv6 else OFF,
    )
    with_addresses = [port.name for port in members if (port.ipv4 and port.ipv4.addresses)]
    with_addresses_6 = [port.name for port in members if (port.ipv6 and port.ipv6.addresses)]
    freed = tuple(
        Interface(
            name=name,
            ipv4=OFF if name in with_addresses else None,
            ipv6=OFF if name in with_addresses_6 else None,
        )
        for name in dict.fromkeys((*with_addresses, *with_addresses_6))
    )
    routes: list[RouteEntry] = []
    for route in (current.routes.config if current.routes else None) or ():
        if route.next_hop_interface in ports:
            routes.append(replace(route, state="absent"))
            routes.append(replace(route, next_hop_interface=link.name))
    return NetworkState(interfaces=(controller, *freed), routes=Routes(config=tuple(routes)) if routes else None)
