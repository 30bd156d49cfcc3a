"""The interfaces by which peers reach this host: what carries the administrator's connection."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hostinfo.model.network import Network, Route
from hostinfo.model.report import Change

MAIN_TABLE = 254


def management_path(network: Network, peers: Iterable[str]) -> frozenset[str]:
    """Return the names of the links between this host and its peers: the outgoing link and all links below it.

    ``peers`` are IP addresses; others are ignored. The outgoing link is that of the most specific route in the main
    table with the lowest metric.
    """
    below = {link.name: (*link.lower, *link.ports) for link in network.links}
    found: set[str] = set()
    left = [link for peer in peers for link in _outgoing(network, peer)]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += below.get(name, ())
    return frozenset(found)


def _outgoing(network: Network, peer: str) -> list[str]:
    try:
        address = ip_address(peer)
    except ValueError:
        return []
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return [address.scope_id]
    family = f"ipv{address.version}"
    routes = [
        route
        for route in network.routes
        if route.family == family and route.table == MAIN_TABLE and route.type == "unicast" and _matches(route, address)
    ]
    if not routes:
        return []
    best = max(routes, key=lambda route: (_length(route), -(route.metric or 0)))
    hops = [hop.link for hop in best.next_hops] or [best.link]
    return [link for link in hops if link is not None]


def _matches(route: Route, address: IPv4Address | IPv6Address) -> bool:
    return route.destination == "default" or address in ip_network(route.destination, strict=False)


def _length(route: Route) -> int:
    return -1 if route.destination == "default" else int(route.destination.rpartition("/")[2])


def changed_links(changes: Iterable[Change]) -> frozenset[str]:
    """Return the names of the links that changes concern; routes and name servers concern none by themselves."""
    return frozenset(_link_of(change.path) for change in changes) - {"routes", "dns-resolver"}


def _link_of(path: str) -> str:
    """Return the link of a path: names may have dots, keys of the state follow the name."""
    for key in _KEYS:
        name, separator, _ = path.partition(f".{key}")
        if separator:
            return name
    return path


_KEYS = ("bridge.", "ipv4.", "ipv6.", "link-aggregation.", "mac-address", "mtu", "state", "type", "vlan.")
