"""Check addresses and routes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

from hostinfo.model.network_state import Interface, IpConfiguration, NetworkState, RouteEntry
from hostinfo.suggestions import did_you_mean

from .backend import Fault
from .merge import complete_route
from .stack import by_name, controllers


def check_addresses(link: Interface, asked: Interface | None) -> Iterator[Fault]:
    """Yield the faults of the addresses that a request names."""
    for family in ("ipv4", "ipv6"):
        wanted: IpConfiguration | None = getattr(asked, family) if asked is not None else None
        if wanted is None:
            continue
        path = f"interfaces[{link.name}].{family}"
        if wanted.enabled is False and (wanted.addresses or wanted.dhcp or wanted.autoconf):
            yield Fault(path=f"{path}.enabled", message="false, but addresses are given or requested")
        seen = set()
        for number, address in enumerate(wanted.addresses or ()):
            here = f"{path}.address[{number}]"
            ip = ip_address(address.ip)
            if ip.is_multicast or ip.is_unspecified:
                yield Fault(path=f"{here}.ip", message=f"{ip} cannot be the address of an interface")
            if ip in seen:
                yield Fault(path=f"{here}.ip", message=f"{ip} is listed twice")
            seen.add(ip)


def check_routes(request: NetworkState, desired: NetworkState, links: Collection[str]) -> Iterator[Fault]:
    """Yield the faults of the routes that a request adds."""
    names = by_name(desired)
    ports = controllers(desired.interfaces)
    for number, route in enumerate((request.routes.config if request.routes else None) or ()):
        path = f"routes.config[{number}]"
        if route.state == "absent":
            continue
        if route.destination is None:
            yield Fault(path=f"{path}.destination", message="missing")
        if route.metric is not None and not 0 <= route.metric < 1 << 32:
            yield Fault(path=f"{path}.metric", message=f"{route.metric} is not between 0 and {(1 << 32) - 1}")
        if route.table_id is not None and not 0 <= route.table_id < 1 << 32:
            yield Fault(path=f"{path}.table-id", message=f"{route.table_id} is not between 0 and {(1 << 32) - 1}")
        name = route.next_hop_interface
        if name is None:
            yield Fault(path=f"{path}.next-hop-interface", message="missing")
            continue
        link = names.get(name)
        if link is None:
            reason = "not managed by hostinfo" if name in links else f"no such interface{did_you_mean(name, names)}"
            yield Fault(path=f"{path}.next-hop-interface", message=f"{name}: {reason}")
        elif link.state != "up":
            yield Fault(path=f"{path}.next-hop-interface", message=f"{name} is down; set it up as well")
        elif name in ports:
            message = f"{name} is a port of {ports[name]}; use {ports[name]}"
            yield Fault(path=f"{path}.next-hop-interface", message=message)
        elif route.destination is not None:
            yield from _check_gateway(route, link, desired, path)
    yield from _check_keys(request)


def check_kept_routes(current: NetworkState, desired: NetworkState) -> Iterator[Fault]:
    """Yield the routes that would lose their gateway: the address by which it is reached is taken away."""
    old, new = by_name(current), by_name(desired)
    kept = set((current.routes.config if current.routes else None) or ())
    for route in (desired.routes.config if desired.routes else None) or ():
        name = route.next_hop_interface or ""
        if route not in kept or route.next_hop_address is None or name not in old or name not in new:
            continue
        gateway = ip_address(route.next_hop_address)
        before, after = (link.ipv4 if gateway.version == 4 else link.ipv6 for link in (old[name], new[name]))
        if before is None or after is None or before.addresses == after.addresses:
            continue
        if _is_on_link(gateway, old[name], before, current) and not _is_on_link(gateway, new[name], after, desired):
            message = (
                f"the route {route.destination} via {gateway} needs an address in the gateway's network; keep it, or "
                "remove the route as well"
            )
            yield Fault(path=f"interfaces[{name}].ipv{gateway.version}.address", message=message)


def _check_gateway(route: RouteEntry, link: Interface, desired: NetworkState, path: str) -> Iterator[Fault]:
    """Check that the gateway is on the link, as the kernel requires."""
    network = ip_network(route.destination or "")
    ip = link.ipv4 if network.version == 4 else link.ipv6
    if ip is None or not ip.enabled:
        message = f"{link.name} has no IPv{network.version}; give it an address"
        yield Fault(path=f"{path}.next-hop-interface", message=message)
        return
    if route.next_hop_address is None:
        return
    gateway = ip_address(route.next_hop_address)
    if gateway.version != network.version:
        yield Fault(path=f"{path}.next-hop-address", message=f"no IPv{network.version} address, as the destination is")
    elif not (ip.dhcp or ip.autoconf or gateway.is_link_local or _is_on_link(gateway, link, ip, desired)):
        message = f"{gateway} is not in a network of {link.name}; give {link.name} an address there"
        yield Fault(path=f"{path}.next-hop-address", message=message)
    elif any(address.ip == route.next_hop_address for address in ip.addresses or ()):
        yield Fault(path=f"{path}.next-hop-address", message=f"{gateway} is an address of {link.name} itself")


def _is_on_link(
    gateway: IPv4Address | IPv6Address, link: Interface, ip: IpConfiguration, desired: NetworkState
) -> bool:
    if any(gateway in ip_interface(f"{one.ip}/{one.prefix_length}").network for one in ip.addresses or ()):
        return True
    return any(
        route.next_hop_address is None
        and route.next_hop_interface == link.name
        and gateway in ip_network(route.destination or "0.0.0.0/0")
        for route in (desired.routes.config if desired.routes else None) or ()
    )


def _check_keys(request: NetworkState) -> Iterator[Fault]:
    """The kernel has one route per destination, table and metric."""
    seen: dict[tuple[object, ...], int] = {}
    for number, given in enumerate((request.routes.config if request.routes else None) or ()):
        if given.state == "absent" or given.destination is None:
            continue
        route = complete_route(given)
        key = (route.destination, route.table_id, route.metric)
        if key in seen:
            message = f"the same destination, table and metric as routes.config[{seen[key]}]; give one another metric"
            yield Fault(path=f"routes.config[{number}]", message=message)
        seen.setdefault(key, number)
