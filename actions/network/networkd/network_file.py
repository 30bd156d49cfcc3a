"""Read a .network file, systemd.network(5), into what a state has, and what it has not.

Settings that are independent of a state are kept as they are written. All others that a state cannot express are
named, so that no file is replaced that has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from hostinfo.model.network_state import BridgePort, IpAddress, RouteEntry
from hostinfo.record import record, replace

from ..merge import complete_route
from .unit_text import Section, Setting, parse_boolean

KEPT_SECTIONS = ("DHCP", "DHCPv4", "DHCPv6", "IPv6AcceptRA")
"""Sections about dynamic addresses, which are without effect where there are none."""
KEPT = {
    "Link": {"RequiredForOnline", "RequiredFamilyForOnline", "ARP", "Multicast", "AllMulticast", "Promiscuous"},
    "Network": {
        "Description", "LLDP", "EmitLLDP", "NTP", "LLMNR", "MulticastDNS", "DNSOverTLS", "DNSSEC",
        "DNSSECNegativeTrustAnchors", "DNSDefaultRoute", "IPv6PrivacyExtensions", "IPv6DuplicateAddressDetection",
        "IPv6HopLimit", "IPv6MTUBytes", "IPv6LinkLocalAddressGenerationMode", "IPForward", "IPv4Forwarding",
        "IPv6Forwarding", "IPv4ProxyARP", "ConfigureWithoutCarrier", "IgnoreCarrierLoss",
    },
    "Bridge": {
        "UseBPDU", "Isolated", "FastLeave", "AllowPortToBeRoot", "UnicastFlood", "MulticastFlood",
        "MulticastToUnicast", "NeighborSuppression", "Learning", "ProxyARP", "ProxyARPWiFi", "MulticastRouter",
    },
}  # fmt: skip
"""Settings that do not depend on a state and are written again as they are."""
TABLES = {"default": 253, "main": 254, "local": 255}
_DHCP = {"ipv4": (True, False), "v4": (True, False), "ipv6": (False, True), "v6": (False, True), "both": (True, True)}


@record
class NetworkFile:
    """What a .network file configures."""

    match: tuple[Setting, ...] = ()
    """[Match], as it is written."""
    mtu: int | None = None
    """MTU in bytes."""
    mac_address: str | None = None
    """Hardware address."""
    is_down: bool = False
    """Whether the link is kept down."""
    dhcp4: bool = False
    """Whether DHCP is used."""
    dhcp6: bool = False
    """Whether DHCPv6 is used, even if no router asks for it."""
    has_link_local: bool | None = None
    """Whether there is an IPv6 link-local address; None: the default."""
    accepts_ra: bool | None = None
    """Whether router advertisements are accepted; None: the default."""
    autoconf: bool = True
    """Whether addresses are made from the router advertisements that are accepted."""
    addresses: tuple[IpAddress, ...] = ()
    """Static addresses in order."""
    routes: tuple[RouteEntry, ...] = ()
    """Static routes; the interface is left out."""
    dns: tuple[str, ...] = ()
    """Name servers."""
    domains: tuple[str, ...] = ()
    """Search domains."""
    controller: str | None = None
    """Bond or bridge of which the link is a port."""
    keeps_controller: bool = False
    """Whether the link stays in its bond or bridge, whichever that is."""
    is_primary: bool = False
    """Whether it is the primary port of its bond."""
    vlans: tuple[str, ...] = ()
    """VLANs on the link."""
    port: BridgePort | None = None
    """Options of the port of a bridge that are given; the name is empty."""
    kept: tuple[Section, ...] = ()
    """Settings that are written again as they are."""
    unknown: tuple[str, ...] = ()
    """Settings that a state cannot express: [Section] Key=value."""

    @property
    def is_ipv6_enabled(self) -> bool:
        """Whether the link has IPv6 addresses of any kind."""
        is_port = self.controller is not None or self.keeps_controller
        has_link_local = not is_port if self.has_link_local is None else self.has_link_local
        return has_link_local or any(":" in one.ip for one in self.addresses)

    @property
    def is_autoconf_enabled(self) -> bool:
        """Whether addresses are made from router advertisements."""
        is_accepted = self.is_ipv6_enabled and self.has_link_local is not False
        return self.autoconf and (is_accepted if self.accepts_ra is None else is_accepted and self.accepts_ra)

    def with_interface(self, name: str) -> tuple[RouteEntry, ...]:
        """Return the routes, over this interface, as a state has them."""
        return tuple(complete_route(replace(route, next_hop_interface=name)) for route in self.routes)


def read_network_file(sections: Iterable[Section]) -> NetworkFile:
    """Return what the sections of a .network file configure."""
    reader = _Reader()
    for section in sections:
        reader.section(section)
    values = reader.values
    if reader.port:
        values["port"] = BridgePort(name="", **reader.port)
    kept = tuple(Section(name=name, settings=tuple(settings)) for name, settings in reader.kept.items())
    return NetworkFile(kept=kept, unknown=tuple(reader.unknown), **values)


class _Reader:
    """Collects the values of one file."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.port: dict[str, Any] = {}
        self.kept: dict[str, list[Setting]] = {}
        self.unknown: list[str] = []

    def section(self, section: Section) -> None:
        if section.name == "Match":
            self._append("match", *section.settings)
        elif section.name == "Address":
            self._address_section(section)
        elif section.name == "Route":
            self._route_section(section)
        else:
            for key, value in section.settings:
                if not self._setting(section.name, key, value):
                    self._other(section.name, key, value)

    def _other(self, section: str, key: str, value: str) -> None:
        if section in KEPT_SECTIONS or key in KEPT.get(section, ()):
            self.kept.setdefault(section, []).append((key, value))
        elif value:
            self.unknown.append(f"[{section}] {key}={value}")

    def _append(self, name: str, *entries: object) -> None:
        self.values[name] = (*self.values.get(name, ()), *entries)

    def _setting(self, section: str, key: str, value: str) -> bool:
        """Take a setting that a state has; return whether it is one, with a value that is understood."""
        name = f"_{section}_{key}".lower()
        take = getattr(self, name, None)
        return take is not None and bool(take(value))

    def _boolean(self, name: str, value: str) -> bool:
        found = parse_boolean(value)
        if found is not None:
            self.values[name] = found
        return found is not None

    def _link_mtubytes(self, value: str) -> bool:
        if value.isdecimal():
            self.values["mtu"] = int(value)
        return value.isdecimal()

    def _link_macaddress(self, value: str) -> bool:
        self.values["mac_address"] = value.lower().replace("-", ":")
        return len(value) == 17

    def _link_activationpolicy(self, value: str) -> bool:
        self.values["is_down"] = value == "down"
        return value in ("up", "down")

    def _network_dhcp(self, value: str) -> bool:
        both = parse_boolean(value)
        if both is None and value not in _DHCP:
            return value == "none"
        self.values["dhcp4"], self.values["dhcp6"] = _DHCP[value] if both is None else (both, both)
        return True

    def _network_linklocaladdressing(self, value: str) -> bool:
        found = True if value == "ipv6" else parse_boolean(value)
        self.values["has_link_local"] = found
        return value == "ipv6" or found is False  # IPv4LL is not part of a state

    def _network_ipv6acceptra(self, value: str) -> bool:
        return self._boolean("accepts_ra", value)

    _network_ipv6acceptrouteradvertisements = _network_ipv6acceptra

    def _ipv6acceptra_useautonomousprefix(self, value: str) -> bool:
        return self._boolean("autoconf", value)

    def _network_keepmaster(self, value: str) -> bool:
        return self._boolean("keeps_controller", value)

    def _network_primaryslave(self, value: str) -> bool:
        return self._boolean("is_primary", value)

    def _network_bond(self, value: str) -> bool:
        self.values["controller"] = value or None
        return True

    _network_bridge = _network_bond

    def _list(self, name: str, value: str) -> bool:
        if value:
            self._append(name, *value.split())
        else:
            self.values[name] = ()
        return True

    def _network_vlan(self, value: str) -> bool:
        return self._list("vlans", value)

    def _network_dns(self, value: str) -> bool:
        return all(_is_address(word) for word in value.split()) and self._list("dns", value)

    def _network_domains(self, value: str) -> bool:
        return "~" not in value and self._list("domains", value)

    def _network_address(self, value: str) -> bool:
        return self._address_section(Section(name="Network", settings=(("Address", value),)))

    def _network_gateway(self, value: str) -> bool:
        if not value:
            self.values["routes"] = ()
            return True
        if not _is_address(value):
            return False
        self._append("routes", _default_route(value))
        return True

    def _bridge_cost(self, value: str) -> bool:
        return self._port_option("stp_path_cost", int(value) if value.isdecimal() else None)

    def _bridge_priority(self, value: str) -> bool:
        return self._port_option("stp_priority", int(value) if value.isdecimal() else None)

    def _bridge_hairpin(self, value: str) -> bool:
        return self._port_option("stp_hairpin_mode", parse_boolean(value))

    def _port_option(self, name: str, value: int | bool | None) -> bool:
        if value is not None:
            self.port[name] = value
        return value is not None

    def _address_section(self, section: Section) -> bool:
        given = dict(section.settings)
        address = _address(given.pop("Address", ""), given.pop("Broadcast", None))
        self.unknown += [f"[{section.name}] {key}={value}" for key, value in given.items()]
        if address is None:
            if section.name == "Address":
                self.unknown += [f"[Address] {key}={value}" for key, value in section.settings if key == "Address"]
            elif section.settings == (("Address", ""),):
                self.values["addresses"] = ()
                return True
            return False
        self._append("addresses", address)
        return True

    def _route_section(self, section: Section) -> None:
        given = {key: value for key, value in section.settings if value}
        route = _route(given)
        if route is None:
            self.unknown += [f"[Route] {key}={value}" for key, value in section.settings]
        else:
            self._append("routes", route)
            self.unknown += [f"[Route] {key}={value}" for key, value in given.items()]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str, broadcast: str | None) -> IpAddress | None:
    try:
        found = ip_interface(text)
        if "/" not in text or found.ip.is_unspecified or (broadcast is not None and not _is_address(broadcast)):
            return None
    except ValueError:
        return None
    derived = str(found.network.broadcast_address)
    return IpAddress(
        ip=str(found.ip),
        prefix_length=found.network.prefixlen,
        broadcast=None if broadcast in (None, derived) else broadcast,
    )


def _default_route(gateway: str) -> RouteEntry:
    destination = "::/0" if ":" in gateway else "0.0.0.0/0"
    return RouteEntry(destination=destination, next_hop_address=str(ip_address(gateway)))


def _route(given: dict[str, str]) -> RouteEntry | None:
    """Return a route, and take what it has from the settings; None: there is none to express."""
    gateway, destination = given.get("Gateway"), given.get("Destination")
    if (gateway is not None and not _is_address(gateway)) or (gateway is None and destination is None):
        return None
    try:
        network = str(ip_network(destination, strict=False)) if destination else None
        metric = int(given["Metric"]) if "Metric" in given else None
        table = TABLES.get(given.get("Table", "")) or (int(given["Table"]) if "Table" in given else None)
    except ValueError:
        return None
    if network is None:
        network = "::/0" if ":" in (gateway or "") else "0.0.0.0/0"
    for key in ("Gateway", "Destination", "Metric", "Table"):
        given.pop(key, None)
    for key, value in (("Type", "unicast"), ("Protocol", "static"), ("Scope", "global" if gateway else "link")):
        if given.get(key) == value:
            del given[key]
    return RouteEntry(
        destination=network,
        next_hop_address=None if gateway is None else str(ip_address(gateway)),
        metric=metric,
        table_id=table,
    )
