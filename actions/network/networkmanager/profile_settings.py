"""Write the model into the settings of a profile. What the model does not have stays in the settings."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from hostinfo.model.network_state import (
    BridgePort,
    DnsConfiguration,
    Interface,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
)

from ..merge import MAIN_TABLE
from ..stack import by_name, controllers
from ..validate import is_recreated
from .dbus_values import Settings, copy
from .profile_state import (
    DEFAULTS,
    addresses,
    configured_ip,
    is_expressible,
    master_of,
    name_servers,
    route_entry,
)

NAMESPACE = UUID("6ba2a9c0-6c4d-4b0e-9a53-2f1d2d3b8a10")
KINDS = {"ethernet": "802-3-ethernet", "bond": "bond", "vlan": "vlan", "linux-bridge": "bridge"}
REORDER_HEADERS = 1
MAX_PRIORITY = 999
FIRST_DNS_PRIORITY = 40
"""Of the family whose servers come first, where that is IPv6; IPv4 has 50 or more then."""


def new_uuid(link: str) -> str:
    """Return the UUID of the profile that hostinfo adds for a link: always the same one."""
    return str(uuid5(NAMESPACE, link))


def new_settings(link: Interface) -> Settings:
    """Return the settings of a new profile, without those of the link."""
    connection = {
        "id": f"hostinfo-{link.name}",
        "uuid": new_uuid(link.name),
        "type": KINDS[link.type or ""],
        "interface-name": link.name,
    }
    return {"connection": connection}


class Writer:
    """Writes the desired state of links into their profiles."""

    def __init__(self, current: NetworkState, desired: NetworkState, mac_of_bridge: dict[str, str | None]) -> None:
        self._old, self._new = by_name(current), by_name(desired)
        self._current_routes = set((current.routes.config if current.routes else None) or ())
        self._routes = (desired.routes.config if desired.routes else None) or ()
        self._controllers = controllers(desired.interfaces)
        self._old_controllers = controllers(current.interfaces)
        self._mac_of_bridge = mac_of_bridge

    def settings(self, name: str, base: Settings | None, inherited: Settings | None) -> Settings:
        """Return the settings of a link.

        ``base`` are those of its profile; None: it has none. ``inherited`` are those of a port whose addresses a new
        bond or bridge takes over.
        """
        link = self._new[name]
        old = self._old.get(name) if base is not None else None
        found = copy(base) if base is not None else new_settings(link)
        if base is None and inherited is not None:
            found |= {family: dict(inherited[family]) for family in DEFAULTS if family in inherited}
            if zone := inherited["connection"].get("zone"):
                found["connection"]["zone"] = zone
        self._connection(found, link)
        self._link(found, link, old)
        controller = self._controllers.get(name)
        if controller is None:
            for family in DEFAULTS:
                self._ip(found, link, family, is_kept=base is not None and master_of(base) is None)
        return found

    def _connection(self, found: Settings, link: Interface) -> None:
        connection = found["connection"]
        if link.state == "down":
            connection["autoconnect"] = False
        else:
            connection.pop("autoconnect", None)
        controller = self._controllers.get(link.name)
        if controller is None:
            for key in ("master", "controller", "slave-type", "port-type"):
                connection.pop(key, None)
            found.pop("bridge-port", None)
            found.pop("bond-port", None)
            return
        if master_of(found) is None or self._old_controllers.get(link.name) != controller:
            kind = self._new[controller].type
            for key in ("controller", "port-type"):
                connection.pop(key, None)
            connection["master"], connection["slave-type"] = controller, KINDS[kind or ""]
        for section in (*DEFAULTS, "proxy"):
            found.pop(section, None)
        bridge = self._new[controller].bridge
        for port in (bridge.ports or ()) if bridge is not None else ():
            if port.name == link.name:
                self._port(found, port, self._old_port(controller, link.name))

    def _old_port(self, bridge: str, name: str) -> BridgePort:
        old = self._old.get(bridge)
        ports = old.bridge.ports if old is not None and old.bridge is not None else None
        return next((port for port in ports or () if port.name == name), BridgePort(name=name))

    @staticmethod
    def _port(found: Settings, port: BridgePort, old: BridgePort) -> None:
        values = {
            "hairpin-mode": (old.stp_hairpin_mode, port.stp_hairpin_mode),
            "path-cost": (old.stp_path_cost, port.stp_path_cost),
            "priority": (old.stp_priority, port.stp_priority),
        }
        changed = {key: new for key, (before, new) in values.items() if new is not None and new != before}
        if changed:
            found["bridge-port"] = found.get("bridge-port", {}) | changed

    def _link(self, found: Settings, link: Interface, old: Interface | None) -> None:
        wired = dict(found.get("802-3-ethernet", {}))
        running = self._old.get(link.name)
        is_new_link = running is None or (old is None and link.type != "ethernet")
        if link.mtu is not None and (is_new_link or running is None or running.mtu != link.mtu):
            wired["mtu"] = link.mtu
        present = running.mac_address if running is not None else None
        mac = link.mac_address
        if mac is None and old is None and link.type == "linux-bridge":
            mac = self._mac_of_bridge.get(link.name)
        if mac is not None and (mac != present or (old is None and link.type != "ethernet")):
            wired.pop("cloned-mac-address", None)
            wired["assigned-mac-address"] = mac
        if wired:
            found["802-3-ethernet"] = wired
        elif link.type == "ethernet":
            found.setdefault("802-3-ethernet", {})
        if link.link_aggregation is not None:
            self._bond(found, link, old)
        elif link.vlan is not None:
            section = found.setdefault("vlan", {"flags": REORDER_HEADERS})
            section["id"], section["parent"] = link.vlan.id, link.vlan.base_iface
            if (link.vlan.protocol or "802.1q") != "802.1q" or "protocol" in section:
                section["protocol"] = "802.1ad" if link.vlan.protocol == "802.1ad" else "802.1Q"
        elif link.bridge is not None:
            self._bridge(found, link, old)

    @staticmethod
    def _bond(found: Settings, link: Interface, old: Interface | None) -> None:
        bond = link.link_aggregation or LinkAggregation()
        wanted = {
            key: str(int(value) if isinstance(value, bool) else value) for key, value in (bond.options or {}).items()
        }
        section = found.setdefault("bond", {})
        options = {str(key): str(value) for key, value in section.get("options", {}).items()}
        before = old.link_aggregation if old is not None else None
        if before is None or (old is not None and is_recreated(old, link)):
            options = wanted
        else:
            present = {key: str(value) for key, value in (before.options or {}).items()}
            options |= {key: value for key, value in wanted.items() if present.get(key) != value}
            gone = [key for key in options if key == "primary" and key not in wanted]
            for key in gone:
                del options[key]
        options["mode"] = bond.mode or "balance-rr"
        if options != {str(key): str(value) for key, value in section.get("options", {}).items()}:
            section["options"] = options

    @staticmethod
    def _bridge(found: Settings, link: Interface, old: Interface | None) -> None:
        section = found.setdefault("bridge", {})
        before = _bridge_values(old) if old is not None else {}
        wanted = {key: value for key, value in _bridge_values(link).items() if value is not None}
        section |= {key: value for key, value in wanted.items() if before.get(key) != value}
        if old is None:
            section.setdefault("stp", False)  # NetworkManager's default delays the first frame by 30 seconds

    def _ip(self, found: Settings, link: Interface, family: str, *, is_kept: bool) -> None:
        """Write addresses, the method and routes; settings that mean the same already stay."""
        section = found.setdefault(family, {})
        wanted: IpConfiguration | None = getattr(link, family)
        present = getattr(self._old.get(link.name), family, None)
        if wanted is None and not is_kept:
            section["method"] = "disabled" if family == "ipv4" else "link-local"
        elif wanted is not None and not (is_kept and wanted == present and self._agrees(section, wanted, family)):
            section["method"] = _method(wanted, family)
            self._addresses(section, wanted)
        self._write_routes(section, link.name, family)

    @staticmethod
    def _agrees(section: dict[str, Any], wanted: IpConfiguration, family: str) -> bool:
        """Whether the profile configures what is wanted already; methods of its own, such as shared, stay."""
        if section.get("method") not in ("auto", "dhcp", "manual", "disabled", "link-local"):
            return True
        configured = configured_ip(section, family)
        is_same = (configured.dhcp, configured.autoconf, configured.addresses) == (
            wanted.dhcp, wanted.autoconf, tuple(wanted.addresses or ()),
        )  # fmt: skip
        return bool(is_same and (family == "ipv4" or configured.enabled == wanted.enabled))

    @staticmethod
    def _addresses(section: dict[str, Any], wanted: IpConfiguration) -> None:
        present = dict(zip(addresses(section), section.get("address-data", ()), strict=True))
        entries = [present.get(one, {"address": one.ip, "prefix": one.prefix_length}) for one in wanted.addresses or ()]
        if entries != list(section.get("address-data", ())):
            section["address-data"] = entries
        if not entries:
            section.pop("gateway", None)

    def _write_routes(self, section: dict[str, Any], name: str, family: str) -> None:
        is_ipv6 = family == "ipv6"
        wanted = [
            route
            for route in self._routes
            if route.next_hop_interface == name and (":" in (route.destination or "")) == is_ipv6
        ]
        kept = []
        left = list(wanted)
        for route in section.get("route-data", ()):
            match = next((one for one in left if _is_same(route, name, one, is_ipv6=is_ipv6)), None)
            if match is not None:
                left.remove(match)
            if match is not None or not is_expressible(route):
                kept.append(route)
        if gateway := section.get("gateway"):
            by_gateway = next((one for one in left if self._is_by_gateway(one, str(gateway), family)), None)
            if by_gateway is None:
                section.pop("gateway")
            else:
                left.remove(by_gateway)
        entries = [*kept, *(_route_data(route) for route in left)]
        if entries != list(section.get("route-data", ())):
            section["route-data"] = entries

    def _is_by_gateway(self, route: RouteEntry, gateway: str, family: str) -> bool:
        is_default = (route.destination, route.next_hop_address) == (DEFAULTS[family], gateway)
        return is_default and route.table_id in (None, MAIN_TABLE) and route in self._current_routes


def _bridge_values(link: Interface) -> dict[str, Any]:
    options = link.bridge.options if link.bridge is not None else None
    if options is None:
        return {}
    tree = options.stp
    return {
        "ageing-time": options.mac_ageing_time,
        "multicast-snooping": options.multicast_snooping,
        "group-forward-mask": options.group_forward_mask,
        **(
            {}
            if tree is None
            else {
                "stp": tree.enabled,
                "forward-delay": tree.forward_delay,
                "hello-time": tree.hello_time,
                "max-age": tree.max_age,
                "priority": tree.priority,
            }
        ),
    }


def _method(ip: IpConfiguration, family: str) -> str:
    if family == "ipv4":
        return "auto" if ip.dhcp else "manual" if ip.addresses else "disabled"
    if ip.enabled is False:
        return "disabled"
    if ip.autoconf:
        return "auto"
    return "dhcp" if ip.dhcp else "manual" if ip.addresses else "link-local"


def _is_same(route: Any, link: str, wanted: RouteEntry, *, is_ipv6: bool) -> bool:
    """Whether a route of a profile leads to a route of the kernel; without a metric it has the one of the device."""
    found = route_entry(route, link)
    where = (found.destination, found.next_hop_address, found.table_id or MAIN_TABLE)
    if where != (wanted.destination, wanted.next_hop_address, wanted.table_id or MAIN_TABLE):
        return False
    return "metric" not in route or (found.metric or None) == wanted.metric or (is_ipv6 and found.metric is None)


def _route_data(route: RouteEntry) -> dict[str, Any]:
    destination, _, length = (route.destination or "").partition("/")
    entry: dict[str, Any] = {"dest": destination, "prefix": int(length), "metric": route.metric or 0}
    if route.next_hop_address is not None:
        entry["next-hop"] = route.next_hop_address
    if route.table_id not in (None, MAIN_TABLE):
        entry["table"] = route.table_id
    return entry


def write_name_servers(found: Settings, wanted: DnsConfiguration) -> None:
    """Write name servers and search domains into the settings of one link; those that are there already stay."""
    if name_servers(found) == DnsConfiguration(servers=wanted.servers or (), search=wanted.search or ()):
        return
    servers = wanted.servers or ()
    four = [server for server in servers if ":" not in server]
    six = [server for server in servers if ":" in server]
    for family, own in (("ipv4", four), ("ipv6", six)):
        if family not in found:
            continue
        section = found[family]
        section.pop("dns-data", None)
        section.pop("dns-priority", None)
        section["dns"] = [_packed(server) for server in own]
        section["dns-search"] = list(wanted.search or ()) if _has_search(found, family) else []
    if servers and ":" in servers[0] and four:
        found["ipv6"]["dns-priority"] = FIRST_DNS_PRIORITY


def _has_search(found: Settings, family: str) -> bool:
    """Search domains are written once, to IPv4 unless it is disabled."""
    method: str = found.get("ipv4", {}).get("method", "disabled")
    return (method != "disabled") == (family == "ipv4")


def _packed(server: str) -> Any:
    if ":" in server:
        return socket.inet_pton(socket.AF_INET6, server)
    return struct.unpack("=I", socket.inet_aton(server))[0]


def can_hold(settings: Settings, servers: Iterable[str]) -> bool:
    """Whether a profile has the protocols of these name servers; NetworkManager ignores them otherwise."""
    versions = {ipaddress.ip_address(server).version for server in servers}
    methods = {4: settings.get("ipv4", {}).get("method"), 6: settings.get("ipv6", {}).get("method")}
    usable = {version for version in methods if methods[version] not in (None, "disabled", "ignore", "link-local")}
    return versions <= usable if versions else bool(usable)


def copied_settings(template: Settings, link: str) -> Settings:
    """Return a copy of a profile that several NICs may use, for one of them; it is preferred to the original."""
    found = copy(template)
    found.pop("match", None)
    connection = found["connection"]
    connection.pop("multi-connect", None)
    priority = int(connection.get("autoconnect-priority", 0))
    return found | {
        "connection": connection
        | {
            "id": f"hostinfo-{link}",
            "uuid": new_uuid(link),
            "interface-name": link,
            "autoconnect-priority": min(priority + 1, MAX_PRIORITY),
        }
    }
