"""The back end without a network service: rtnetlink alone. What it changes is lost at the next boot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hostinfo.drivers.sources.local import local_sources
from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sysfs.network import read
from hostinfo.errors import ActionFailed
from hostinfo.model.network import Network
from hostinfo.model.network_state import NetworkState, RouteEntry, Routes

from .backend import Backend, Fault, OnStep, PlannedStep
from .compare import compare
from .document import parse_state, to_document
from .foreign_routes import check_foreign_routes
from .kernel_plan import plan_kernel
from .kernel_steps import IPV6_SETTINGS, KernelSteps, describe
from .management import changed_links
from .merge import merge
from .running_state import Ipv6Settings, managed_types, read_bridge_details, running_state

NAME = "kernel"


def read_network() -> Network:
    """Read the links, addresses and routes of this network namespace. ReadError: they cannot be read."""
    result = read(local_sources(), None)
    for problem in result.problems:
        if problem.path in ("links", "addresses", "routes"):
            raise problem.error
    return result.value


def read_state(network: Network | None = None) -> NetworkState:
    """Read the state in force; ``network`` is what was read of it already."""
    network = network or read_network()
    details = read_bridge_details(dump("links"))
    ipv6 = {name: read_ipv6(name) for name in managed_types(network)}
    return running_state(network, details, ipv6)


def read_ipv6(link: str) -> Ipv6Settings:
    """Read the IPv6 settings of a link; a kernel without IPv6 has it disabled."""
    values = {}
    for name in ("disable_ipv6", "autoconf", "accept_ra", "forwarding"):
        try:
            with open(f"{IPV6_SETTINGS}/{link}/{name}", encoding="ascii") as file:
                values[name] = int(file.read(16))
        except (OSError, ValueError):
            return Ipv6Settings(is_enabled=False, autoconf=False)
    accepts = values["accept_ra"] == 2 or (values["accept_ra"] == 1 and not values["forwarding"])
    return Ipv6Settings(is_enabled=not values["disable_ipv6"], autoconf=bool(values["autoconf"]) and accepts)


def check(current: NetworkState, desired: NetworkState) -> tuple[Fault, ...]:
    """Return what the kernel cannot do by itself, and the routes that it would lose."""
    faults = []
    for link in desired.interfaces:
        for family, ip in (("ipv4", link.ipv4), ("ipv6", link.ipv6)):
            if ip is not None and ip.dhcp:
                message = "the kernel has no DHCP client, and no network service configures this host"
                faults.append(Fault(path=f"interfaces[{link.name}].{family}.dhcp", message=message))
    if desired.dns_resolver is not None and desired.dns_resolver.config is not None:
        message = "name servers need a network service, and none configures this host"
        faults.append(Fault(path="dns-resolver", message=message))
    return (*faults, *check_foreign_routes(current, desired, read_network(), plan_kernel(current, desired)))


def plan(current: NetworkState, desired: NetworkState) -> tuple[PlannedStep, ...]:
    """Return the steps for people; two equal ones are numbered."""
    steps = []
    seen: dict[str, int] = {}
    for step in plan_kernel(current, desired):
        name = describe(step)
        seen[name] = seen.get(name, 0) + 1
        again = f" ({seen[name]})" if seen[name] > 1 else ""
        steps.append(PlannedStep(name=f"{name}{again}", target=getattr(step, "link", "")))
    return tuple(steps)


def apply(current: NetworkState, desired: NetworkState, on_step: OnStep) -> None:
    """Carry out the plan. ActionFailed: the kernel refused a step; those before it stay."""
    kernel = KernelSteps()
    try:
        for step, planned in zip(plan_kernel(current, desired), plan(current, desired), strict=True):
            on_step(planned.name, planned.target)
            kernel.apply(step)
    finally:
        kernel.close()


def snapshot(current: NetworkState, desired: NetworkState) -> Mapping[str, Any]:
    """Return the changed links as they are, and the routes that come and go."""
    changed = changed_links(compare(current, desired))
    before = merge(current, NetworkState(), _foreign_ports(current))
    old, new = _routes(before), _routes(desired)
    kept = [route for route in old if route not in new or route.next_hop_interface in changed]
    links = tuple(link for link in before.interfaces if link.name in changed)
    return {
        "links": sorted(changed),
        "before": to_document(NetworkState(interfaces=links, routes=Routes(config=tuple(kept)))),
        "added_routes": to_document(tuple(route for route in new if route not in old)),
    }


def _routes(state: NetworkState) -> tuple[RouteEntry, ...]:
    return (state.routes.config if state.routes else None) or ()


def _foreign_ports(state: NetworkState) -> set[str]:
    names = {link.name for link in state.interfaces}
    ports = {port.name for link in state.interfaces if link.bridge for port in link.bridge.ports or ()}
    return ports - names


def _target(saved: Mapping[str, Any], current: NetworkState) -> NetworkState:
    """Return the state before the change, with what others changed meanwhile."""
    changed = set(saved["links"])
    before = parse_state(saved["before"], "snapshot")
    added = _routes(parse_state({"routes": {"config": saved["added_routes"]}}, "snapshot"))
    now = merge(current, NetworkState(), _foreign_ports(current))
    links = (*before.interfaces, *(link for link in now.interfaces if link.name not in changed))
    names = {link.name for link in links}
    routes = dict.fromkeys((*_routes(before), *(route for route in _routes(now) if route not in added)))
    usable = tuple(route for route in routes if route.next_hop_interface in names)
    return NetworkState(interfaces=tuple(sorted(links, key=lambda link: link.name)), routes=Routes(config=usable))


def restore(saved: Mapping[str, Any], on_step: OnStep) -> None:
    """Undo a change from whatever is in force. ActionFailed: what still differs, after all that can be done."""
    failures = []
    for _ in range(2):  # what a first pass could not do for a link in its way, a second one does
        current = read_state()
        target = _target(saved, current)
        if not compare(current, target):
            return
        kernel = KernelSteps()
        try:
            for step, planned in zip(plan_kernel(current, target), plan(current, target), strict=True):
                on_step(planned.name, planned.target)
                try:
                    kernel.apply(step)
                except ActionFailed as error:
                    failures.append(str(error))
        finally:
            kernel.close()
    current = read_state()
    left = compare(current, _target(saved, current))
    if left:
        differences = ", ".join(change.path for change in left[:10])
        raise ActionFailed("rollback", f"these differ from the state before: {differences} ({'; '.join(failures[:5])})")


def kernel_backend() -> Backend:
    """Return the back end of this network namespace."""
    return Backend(
        name=NAME,
        is_persistent=False,
        read=read_state,
        check=check,
        plan=plan,
        snapshot=snapshot,
        apply=apply,
        persist=lambda _: None,
        restore=restore,
    )
