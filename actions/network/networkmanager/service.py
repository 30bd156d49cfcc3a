"""The back end for links that NetworkManager configures.

Profiles are changed in memory first, and written to the disk when the change is confirmed. NetworkManager carries out
the change of the links; the kernel is read to judge it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hostinfo.errors import ActionFailed
from hostinfo.model.network import Network
from hostinfo.model.network_state import DnsConfiguration, DnsResolver, Interface, NetworkState, Routes
from hostinfo.record import replace

from ..backend import Backend, Fault, OnStep, PlannedStep, Service
from ..kernel_backend import read_network, read_state
from ..merge import route_key
from ..owners import NETWORKMANAGER
from ..system_bus import NotRunning
from . import keyfiles
from .bus import Bus
from .change import apply_changes, persist_changes, planned_steps, restore_changes, take_snapshot
from .checks import check_changes
from .client import Client
from .profile_plan import plan_profiles
from .profile_state import (
    DNS_PRIORITY,
    add_ip,
    configured_interface,
    configured_port,
    configured_routes,
    master_of,
    name_servers,
)


def add_configuration(state: NetworkState, network: Network) -> NetworkState:  # noqa: ARG001 - as for all services
    """Return the state in force with what only NetworkManager knows: DHCP, router advertisements, name servers.

    ActionFailed: NetworkManager runs, but does not reply.
    """
    try:
        bus = Bus()
    except NotRunning:
        return state
    try:
        client = Client(bus)
        links = []
        servers: list[tuple[int, str, DnsConfiguration]] = []
        for link in state.interfaces:
            device = client.devices.get(link.name)
            settings = client.applied(link.name) if device is not None and device.is_managed else None
            links.append(link if settings is None else add_ip(link, settings))
            if settings is not None and (found := name_servers(settings)) != DnsConfiguration(servers=(), search=()):
                servers.append((_dns_priority(settings), link.name, found))
    finally:
        bus.close()
    servers.sort(key=lambda entry: entry[:2])
    config = DnsConfiguration(
        servers=tuple(dict.fromkeys(server for _, _, found in servers for server in found.servers or ())),
        search=tuple(dict.fromkeys(domain for _, _, found in servers for domain in found.search or ())),
    )
    return replace(state, interfaces=tuple(links), dns_resolver=DnsResolver(config=config))


def _dns_priority(settings: dict[str, dict[str, Any]]) -> int:
    return min(int(settings.get(family, {}).get("dns-priority", 0)) or DNS_PRIORITY for family in ("ipv4", "ipv6"))


def configured_state(network: Network) -> NetworkState:  # noqa: ARG001 - as for all services
    """Return what the profiles on the disk configure; what the model does not have is left out.

    ActionFailed: NetworkManager does not reply.
    """
    bus = Bus()
    try:
        profiles = [one for one in Client(bus).profiles.values() if one.filename.startswith(f"{keyfiles.ETC}/")]
    finally:
        bus.close()
    found: dict[str, Interface] = {}
    for profile in sorted(profiles, key=lambda one: one.filename):
        link = configured_interface(profile.settings)
        if link is not None:
            found[link.name] = link
    uuids = {profile.uuid: str(profile.settings["connection"].get("interface-name", "")) for profile in profiles}
    for profile in profiles:
        master = master_of(profile.settings)
        controller = found.get(uuids.get(master, master) if master else "")
        name = str(profile.settings["connection"].get("interface-name", ""))
        if controller is None or not name:
            continue
        if controller.link_aggregation is not None:
            ports = tuple(sorted({*(controller.link_aggregation.ports or ()), name}))
            bond = replace(controller.link_aggregation, ports=ports)
            found[controller.name] = replace(controller, link_aggregation=bond)
        elif controller.bridge is not None:
            bridge_ports = (*(controller.bridge.ports or ()), configured_port(profile.settings))
            found[controller.name] = replace(controller, bridge=replace(controller.bridge, ports=bridge_ports))
    routes = {route for profile in profiles for route in configured_routes(profile.settings)}
    return NetworkState(
        interfaces=tuple(found[name] for name in sorted(found)),
        routes=Routes(config=tuple(sorted(routes, key=route_key))),
    )


def read() -> NetworkState:
    """Read the state in force: the kernel's, with what NetworkManager adds."""
    network = read_network()
    return add_configuration(read_state(network), network)


def check(current: NetworkState, desired: NetworkState) -> tuple[Fault, ...]:
    """Return what NetworkManager cannot do, and settings of profiles that would be lost."""
    network = read_network()
    try:
        bus = Bus()
    except ActionFailed as error:
        return (Fault(path="interfaces", message=str(error)),)
    try:
        return tuple(dict.fromkeys(check_changes(Client(bus), current, desired, network)))
    finally:
        bus.close()


def plan(current: NetworkState, desired: NetworkState) -> tuple[PlannedStep, ...]:
    """Return the steps for people."""
    bus = Bus()
    try:
        return planned_steps(plan_profiles(Client(bus), current, desired))
    finally:
        bus.close()


def snapshot(current: NetworkState, desired: NetworkState) -> Mapping[str, Any]:
    """Return the keyfiles without their secrets, the active profiles, and the links and routes as they are."""
    bus = Bus()
    try:
        return take_snapshot(Client(bus), current, desired)
    finally:
        bus.close()


def apply(current: NetworkState, desired: NetworkState, on_step: OnStep) -> None:
    """Change the profiles in memory and activate them. ActionFailed: those before the failure stay."""
    bus = Bus()
    try:
        apply_changes(bus, current, desired, on_step)
    finally:
        bus.close()


def persist(desired: NetworkState) -> None:
    """Write the profiles that were changed to the disk. ActionFailed: NetworkManager's reason, such as a full disk."""
    bus = Bus()
    try:
        persist_changes(bus, desired)
    finally:
        bus.close()


def networkmanager_backend() -> Backend:
    """Return the back end of this host's NetworkManager."""
    return Backend(
        name=NETWORKMANAGER,
        is_persistent=True,
        read=read,
        check=check,
        plan=plan,
        snapshot=snapshot,
        apply=apply,
        persist=persist,
        restore=restore_changes,
    )


SERVICE = Service(open=networkmanager_backend, add_configuration=add_configuration, configured_state=configured_state)
