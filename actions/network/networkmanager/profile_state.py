"""From the settings of a profile to the model: addresses, DHCP, name servers and the type of link."""

from __future__ import annotations

import socket
import struct
from typing import Any

from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgeOptions,
    BridgePort,
    DnsConfiguration,
    Interface,
    IpAddress,
    IpConfiguration,
    LinkAggregation,
    RouteEntry,
    SpanningTree,
    VlanConfiguration,
)
from hostinfo.record import replace

from ..bond_options import normal_options
from ..merge import complete_route
from .dbus_values import Settings

TYPES = {"802-3-ethernet": "ethernet", "veth": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}
DEFAULTS = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
DNS_PRIORITY = 100
"""Of a device that has none of its own, unless it is a VPN."""


def master_of(settings: Settings) -> str | None:
    """Return the bond or bridge of a profile: the name of its link, or the UUID of its profile."""
    connection = settings.get("connection", {})
    found = connection.get("master") or connection.get("controller")
    return str(found) if found else None


def add_ip(link: Interface, settings: Settings) -> Interface:
    """Return a link in force with what only its profile has: DHCP and router advertisements."""
    if master_of(settings) is not None:
        return link
    four, six = settings.get("ipv4", {}).get("method", ""), settings.get("ipv6", {}).get("method", "")
    ipv4, ipv6 = link.ipv4, link.ipv6
    if ipv4 is not None and four == "auto":
        ipv4 = replace(ipv4, enabled=True, dhcp=True)
    if ipv6 is not None and six in ("auto", "dhcp", "manual", "link-local"):
        ipv6 = replace(ipv6, dhcp=six in ("auto", "dhcp"), autoconf=six == "auto")
    return replace(link, ipv4=ipv4, ipv6=ipv6)


def addresses(section: dict[str, Any]) -> tuple[IpAddress, ...]:
    """Return the static addresses of the setting ipv4 or ipv6."""
    return tuple(
        IpAddress(ip=str(one["address"]), prefix_length=int(one["prefix"])) for one in section.get("address-data", ())
    )


def configured_ip(section: dict[str, Any], family: str) -> IpConfiguration:
    """Return IPv4 or IPv6 as a profile configures it."""
    method = str(section.get("method", "disabled" if family == "ipv4" else "auto"))
    static = addresses(section)
    if family == "ipv4":
        return IpConfiguration(enabled=method != "disabled", dhcp=method == "auto", addresses=static)
    is_enabled = method not in ("disabled", "ignore")
    return IpConfiguration(
        enabled=is_enabled, dhcp=method in ("auto", "dhcp"), autoconf=method == "auto", addresses=static
    )


def configured_interface(settings: Settings) -> Interface | None:
    """Return what a profile configures; None: it names no link, or is of a type that the model does not have.

    The ports of bonds and bridges stand in the ports' profiles.
    """
    connection = settings["connection"]
    kind, name = TYPES.get(str(connection["type"])), connection.get("interface-name")
    if kind is None or not name:
        return None
    wired = settings.get("802-3-ethernet", {})
    is_port = master_of(settings) is not None
    mac = wired.get("assigned-mac-address")
    return Interface(
        name=str(name),
        type=kind,
        state="up" if connection.get("autoconnect", True) else "down",
        mac_address=str(mac).lower() if mac and ":" in str(mac) else None,
        mtu=int(wired.get("mtu", 0)) or None,
        ipv4=None if is_port else configured_ip(settings.get("ipv4", {}), "ipv4"),
        ipv6=None if is_port else configured_ip(settings.get("ipv6", {}), "ipv6"),
        link_aggregation=_bond(settings) if kind == "bond" else None,
        vlan=_vlan(settings) if kind == "vlan" else None,
        bridge=_bridge(settings) if kind == "linux-bridge" else None,
    )


def _bond(settings: Settings) -> LinkAggregation:
    options = {str(key): str(value) for key, value in settings.get("bond", {}).get("options", {}).items()}
    mode = options.pop("mode", "balance-rr")
    return LinkAggregation(mode=mode, ports=(), options=normal_options(mode, options))


def _vlan(settings: Settings) -> VlanConfiguration:
    section = settings.get("vlan", {})
    protocol = str(section.get("protocol") or "802.1q").lower()
    return VlanConfiguration(base_iface=str(section.get("parent", "")), id=int(section.get("id", 0)), protocol=protocol)


def _bridge(settings: Settings) -> BridgeConfiguration:
    section = settings.get("bridge", {})
    tree = SpanningTree(
        enabled=bool(section.get("stp", True)),
        forward_delay=int(section.get("forward-delay", 15)),
        hello_time=int(section.get("hello-time", 2)),
        max_age=int(section.get("max-age", 20)),
        priority=int(section.get("priority", 32768)),
    )
    options = BridgeOptions(
        stp=tree,
        mac_ageing_time=int(section.get("ageing-time", 300)),
        multicast_snooping=bool(section.get("multicast-snooping", True)),
        group_forward_mask=int(section.get("group-forward-mask", 0)),
    )
    return BridgeConfiguration(ports=(), options=options)


def configured_port(settings: Settings) -> BridgePort:
    """Return the options of a port of a bridge in its profile; the defaults are NetworkManager's."""
    section = settings.get("bridge-port", {})
    return BridgePort(
        name=str(settings["connection"]["interface-name"]),
        stp_hairpin_mode=bool(section.get("hairpin-mode", False)),
        stp_path_cost=int(section.get("path-cost", 100)),
        stp_priority=int(section.get("priority", 32)),
    )


def configured_routes(settings: Settings) -> list[RouteEntry]:
    """Return the static routes of a profile that the model can express."""
    name = str(settings["connection"].get("interface-name", ""))
    found = []
    for family, default in DEFAULTS.items():
        section = settings.get(family, {})
        if section.get("gateway"):
            found.append(RouteEntry(destination=default, next_hop_interface=name,
                                    next_hop_address=str(section["gateway"])))  # fmt: skip
        found += [route_entry(route, name) for route in section.get("route-data", ()) if is_expressible(route)]
    return [complete_route(route) for route in found]


def is_expressible(route: Any) -> bool:
    """Whether the model has all properties of a route of a profile."""
    return not {str(key) for key in route} - {"dest", "prefix", "next-hop", "metric", "table"}


def route_entry(route: Any, link: str) -> RouteEntry:
    """Return a route of a profile as the kernel has it."""
    return RouteEntry(
        destination=f"{route['dest']}/{int(route['prefix'])}",
        next_hop_interface=link,
        next_hop_address=str(route["next-hop"]) if route.get("next-hop") else None,
        metric=int(route["metric"]) if route.get("metric") else None,
        table_id=int(route["table"]) if route.get("table") else None,
    )


def name_servers(settings: Settings) -> DnsConfiguration:
    """Return the static name servers and search domains of a profile, in the order of their priority."""
    sections = [settings.get(family, {}) for family in ("ipv4", "ipv6")]
    sections.sort(key=lambda section: int(section.get("dns-priority", 0)) or DNS_PRIORITY)
    servers = [server for section in sections for server in _servers(section)]
    search = [str(domain) for section in sections for domain in section.get("dns-search", ())]
    return DnsConfiguration(servers=tuple(servers), search=tuple(dict.fromkeys(search)))


def _servers(section: dict[str, Any]) -> list[str]:
    if "dns-data" in section:
        return [str(server) for server in section["dns-data"]]
    return [
        socket.inet_ntop(socket.AF_INET6, bytes(bytearray(int(byte) for byte in server)))
        if not isinstance(server, int)
        else socket.inet_ntoa(struct.pack("=I", int(server)))
        for server in section.get("dns", ())
    ]
