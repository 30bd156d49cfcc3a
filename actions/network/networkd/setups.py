"""From a state to what the files of its links depend on."""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.model.network_state import DnsConfiguration, Interface, IpConfiguration, NetworkState
from hostinfo.record import record_fields, replace

from ..stack import controllers, vlans_on
from .configuration import Configuration
from .network_text import LinkSetup

Dns = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""Link -> its name servers and search domains."""


def link_setups(state: NetworkState, dns: Dns) -> dict[str, LinkSetup]:
    """Return what the files of all links of a complete state depend on."""
    ports = controllers(state.interfaces)
    links = {link.name: link for link in state.interfaces}
    options = {port.name: port for link in state.interfaces if link.bridge for port in link.bridge.ports or ()}
    primaries = {(link.link_aggregation.options or {}).get("primary") for link in state.interfaces
                 if link.link_aggregation is not None}  # fmt: skip
    vlans = vlans_on(state.interfaces)
    routes = (state.routes.config if state.routes else None) or ()
    return {
        name: LinkSetup(
            link=link,
            controller=ports.get(name),
            controller_type=links[ports[name]].type if name in ports else None,
            is_primary=name in primaries,
            port=options.get(name),
            vlans=tuple(sorted(vlans.get(name, ()))),
            routes=tuple(route for route in routes if route.next_hop_interface == name),
            dns=dns.get(name, ((), ()))[0],
            domains=dns.get(name, ((), ()))[1],
        )
        for name, link in links.items()
    }


def complete(current: NetworkState, desired: NetworkState) -> NetworkState:
    """Return the desired state without None where the present value stays.

    A NIC that leaves a bond or bridge gets its link-local address back.
    """
    old = {link.name: link for link in current.interfaces}
    before, after = controllers(current.interfaces), controllers(desired.interfaces)
    links = []
    for link in desired.interfaces:
        present = old.get(link.name)
        is_freed = link.name in before and link.name not in after
        ipv6 = IpConfiguration(enabled=True, dhcp=False, autoconf=False, addresses=()) if is_freed else None
        asked = replace(link, ipv6=link.ipv6 or ipv6)
        links.append(_filled(asked, present) if present is not None and present.type == link.type else asked)
    return replace(desired, interfaces=tuple(links))


def _filled(link: Interface, present: Interface) -> Interface:
    missing = [name for name in record_fields(Interface) if getattr(link, name) is None]
    return replace(link, **{name: getattr(present, name) for name in missing})


def present_dns(configuration: Configuration) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the name servers of each link that networkd owns and that has any."""
    found = {}
    for name in configuration.links:
        file = configuration.file_of(name) if configuration.is_owned(name) else None
        if file is not None and file.content is not None and (file.content.dns or file.content.domains):
            found[name] = (file.content.dns, file.content.domains)
    return found


def desired_dns(present: Dns, current: NetworkState, desired: NetworkState) -> Dns | None:
    """Return which link gets which name servers; None: no link can have them.

    networkd has name servers per link: all of a new list belong to one that has some, or to that of the default route.
    """
    wanted = (desired.dns_resolver.config if desired.dns_resolver else None) or DnsConfiguration()
    before = (current.dns_resolver.config if current.dns_resolver else None) or DnsConfiguration()
    names = {link.name for link in desired.interfaces} - set(controllers(desired.interfaces))
    if wanted == before and set(present) <= names:
        return present
    servers, search = wanted.servers or (), wanted.search or ()
    if not servers and not search:
        return {}
    defaults = [route.next_hop_interface or "" for route in (desired.routes.config if desired.routes else None) or ()
                if route.destination in ("0.0.0.0/0", "::/0")]  # fmt: skip
    addressed = [link.name for link in desired.interfaces
                 for ip in (link.ipv4, link.ipv6) if ip is not None and (ip.addresses or ip.dhcp)]  # fmt: skip
    for name in (*sorted(present), *defaults, *addressed):
        if name in names:
            return {name: (servers, search)}
    return None
