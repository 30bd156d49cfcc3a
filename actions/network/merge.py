"""Merge a request into the state that was read: what is not named stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_network
from typing import Any, TypeVar

from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgeOptions,
    DnsResolver,
    Interface,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    VlanConfiguration,
)
from hostinfo.record import is_record, record_fields, replace

from .bond_options import ALIASES, normal_options
from .stack import CREATED_TYPES, by_name, controllers, ports_of

T = TypeVar("T")

ETHERNET_MTU = 1500
MAIN_TABLE = 254
IPV6_METRIC = 1024
"""IP6_RT_PRIO_USER, linux/ipv6_route.h: the metric of an IPv6 route that names none."""
DISABLED = IpConfiguration(enabled=False, dhcp=False, addresses=())
DISABLED_IPV6 = replace(DISABLED, autoconf=False)


def merge(current: NetworkState, request: NetworkState, foreign_ports: Collection[str] = ()) -> NetworkState:
    """Return the complete state that a request leads to.

    ``foreign_ports`` are ports of bridges that belong to guests and containers: they stay in their bridge. Fields that
    are None in the result stay as the kernel has them: hardware address and MTU of the ports of a bond, IPv6 of links
    that become ports or are ports no longer.
    """
    links = by_name(current)
    named = by_name(request)
    for asked in request.interfaces:
        if asked.state == "absent":
            _remove(links, asked.name)
        else:
            links[asked.name] = _interface(links.get(asked.name), asked)
    before = by_name(current)
    for name, link in links.items():
        links[name] = _keep_ports(link, links, before.get(name), foreign_ports)
    _take_from_ports(links, current, named)
    _limit_mtus(links, named)
    return NetworkState(
        interfaces=tuple(links[name] for name in sorted(links)),
        routes=Routes(config=_routes(current, request, links)),
        dns_resolver=_overlay(current.dns_resolver or DnsResolver(), request.dns_resolver)
        if current.dns_resolver or request.dns_resolver
        else None,
    )


def _remove(links: dict[str, Interface], name: str) -> None:
    """Remove a bond, VLAN or bridge; take the configuration from a NIC."""
    link = links.get(name)
    if link is None or link.type in CREATED_TYPES:
        links.pop(name, None)
    else:
        links[name] = replace(link, state="down", ipv4=DISABLED, ipv6=None)


def _interface(old: Interface | None, asked: Interface) -> Interface:
    kind = asked.type or (old.type if old else None)
    if old is not None and old.type != kind:
        old = None  # the name stays, the interface does not
    asked = replace(asked, ipv4=_enable(asked.ipv4), ipv6=_enable(asked.ipv6))
    link = _overlay(old or _new(asked.name, kind), asked)
    link = replace(link, type=kind, identifier=None, pci_address=None, copy_mac_from=None)
    if old is None or old.link_aggregation is None or asked.link_aggregation is None:
        bond = link.link_aggregation
    elif asked.link_aggregation.mode in (None, old.link_aggregation.mode):
        options = dict(old.link_aggregation.options or {}) | dict(asked.link_aggregation.options or {})
        bond = replace(_overlay(old.link_aggregation, asked.link_aggregation), options=options)
    else:  # options of one mode mean nothing in another, or harm
        bond = replace(_overlay(old.link_aggregation, asked.link_aggregation),
                       options=dict(asked.link_aggregation.options or {}))  # fmt: skip
    ipv4, ipv6 = link.ipv4, link.ipv6
    if bond is not None:
        is_asked = "primary" in ((asked.link_aggregation and asked.link_aggregation.options) or {})
        bond = replace(bond, options=_known_and_unknown(bond, is_asked=is_asked))
    return replace(
        link,
        link_aggregation=bond,
        ipv4=None if ipv4 is None else _ip(ipv4, DISABLED),
        ipv6=None if ipv6 is None else _ip(ipv6, DISABLED_IPV6),
    )


def _known_and_unknown(bond: LinkAggregation, *, is_asked: bool) -> dict[str, Any]:
    """Return normalised options; those that ``validate`` reports stay as they were given.

    A primary port that leaves the bond is dropped, unless the request asks for it.
    """
    options = dict(bond.options or {})
    if not is_asked and options.get("primary") not in (None, *(bond.ports or ())):
        del options["primary"]
    normal = normal_options(bond.mode, options)
    return normal | {name: value for name, value in options.items() if ALIASES.get(name, name) not in normal}


def _new(name: str, kind: str | None) -> Interface:
    """Return what a new interface is where the request says nothing."""
    return Interface(
        name=name,
        state="up",
        mtu=ETHERNET_MTU if kind == "bond" else None,
        ipv4=DISABLED,
        ipv6=DISABLED_IPV6,
        link_aggregation=LinkAggregation(ports=(), options={}) if kind == "bond" else None,
        vlan=VlanConfiguration(protocol="802.1q") if kind == "vlan" else None,
        bridge=BridgeConfiguration(ports=(), options=BridgeOptions()) if kind == "linux-bridge" else None,
    )


def _enable(ip: IpConfiguration | None) -> IpConfiguration | None:
    """Return a protocol as enabled where addresses are given or requested."""
    if ip is None or ip.enabled is not None or not (ip.addresses or ip.dhcp or ip.autoconf):
        return ip
    return replace(ip, enabled=True)


def _ip(ip: IpConfiguration, disabled: IpConfiguration) -> IpConfiguration:
    """Return a protocol without addresses where it is disabled; IPv4 is enabled by its addresses alone."""
    if ip.enabled is False:
        return disabled
    complete = _overlay(disabled, ip)
    if disabled.autoconf is None:
        complete = replace(complete, enabled=bool(complete.addresses or complete.dhcp))
    return complete


def _keep_ports(
    link: Interface, links: dict[str, Interface], old: Interface | None, foreign: Collection[str]
) -> Interface:
    """Keep foreign ports in their bridge, and drop ports that the request removes."""
    gone = set(ports_of(link)) - set(links) - set(foreign)
    if link.link_aggregation is not None and old is not None and gone:
        kept = tuple(port for port in ports_of(link) if port not in gone or port not in ports_of(old))
        return replace(link, link_aggregation=replace(link.link_aggregation, ports=kept))
    if link.bridge is None or old is None or old.bridge is None:
        return link
    before = {port.name: port for port in old.bridge.ports or ()}
    ports = [
        _overlay(before.get(port.name, port), port)
        for port in link.bridge.ports or ()
        if port.name not in gone or port.name not in before
    ]
    listed = {port.name for port in ports}
    ports += [port for name, port in before.items() if name in foreign and name not in listed]
    return replace(link, bridge=replace(link.bridge, ports=tuple(ports)))


def _take_from_ports(links: dict[str, Interface], current: NetworkState, named: dict[str, Interface]) -> None:
    """Leave to the kernel what the ports of a bond get from it, and what a freed port had before."""
    types = {link.name: link.type for link in current.interfaces}
    before = controllers(current.interfaces)
    after = controllers(links.values())
    for name, link in links.items():
        asked = named.get(name) or Interface(name=name)
        comes_or_goes = before.get(name) != after.get(name)
        is_or_was_bonded = "bond" in (types.get(before.get(name, "")), name in after and links[after[name]].type)
        is_new_port = name in after and before.get(name) != after[name]
        links[name] = replace(
            link,
            state="up" if is_new_port and asked.state is None else link.state,
            ipv4=DISABLED if name in after and asked.ipv4 is None else link.ipv4,
            ipv6=None if comes_or_goes and asked.ipv6 is None else link.ipv6,
            mac_address=asked.mac_address if is_or_was_bonded else link.mac_address,
            mtu=asked.mtu if is_or_was_bonded else link.mtu,
        )


def _limit_mtus(links: dict[str, Interface], named: dict[str, Interface]) -> None:
    """Lower the MTU of VLANs with that of their base, as the kernel does, unless the request names it."""
    for name, link in links.items():
        base = links.get(link.vlan.base_iface or "") if link.vlan is not None else None
        if base is None or link.mtu is None or (base.mtu is not None and link.mtu <= base.mtu):
            continue
        if name not in named or named[name].mtu is None:
            links[name] = replace(link, mtu=base.mtu)


def _routes(current: NetworkState, request: NetworkState, links: dict[str, Interface]) -> tuple[RouteEntry, ...]:
    """Return the routes that exist and stay, then the new ones; each once."""
    asked = (request.routes.config if request.routes else None) or ()
    removed = [route for route in asked if route.state == "absent"]
    ports = controllers(links.values())
    removed_links = {link.name for link in current.interfaces} - set(links)
    routes = {
        _kernel_key(route): route
        for route in (current.routes.config if current.routes else None) or ()
        if not any(_matches(route, pattern) for pattern in removed)
        and _is_usable(route, links, ports)
        and route.next_hop_interface not in removed_links
    }
    for route in asked:
        if route.state != "absent":
            complete = complete_route(route)
            routes[_kernel_key(complete)] = complete
    return tuple(sorted(routes.values(), key=route_key))


def _kernel_key(route: RouteEntry) -> tuple[Any, ...]:
    """Return what the kernel knows a route by: a new route with the same key takes the place of the old one."""
    return route.destination, route.table_id, route.metric


def complete_route(route: RouteEntry) -> RouteEntry:
    """Return a route with the table and metric that the kernel gives it where none is named."""
    metric = route.metric or None
    if metric is None and ":" in (route.destination or ""):
        metric = IPV6_METRIC
    return replace(route, table_id=route.table_id or MAIN_TABLE, metric=metric)


def route_key(route: RouteEntry) -> tuple[Any, ...]:
    """Return the order of routes in a state."""
    network = ip_network(route.destination or "0.0.0.0/0")
    return (
        network.version, route.table_id or MAIN_TABLE, int(network.network_address), network.prefixlen,
        route.metric or 0, route.next_hop_interface or "", route.next_hop_address or "",
    )  # fmt: skip


def _is_usable(route: RouteEntry, links: dict[str, Interface], ports: Mapping[str, str]) -> bool:
    """Whether the interface of an existing route is still there and up; the kernel drops the route otherwise."""
    link = links.get(route.next_hop_interface or "")
    if link is None:
        return True  # another owner's interface
    ip = link.ipv6 if ":" in (route.destination or "") else link.ipv4
    needs_no_address = ip is link.ipv4 and route.next_hop_address is None
    has_protocol = ip is None or ip.enabled is not False or needs_no_address
    return link.state == "up" and link.name not in ports and has_protocol


def _matches(route: RouteEntry, pattern: RouteEntry) -> bool:
    """Whether a route has all properties that a pattern names."""
    return all(
        wanted is None or getattr(route, name) == wanted
        for name in record_fields(RouteEntry)
        if name != "state"
        for wanted in (getattr(pattern, name),)
    )


def _overlay(old: T, new: T | None) -> T:
    """Return a record with the fields that another one names; records within are overlaid, lists are replaced."""
    if new is None:
        return old
    changes = {}
    for name in record_fields(type(old)):
        given, present = getattr(new, name), getattr(old, name)
        if given is None:
            continue
        changes[name] = _overlay(present, given) if is_record(type(given)) and present is not None else given
    changed: T = replace(old, **changes)  # type: ignore[type-var] # T is a record
    return changed
