"""Write .network files, systemd.network(5)."""

from __future__ import annotations

from collections.abc import Iterator

from hostinfo.model.network_state import BridgePort, Interface, IpConfiguration, RouteEntry
from hostinfo.record import record

from ..merge import IPV6_METRIC, MAIN_TABLE
from .netdev_file import SWITCH
from .unit_text import Section, Setting


@record
class LinkSetup:
    """Everything that the file of one link depends on."""

    link: Interface
    """The interface, complete."""
    controller: str | None
    """Bond or bridge of which it is a port."""
    controller_type: str | None
    """bond or linux-bridge."""
    is_primary: bool
    """Whether it is the primary port of its bond."""
    port: BridgePort | None
    """Its options as a port of a bridge."""
    vlans: tuple[str, ...]
    """VLANs on it."""
    routes: tuple[RouteEntry, ...]
    """Static routes over it."""
    dns: tuple[str, ...] = ()
    """Name servers that are configured with it."""
    domains: tuple[str, ...] = ()
    """Search domains that are configured with it."""


def network_sections(
    setup: LinkSetup,
    match: tuple[Setting, ...],
    kept: tuple[Section, ...],
    mtu: int | None,
    mac_address: str | None,
    *,
    joins_bond: bool,
) -> list[Section]:
    """Return the sections of the file of a link.

    ``mtu`` and ``mac_address``: None leaves them as they are. Not ``joins_bond``: a port stays in its bond, because
    networkd sets a port down whenever it reads a file with Bond=.
    """
    given: dict[str, list[Setting]] = {"Match": list(match), "Link": [], "Network": []}
    for section in kept:
        given.setdefault(section.name, []).extend(section.settings)
    given["Link"] += _link(setup.link, mtu, mac_address)
    given["Network"] += _network(setup, given, joins_bond=joins_bond)
    is_routed = setup.link.ipv6 is not None and setup.controller is None
    if is_routed and setup.link.ipv6 and setup.link.ipv6.dhcp and not setup.link.ipv6.autoconf:
        given.setdefault("IPv6AcceptRA", []).append(("UseAutonomousPrefix", "no"))
    if setup.controller_type == "linux-bridge" and setup.port is not None:
        given.setdefault("Bridge", []).extend(_port(setup.port))
    addresses = [] if setup.controller else list(_addresses(setup.link))
    order = ["Match", "Link", "Network", *(name for name in given if name not in ("Match", "Link", "Network"))]
    sections = [Section(name=name, settings=tuple(given[name])) for name in order]
    return sections[:3] + addresses + [_route(route) for route in setup.routes] + sections[3:]


def _link(link: Interface, mtu: int | None, mac_address: str | None) -> Iterator[Setting]:
    if mac_address is not None:
        yield "MACAddress", mac_address
    if mtu is not None:
        yield "MTUBytes", str(mtu)
    if link.state == "down":
        yield "ActivationPolicy", "down"


def _network(setup: LinkSetup, given: dict[str, list[Setting]], *, joins_bond: bool) -> Iterator[Setting]:
    if setup.controller is not None:
        is_bond = setup.controller_type == "bond"
        if is_bond and not joins_bond:
            yield "KeepMaster", "yes"
        else:
            yield ("Bond" if is_bond else "Bridge"), setup.controller
            if setup.is_primary:
                yield "PrimarySlave", "yes"
    is_port = setup.controller is not None
    four = IpConfiguration() if is_port else setup.link.ipv4 or IpConfiguration()
    six = IpConfiguration() if is_port else setup.link.ipv6 or IpConfiguration()
    words = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6", (False, False): "no"}
    yield "DHCP", words[bool(four.dhcp), bool(six.dhcp)]
    yield "LinkLocalAddressing", "ipv6" if six.enabled else "no"
    yield "IPv6AcceptRA", SWITCH[bool(six.enabled and (six.autoconf or six.dhcp))]
    if setup.link.type == "linux-bridge" and "ConfigureWithoutCarrier" not in dict(given["Network"]):
        yield "ConfigureWithoutCarrier", "yes"  # guests need its addresses while it has no ports
    yield from (("VLAN", name) for name in setup.vlans)
    yield from (("DNS", server) for server in setup.dns)
    if setup.domains:
        yield "Domains", " ".join(setup.domains)


def _addresses(link: Interface) -> Iterator[Section]:
    for ip in (link.ipv4, link.ipv6):
        for one in (ip.addresses or ()) if ip is not None else ():
            settings = [("Address", f"{one.ip}/{one.prefix_length}")]
            if one.broadcast is not None:
                settings.append(("Broadcast", one.broadcast))
            yield Section(name="Address", settings=tuple(settings))


def _route(route: RouteEntry) -> Section:
    settings = [("Destination", route.destination or "")]
    if route.next_hop_address is not None:
        settings.append(("Gateway", route.next_hop_address))
    if route.metric and not (route.metric == IPV6_METRIC and ":" in (route.destination or "")):
        settings.append(("Metric", str(route.metric)))
    if route.table_id not in (None, MAIN_TABLE):
        settings.append(("Table", str(route.table_id)))
    return Section(name="Route", settings=tuple(settings))


def _port(port: BridgePort) -> Iterator[Setting]:
    if port.stp_path_cost is not None:
        yield "Cost", str(port.stp_path_cost)
    if port.stp_priority is not None:
        yield "Priority", str(port.stp_priority)
    if port.stp_hairpin_mode is not None:
        yield "HairPin", SWITCH[port.stp_hairpin_mode]
