"""The state in force, from what the kernel reports."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from hostinfo.drivers.sources.netlink.links import HEAD, INFO, RTM_NEWLINK
from hostinfo.drivers.sources.netlink.message import (
    attributes,
    dump_payloads,
    parse_nested,
    parse_string,
    parse_uint,
)
from hostinfo.model.network import Address, Bridge, Link, Network, Route
from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgeOptions,
    BridgePort,
    Interface,
    IpAddress,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    SpanningTree,
    VlanConfiguration,
)
from hostinfo.record import record

from .bond_options import normal_options
from .merge import complete_route, route_key

SOURCE = "netlink links"
TYPES = {"physical": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}
INFO_KIND, INFO_DATA, INFO_PORT_KIND, INFO_PORT_DATA = 1, 2, 4, 5
BRIDGE_FORWARD_MASK = 9
PORT_PRIORITY, PORT_COST, PORT_HAIRPIN = 2, 3, 4
IPV4_BITS = 32


@record
class Ipv6Settings:
    """IPv6 of one link in /proc/sys/net/ipv6/conf."""

    is_enabled: bool
    """Whether the link has IPv6."""
    autoconf: bool
    """Whether addresses are made from router advertisements."""


@record
class BridgeDetails:
    """What the reader of facts leaves out."""

    forward_masks: Mapping[str, int]
    """Bridge -> mask of the group addresses that it forwards."""
    ports: Mapping[str, BridgePort]
    """Port of a bridge -> its options."""


def read_bridge_details(data: bytes) -> BridgeDetails:
    """Return the options of bridges and their ports in a dump of links."""
    masks: dict[str, int] = {}
    ports: dict[str, BridgePort] = {}
    for start, end in dump_payloads(data, RTM_NEWLINK, SOURCE):
        found = attributes(data, start + HEAD[sys.byteorder].size, end, (3, INFO), SOURCE)
        name = parse_string(found.get(3))
        if name is None or INFO not in found:
            continue
        info = parse_nested(found[INFO], SOURCE)
        if parse_string(info.get(INFO_KIND)) == "bridge":
            mask = parse_uint(parse_nested(info.get(INFO_DATA, b""), SOURCE).get(BRIDGE_FORWARD_MASK))
            if mask is not None:
                masks[name] = mask
        if parse_string(info.get(INFO_PORT_KIND)) == "bridge":
            port = parse_nested(info.get(INFO_PORT_DATA, b""), SOURCE)
            hairpin = parse_uint(port.get(PORT_HAIRPIN))
            ports[name] = BridgePort(
                name=name,
                stp_hairpin_mode=None if hairpin is None else hairpin != 0,
                stp_path_cost=parse_uint(port.get(PORT_COST)),
                stp_priority=parse_uint(port.get(PORT_PRIORITY)),
            )
    return BridgeDetails(forward_masks=masks, ports=ports)


def managed_types(network: Network) -> dict[str, str]:
    """Return the names of the links that hostinfo can configure, with their types.

    In a container or network namespace, the end of a veth pair that leads out of it is its NIC; on a machine with NICs
    it leads to a container.
    """
    has_nic = any(link.kind == "physical" for link in network.links)
    types = {}
    for link in network.links:
        if link.kind in TYPES and not (link.kind == "vlan" and (link.vlan is None or not link.lower)):
            types[link.name] = TYPES[link.kind or ""]
        elif link.kind == "veth" and link.is_lower_elsewhere and not has_nic:
            types[link.name] = "ethernet"
    return types


def running_state(network: Network, bridges: BridgeDetails, ipv6: Mapping[str, Ipv6Settings]) -> NetworkState:
    """Return the complete state in force; other owners' links, dynamic addresses and routes are left out."""
    types = managed_types(network)
    addresses: dict[tuple[str, str], list[Address]] = {}
    for address in network.addresses:
        addresses.setdefault((address.link, address.family), []).append(address)
    links = {link.name: link for link in network.links}
    interfaces = [
        _interface(links[name], kind, links, bridges, addresses, ipv6.get(name)) for name, kind in types.items()
    ]
    routes = [complete_route(_route(route)) for route in network.routes if is_expressible(route)]
    return NetworkState(
        interfaces=tuple(sorted(interfaces, key=lambda link: link.name)),
        routes=Routes(config=tuple(sorted(routes, key=route_key))),
    )


def _interface(
    link: Link,
    kind: str,
    links: Mapping[str, Link],
    bridges: BridgeDetails,
    addresses: Mapping[tuple[str, str], list[Address]],
    ipv6: Ipv6Settings | None,
) -> Interface:
    controller = links.get(link.controller or "")
    is_bonded = controller is not None and controller.kind == "bond"
    four = tuple(_address(one) for one in addresses.get((link.name, "ipv4"), ()) if _is_static_address(one))
    six = tuple(_address(one) for one in addresses.get((link.name, "ipv6"), ()) if _is_static_address(one))
    has_ipv6 = ipv6 is not None and ipv6.is_enabled
    return Interface(
        name=link.name,
        type=kind,
        state="up" if link.is_enabled else "down",
        mac_address=link.permanent_mac if is_bonded else link.mac,
        mtu=link.mtu,
        ipv4=IpConfiguration(enabled=bool(four), dhcp=False, addresses=four),
        ipv6=IpConfiguration(
            enabled=has_ipv6,
            dhcp=False,
            autoconf=has_ipv6 and ipv6 is not None and ipv6.autoconf,
            addresses=six if has_ipv6 else (),
        ),
        link_aggregation=_bond(link),
        vlan=_vlan(link),
        bridge=_bridge(link, link.bridge, bridges),
    )


def _bond(link: Link) -> LinkAggregation | None:
    bond = link.bond
    if bond is None:
        return None
    options: dict[str, Any] = dict(bond.options)
    if bond.miimon_milliseconds is not None:
        options["miimon"] = bond.miimon_milliseconds
    if bond.primary_port is not None:
        options["primary"] = bond.primary_port
    return LinkAggregation(mode=bond.mode, ports=bond.ports, options=normal_options(bond.mode, options))


def _vlan(link: Link) -> VlanConfiguration | None:
    if link.vlan is None or not link.lower:
        return None
    protocol = (link.vlan.protocol or "802.1Q").lower()
    return VlanConfiguration(base_iface=link.lower[0], id=link.vlan.id, protocol=protocol)


def _bridge(link: Link, bridge: Bridge | None, details: BridgeDetails) -> BridgeConfiguration | None:
    if bridge is None:
        return None
    tree = SpanningTree(
        enabled=bridge.stp,
        forward_delay=_seconds(bridge.forward_delay_seconds),
        hello_time=_seconds(bridge.hello_time_seconds),
        max_age=_seconds(bridge.max_age_seconds),
        priority=bridge.priority,
    )
    options = BridgeOptions(
        stp=tree,
        mac_ageing_time=_seconds(bridge.ageing_time_seconds),
        multicast_snooping=bridge.multicast_snooping,
        group_forward_mask=details.forward_masks.get(link.name),
    )
    ports = tuple(details.ports.get(port, BridgePort(name=port)) for port in bridge.ports)
    return BridgeConfiguration(ports=ports, options=options)


def _seconds(value: float | None) -> int | None:
    """Return whole seconds; None for a fraction, which the schema cannot express, so that it stays as it is."""
    return int(value) if value is not None and value == int(value) else None


def _address(address: Address) -> IpAddress:
    """Return an address; its broadcast address where it is not the derived one."""
    from ipaddress import ip_interface

    broadcast = address.broadcast
    if broadcast is not None and address.prefix_length < IPV4_BITS - 1:
        network = ip_interface(f"{address.address}/{address.prefix_length}").network
        broadcast = None if broadcast == str(network.broadcast_address) else broadcast
    return IpAddress(ip=address.address, prefix_length=address.prefix_length, broadcast=broadcast)


def _is_static_address(address: Address) -> bool:
    """Whether an administrator gave the address: not DHCP, not a router, and not the kernel (link-local)."""
    if "dynamic" in address.flags or "temporary" in address.flags or address.peer is not None:
        return False
    return not (address.family == "ipv6" and address.scope == "link")


def is_expressible(route: Route) -> bool:
    """Whether an administrator added the route, and the schema has all of its properties.

    Routing daemons, DHCP and the kernel have protocols of their own.
    """
    return (
        route.type == "unicast"
        and route.protocol in ("boot", "static")
        and route.link is not None
        and not route.next_hops
        and route.next_hop_id is None
        and route.source is None
        and route.preferred_source is None
        and route.mtu is None
        and "onlink" not in route.flags
        and (":" in (route.gateway or "")) == (route.family == "ipv6" and route.gateway is not None)
        and not (route.family == "ipv4" and route.gateway is None and route.scope != "link")
    )


def _route(route: Route) -> RouteEntry:
    default = "0.0.0.0/0" if route.family == "ipv4" else "::/0"
    return RouteEntry(
        destination=default if route.destination == "default" else route.destination,
        next_hop_interface=route.link,
        next_hop_address=route.gateway,
        metric=route.metric,
        table_id=route.table,
    )
