"""What NetworkManager cannot do, and what would lose a setting that the model does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hostinfo.drivers.sources.tree import Tree
from hostinfo.model.network import Network
from hostinfo.model.network_state import DnsConfiguration, Interface, NetworkState
from hostinfo.record import replace

from ..backend import Fault
from ..bond_options import OPTIONS
from ..foreign_routes import check_foreign_routes
from ..kernel_plan import plan_kernel
from ..owners import Owners
from ..stack import by_name, controllers, ports_of
from ..steps import DeleteAddress, KernelStep, SetDown
from .client import Client, Profile
from .profile_plan import ACTIVATE, DEACTIVATE, ETC, RECREATE, ProfilePlan, plan_profiles
from .profile_state import DEFAULTS, master_of, name_servers

UNSUPPORTED_OPTIONS = ("arp_missed_max", "lacp_active")
"""Options of bonds that NetworkManager 1.42 does not have."""
BOND_OPTIONS = OPTIONS - set(UNSUPPORTED_OPTIONS)
UNTESTED_TYPES = ("bond", "vlan")
GENERATORS = {"netplan-": "netplan", "cloud-init-": "cloud-init"}
"""Beginning of the names of generated keyfiles -> their writer."""
EXPRESSED = ("method", "address-data", "addresses", "route-data", "routes", "gateway", "dns", "dns-data", "dns-search")
HARMLESS: dict[str, tuple[Any, ...]] = {"addr-gen-mode": (0, 1, 2, 3), "may-fail": (True,), "dns-priority": (0,)}
"""Properties without effect on a port, with the values for which that is so."""
LINK_LOCAL_BITS = 0x7
"""Groups that the kernel never forwards."""


def check_changes(client: Client, current: NetworkState, desired: NetworkState, network: Network) -> Iterator[Fault]:
    """Yield a fault for everything that cannot be done."""
    plan = plan_profiles(client, current, desired)
    owners = Owners(Tree("/"))
    links = {link.name: link for link in network.links}
    old = by_name(current)
    profiles = {profile.uuid: profile for profile in client.profiles.values()}
    for change in plan.changes:
        profile = profiles.get(change.uuid)
        yield from _check_generated(change.link, profile, owners, links)
        if change.is_new and "802-1x" in change.settings:
            message = "its profile has 802-1x and is no file for this NIC alone: bind it with connection.interface-name"
            yield Fault(path=f"interfaces[{change.link}]", message=message)
        if profile is not None and change.is_changed:
            yield from _check_kept(change.link, profile, change.settings)
            yield from _check_inherited(change.link, profile, plan)
    for name, uuid in plan.removed:
        yield from _check_generated(name, profiles.get(uuid or ""), owners, links)
        yield from _check_other_profiles(name, uuid, client)
    touched = {change.link for change in plan.changes}
    yield from _check_types(touched | {name for name, _ in plan.removed}, current, desired)
    for link in desired.interfaces:
        if link.name in touched:
            yield from _check_link(link, old.get(link.name), client)
    yield from _check_ports(current, desired)
    yield from _check_routes(current, desired)
    yield from _check_dns(client, desired, plan)
    yield from _check_foreign_routes(current, desired, network, plan)


def _check_generated(name: str, profile: Profile | None, owners: Owners, links: dict[str, Any]) -> Iterator[Fault]:
    owner = owners.owner(links[name]) if name in links else None
    writer = owner.generator if owner is not None else None
    source = owner.source if owner is not None else ""
    if profile is not None:
        base = profile.filename.rpartition("/")[2]
        writer = next((value for key, value in GENERATORS.items() if base.startswith(key)), writer)
        source = profile.filename
    if writer is not None:
        message = f"{writer} writes its profile ({source}) and would write it again; change it in {writer}"
        yield Fault(path=f"interfaces[{name}]", message=message)


def _check_kept(name: str, profile: Profile, settings: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Check that a setting of IPv4 or IPv6 that leaves with the addresses has nothing of its own."""
    if not profile.filename.startswith(ETC):
        message = f"its profile {profile.filename} is not below {ETC}; make it persistent with nmcli connection modify"
        yield Fault(path=f"interfaces[{name}]", message=message)
    zone = settings["connection"].get("zone")
    if zone and master_of(settings) is not None and master_of(profile.settings) is None:
        message = f"connection.zone={zone} of {profile.filename} has no effect on a port; remove it or set it there"
        yield Fault(path=f"interfaces[{name}]", message=message)


def _check_inherited(name: str, profile: Profile, plan: ProfilePlan) -> Iterator[Fault]:
    """Check that what a port loses with its addresses is in the profile of the bond or bridge that takes them over."""
    settings = next(change.settings for change in plan.changes if change.link == name)
    for family in DEFAULTS:
        if family in settings or family not in profile.settings:
            continue
        for key, value in profile.settings[family].items():
            if key in EXPRESSED or value in HARMLESS.get(key, ()):
                continue
            if any(one.is_new and one.settings.get(family, {}).get(key) == value for one in plan.changes):
                continue
            message = f"{family}.{key} of {profile.filename} would be lost on a port; remove it there first"
            yield Fault(path=f"interfaces[{name}]", message=message)


def _check_other_profiles(name: str, uuid: str | None, client: Client) -> Iterator[Fault]:
    """A profile that is not active would create the link again at the next boot."""
    for profile in client.profiles.values():
        connection = profile.settings["connection"]
        is_of_link = str(connection.get("interface-name", "")) == name and profile.uuid != uuid
        if is_of_link and connection.get("autoconnect", True) and profile.filename.startswith("/etc/"):
            message = f"{profile.filename} would create it again at the next boot; delete that profile first"
            yield Fault(path=f"interfaces[{name}].state", message=message)


def _check_types(names: set[str], current: NetworkState, desired: NetworkState) -> Iterator[Fault]:
    """Refuse bonds and VLANs: their activation was not tested with a real NetworkManager on a kernel that has them."""
    links = by_name(current) | by_name(desired)
    for name in sorted(names & links.keys()):
        if links[name].type in UNTESTED_TYPES:
            message = "this version does not change bonds and VLANs with NetworkManager; use nmcli connection for them"
            yield Fault(path=f"interfaces[{name}]", message=message)


def _check_link(link: Interface, old: Interface | None, client: Client) -> Iterator[Fault]:
    path = f"interfaces[{link.name}]"
    device = client.devices.get(link.name)
    if device is not None and not device.is_managed:
        yield Fault(
            path=path, message=f"NetworkManager does not manage it; run: nmcli device set {link.name} managed yes"
        )
    for family in DEFAULTS:
        ip = getattr(link, family)
        if ip is None or (old is not None and ip == getattr(old, family)):
            continue
        for one in ip.addresses or ():
            if one.broadcast is not None:
                message = "NetworkManager derives the broadcast address from the prefix; remove it"
                yield Fault(path=f"{path}.{family}.address[{one.ip}].broadcast", message=message)
        if family == "ipv6" and ip.autoconf and not ip.dhcp:
            message = "with autoconf, NetworkManager uses DHCPv6 if the router asks for it; set dhcp to true as well"
            yield Fault(path=f"{path}.ipv6.dhcp", message=message)
    if link.link_aggregation is not None:
        before = (old.link_aggregation.options if old is not None and old.link_aggregation else None) or {}
        for key, value in (link.link_aggregation.options or {}).items():
            if key not in BOND_OPTIONS and before.get(key) != value:
                message = "NetworkManager has no such option of a bond; remove it"
                yield Fault(path=f"{path}.link-aggregation.options.{key}", message=message)
    options = link.bridge.options if link.bridge is not None else None
    if options is not None and (options.group_forward_mask or 0) & LINK_LOCAL_BITS:
        before_mask = old.bridge.options.group_forward_mask if old and old.bridge and old.bridge.options else None
        if before_mask != options.group_forward_mask:
            message = "NetworkManager never forwards the groups of bits 0 to 2; leave them out"
            yield Fault(path=f"{path}.bridge.options.group-forward-mask", message=message)


def _check_ports(current: NetworkState, desired: NetworkState) -> Iterator[Fault]:
    """A port that a profile cannot describe: of a guest, or of a container."""
    old, new = by_name(current), by_name(desired)
    for link in desired.interfaces:
        before = ports_of(old[link.name]) if link.name in old else ()
        for port in ports_of(link):
            if port not in new and port not in before:
                message = f"NetworkManager has no profile for {port}; attach it with the tool that made it"
                yield Fault(path=f"interfaces[{link.name}].bridge.port[{port}]", message=message)


def _check_routes(current: NetworkState, desired: NetworkState) -> Iterator[Fault]:
    old = set((current.routes.config if current.routes else None) or ())
    links = by_name(desired)
    for route in (desired.routes.config if desired.routes else None) or ():
        if route in old:
            continue
        link = links.get(route.next_hop_interface or "")
        path = f"routes.config[{route.destination}]"
        if link is None:
            yield Fault(path=path, message=f"NetworkManager has no profile for {route.next_hop_interface}")
        elif link.name in controllers(desired.interfaces):
            yield Fault(path=path, message=f"{link.name} is a port; use its bond or bridge")
        else:
            ip = link.ipv6 if ":" in (route.destination or "") else link.ipv4
            if ip is not None and not ip.enabled:
                yield Fault(
                    path=path, message=f"{link.name} has no addresses of this protocol; NetworkManager needs one"
                )


def _check_dns(client: Client, desired: NetworkState, plan: ProfilePlan) -> Iterator[Fault]:
    """Check that a profile will have the name servers, also where they were in that of a link that goes."""
    wanted = desired.dns_resolver.config if desired.dns_resolver is not None else None
    if wanted is None:
        return
    written = {change.link: change.settings for change in plan.changes}
    found: set[str] = set()
    for link in desired.interfaces:
        settings = written.get(link.name) or client.applied(link.name)
        config = name_servers(settings) if settings is not None else DnsConfiguration()
        found |= {*(config.servers or ()), *(config.search or ())}
    lacking = [one for one in (*(wanted.servers or ()), *(wanted.search or ())) if one not in found]
    if lacking:
        message = f"no interface has addresses for {', '.join(lacking)}; give it addresses, or remove these here"
        yield Fault(path="dns-resolver.config", message=message)
    versions = [":" in server for server in wanted.servers or ()]
    if versions not in (sorted(versions), sorted(versions, reverse=True)):
        message = "NetworkManager orders name servers by protocol; list those of one protocol first, then the others"
        yield Fault(path="dns-resolver.config.server", message=message)


def _check_foreign_routes(
    current: NetworkState, desired: NetworkState, network: Network, plan: ProfilePlan
) -> Iterator[Fault]:
    """Activating a profile removes all routes of the device; NetworkManager adds only its own again."""
    steps: list[KernelStep] = [
        SetDown(link=change.link) for change in plan.changes if change.action in (ACTIVATE, RECREATE, DEACTIVATE)
    ]
    steps += [step for step in plan_kernel(current, desired) if isinstance(step, DeleteAddress)]
    own = set()
    for change in plan.changes:
        for family in DEFAULTS:
            for route in change.settings.get(family, {}).get("route-data", ()):
                own.add((change.link, f"{route['dest']}/{int(route['prefix'])}"))
    kept = tuple(
        route
        for route in network.routes
        if route.protocol != "dhcp" and not (route.protocol == "static" and (route.link, route.destination) in own)
    )
    yield from check_foreign_routes(current, desired, replace(network, routes=kept), steps)
