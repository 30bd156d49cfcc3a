"""Routes that a state does not have: of routing daemons and DHCP, or with properties that the schema cannot express.

The kernel deletes them when their link is set down, or when an address that they need is deleted, and nothing here
could put them back. So a change that would do that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hostinfo.model.network import Network, Route
from hostinfo.model.network_state import NetworkState, RouteEntry

from .backend import Fault
from .merge import IPV6_METRIC, MAIN_TABLE
from .running_state import is_expressible
from .stack import by_name
from .steps import DeleteAddress, DeleteLink, KernelStep, SetDown

RESTORED = ("kernel", "ra", "redirect")
"""Protocols of routes that the kernel adds again by itself."""


def check_foreign_routes(
    current: NetworkState, desired: NetworkState, network: Network, steps: Iterable[KernelStep]
) -> Iterator[Fault]:
    """Yield a fault for each route that the steps would take away, or that a new route would replace."""
    foreign = [route for route in network.routes if route.type == "unicast" and not is_expressible(route)]
    yield from _lost(foreign, desired, network, list(steps))
    yield from _replaced(foreign, current, desired)


def _lost(foreign: list[Route], desired: NetworkState, network: Network, steps: list[KernelStep]) -> Iterator[Fault]:
    left = by_name(desired)
    set_down = {step.link for step in steps if isinstance(step, SetDown | DeleteLink)} & left.keys()
    deleted = {(step.link, step.ip) for step in steps if isinstance(step, DeleteAddress)}
    present = {(one.link, one.address) for one in network.addresses}
    touched = set_down | ({link for link, _ in deleted} & left.keys())
    for route in foreign:
        if route.protocol in RESTORED:
            continue
        for link in {route.link, *(hop.link for hop in route.next_hops)} & touched:
            addresses = {(name, ip) for name, ip in present if name == link and (":" in ip) == (route.family == "ipv6")}
            needs_deleted = (link, route.preferred_source) in deleted or (addresses and addresses <= deleted)
            if link in set_down or needs_deleted:
                what = "is set down" if link in set_down else "loses an address"
                message = (
                    f"the route {describe(route)} would be lost, because {link} {what}, and cannot be put back; "
                    "delete it first"
                )
                yield Fault(path=f"interfaces[{link}]", message=message)


def _replaced(foreign: list[Route], current: NetworkState, desired: NetworkState) -> Iterator[Fault]:
    """The kernel has one route per destination, table and metric, whoever added it."""
    owners = {_key(route): route for route in foreign}
    old = set(_routes(current))
    for route in _routes(desired):
        owner = owners.get((route.destination or "", route.table_id or MAIN_TABLE, route.metric or 0))
        if route not in old and owner is not None:
            message = f"would replace the route {describe(owner)}; give it another metric"
            yield Fault(path=f"routes.config[{route.destination}]", message=message)


def _routes(state: NetworkState) -> tuple[RouteEntry, ...]:
    return (state.routes.config if state.routes else None) or ()


def _key(route: Route) -> tuple[str, int, int]:
    is_ipv6 = route.family == "ipv6"
    default = "::/0" if is_ipv6 else "0.0.0.0/0"
    destination = default if route.destination == "default" else route.destination
    return destination, route.table, route.metric or (IPV6_METRIC if is_ipv6 else 0)


def describe(route: Route) -> str:
    """Return a route as ip-route(8) shows it, with its owner."""
    words = [route.destination]
    words += [f"via {route.gateway}"] if route.gateway else []
    words += [f"dev {route.link}"] if route.link else []
    words += [f"proto {route.protocol}"] if route.protocol else []
    words += [f"src {route.preferred_source}"] if route.preferred_source else []
    words += [f"metric {route.metric}"] if route.metric else []
    return " ".join(words)
