"""Plan which profiles change, and how each change comes into force: without an outage where that is possible."""

from __future__ import annotations

from hostinfo.model.network_state import DnsConfiguration, NetworkState
from hostinfo.record import record, replace

from ..compare import compare
from ..kernel_plan import plan_kernel
from ..management import changed_links
from ..stack import by_name, controllers, ports_of, with_vlans
from ..steps import CreateBridge
from ..validate import is_recreated
from .client import Client, Profile
from .dbus_values import Settings
from .profile_settings import Writer, can_hold, copied_settings, new_uuid, write_name_servers
from .profile_state import master_of, name_servers

ETC = "/etc/NetworkManager/system-connections/"
ORDER = ("linux-bridge", "bond", "ethernet", "vlan")
"""Bonds and bridges are activated before their ports; a VLAN needs its base."""
REMOVAL_ORDER = ("linux-bridge", "vlan", "bond", "ethernet")
REAPPLIED = ("ipv4", "ipv6", "bond", "bridge", "bridge-port", "connection")
KEEP, REAPPLY, ACTIVATE, RECREATE, DEACTIVATE = "keep", "reapply", "activate", "recreate", "deactivate"


@record
class ProfileChange:
    """One link, its profile, and how the profile comes into force."""

    link: str
    """Name of the link."""
    uuid: str
    """UUID of the profile."""
    settings: Settings
    """All settings of the profile."""
    is_new: bool
    """Whether the profile is added."""
    is_changed: bool
    """Whether the settings differ from those of the profile."""
    action: str
    """keep, reapply, activate, recreate or deactivate."""


@record
class ProfilePlan:
    """All changes, in order."""

    removed: tuple[tuple[str, str | None], ...]
    """Links that are deleted, from the top of the stack, with the UUIDs of their profiles."""
    changes: tuple[ProfileChange, ...]
    """Changes, bonds and bridges first."""


def find_profile(client: Client, link: str, kind: str | None) -> Profile | None:
    """Return the profile to change for a link; None: a new one is needed.

    That is the active one, if it is a file of /etc (or one in memory that hostinfo made) and of this link alone.
    """
    device = client.devices.get(link)
    active = client.profiles.get(device.profile or "") if device is not None else None
    if active is not None and is_changeable(active, kind):
        return active
    return client.profiles.get(new_uuid(link))


def is_changeable(profile: Profile, kind: str | None) -> bool:
    """Whether a profile is a file that can be changed, and is no template for several NICs."""
    if not profile.filename.startswith(ETC):
        return False
    connection, wired = profile.settings["connection"], profile.settings.get("802-3-ethernet", {})
    is_bound = bool(connection.get("interface-name")) or bool(wired.get("mac-address")) or kind != "ethernet"
    return is_bound and int(connection.get("multi-connect", 0)) in (0, 1)


def touched_links(current: NetworkState, desired: NetworkState) -> set[str]:
    """Return all links whose profile may change."""
    old, new = by_name(current), by_name(desired)
    found = set(changed_links(compare(current, desired)))
    before, after = controllers(current.interfaces), controllers(desired.interfaces)
    found |= {name for name in {*before, *after} if before.get(name) != after.get(name)}
    routes = [set((state.routes.config if state.routes else None) or ()) for state in (current, desired)]
    found |= {route.next_hop_interface or "" for route in routes[0] ^ routes[1]}
    rebuilt = {name for name in old.keys() & new.keys() if is_recreated(old[name], new[name])}
    rebuilt |= new.keys() - old.keys()
    found |= {port for name in rebuilt for port in ports_of(new[name])}
    found |= with_vlans(rebuilt, desired.interfaces)
    return found & (old.keys() | new.keys())


def plan_profiles(client: Client, current: NetworkState, desired: NetworkState) -> ProfilePlan:
    """Return the changes from one complete state to another."""
    old, new = by_name(current), by_name(desired)
    macs = {step.link: step.mac for step in plan_kernel(current, desired) if isinstance(step, CreateBridge)}
    writer = Writer(current, desired, macs)
    profiles = {name: find_profile(client, name, link.type) for name, link in {**old, **new}.items()}
    written: dict[str, Settings] = {}
    for name in sorted(touched_links(current, desired) & new.keys()):
        profile = profiles[name]
        device = client.devices.get(name)
        active = client.profiles.get((device.profile if device else None) or "")
        template = active.settings if profile is None and active is not None else None
        base = profile.settings if profile is not None else copied_settings(template, name) if template else None
        written[name] = writer.settings(name, base, _settings_of_port(profiles, current, desired, name))
    _write_dns(client, profiles, written, current, desired)
    changes = [
        ProfileChange(
            link=name,
            uuid=str(settings["connection"]["uuid"]),
            settings=settings,
            is_new=profiles[name] is None,
            is_changed=(before := profiles[name]) is None or before.settings != settings,
            action=_action(client, current, desired, name, profiles[name], settings),
        )
        for name, settings in written.items()
    ]
    rebuilt = {one.link for one in changes if one.action in (RECREATE, ACTIVATE)}
    removed = sorted(old.keys() - new.keys(), key=lambda name: REMOVAL_ORDER.index(old[name].type or ""))
    return ProfilePlan(
        removed=tuple((name, _active_uuid(client, name)) for name in removed),
        changes=tuple(
            sorted(
                (_with_controller(one, desired, rebuilt) for one in changes),
                key=lambda one: (ORDER.index(new[one.link].type or ""), one.link),
            )
        ),
    )


def _with_controller(change: ProfileChange, desired: NetworkState, rebuilt: set[str]) -> ProfileChange:
    """Activate also the ports of a bond or bridge that is activated: it releases them."""
    controller = controllers(desired.interfaces).get(change.link)
    if controller in rebuilt and change.action in (KEEP, REAPPLY):
        return replace(change, action=ACTIVATE)
    return change


def _active_uuid(client: Client, name: str) -> str | None:
    device = client.devices.get(name)
    return device.profile if device is not None else None


def _settings_of_port(
    profiles: dict[str, Profile | None], current: NetworkState, desired: NetworkState, name: str
) -> Settings | None:
    """Return the settings of the port whose addresses or DHCP a new bond or bridge takes over."""
    old, new = by_name(current), by_name(desired)
    if name in old:
        return None
    was_port = controllers(current.interfaces)
    for port in ports_of(new[name]):
        profile = profiles.get(port)
        before = old.get(port)
        if profile is None or before is None or port in was_port or master_of(profile.settings) is not None:
            continue
        given = {one for ip in (new[name].ipv4, new[name].ipv6) if ip for one in ip.addresses or ()}
        had = {one for ip in (before.ipv4, before.ipv6) if ip for one in ip.addresses or ()}
        has_dhcp = any(ip and ip.dhcp for ip in (before.ipv4, before.ipv6))
        gets_dhcp = any(ip and ip.dhcp for ip in (new[name].ipv4, new[name].ipv6))
        if given & had or (has_dhcp and gets_dhcp):
            return profile.settings
    return None


def _action(
    client: Client,
    current: NetworkState,
    desired: NetworkState,
    name: str,
    profile: Profile | None,
    settings: Settings,
) -> str:
    old, new = by_name(current).get(name), by_name(desired)[name]
    if new.state == "down":
        return DEACTIVATE
    if old is not None and is_recreated(old, new):
        return RECREATE
    device = client.devices.get(name)
    if profile is None or device is None or device.profile != profile.uuid:
        return ACTIVATE
    if controllers(current.interfaces).get(name) != controllers(desired.interfaces).get(name):
        return ACTIVATE
    before = profile.settings
    differing = {key for key in {*before, *settings} if before.get(key) != settings.get(key)}
    if not differing:
        return KEEP
    wired = [dict(one.get("802-3-ethernet", {})) for one in (before, settings)]
    for section in wired:
        section.pop("mtu", None)
    is_reapplied = differing <= {*REAPPLIED, "802-3-ethernet"} and wired[0] == wired[1]
    return REAPPLY if is_reapplied else ACTIVATE


def _write_dns(
    client: Client,
    profiles: dict[str, Profile | None],
    written: dict[str, Settings],
    current: NetworkState,
    desired: NetworkState,
) -> None:
    """Give the name servers to one link; where the request does not concern them, only those that lost their link."""
    wanted = desired.dns_resolver.config if desired.dns_resolver is not None else None
    if wanted is None:
        return
    present = current.dns_resolver.config if current.dns_resolver is not None else None
    for link in desired.interfaces:  # what a template or a port had counts once
        settings = written.get(link.name)
        profile = profiles.get(link.name)
        if settings is not None and profile is None and wanted != present:
            _clear(settings)
    holders = {
        name: profile.settings
        for name, profile in profiles.items()
        if profile is not None and _active_uuid(client, name) == profile.uuid
    }
    after = {link.name: written.get(link.name) or holders.get(link.name) for link in desired.interfaces}
    found = {name: name_servers(settings) for name, settings in after.items() if settings is not None}
    servers = [one for config in found.values() for one in config.servers or ()]
    search = [one for config in found.values() for one in config.search or ()]
    if set(servers) == set(wanted.servers or ()) and set(search) == set(wanted.search or ()) and wanted == present:
        return
    target = _dns_link(desired, after, wanted)
    for name, settings in after.items():
        if settings is None or (name != target and not (found[name].servers or found[name].search)):
            continue
        own = written.setdefault(name, {key: dict(section) for key, section in settings.items()})
        if name == target:
            write_name_servers(own, wanted)
        else:
            _clear(own)


def _clear(settings: Settings) -> None:
    write_name_servers(settings, DnsConfiguration(servers=(), search=()))


def _dns_link(desired: NetworkState, after: dict[str, Settings | None], wanted: DnsConfiguration) -> str | None:
    """Return the link that gets the name servers: that of the default route, or else the first with addresses."""
    routes = (desired.routes.config if desired.routes else None) or ()
    gateways = [r for r in routes if r.destination in ("0.0.0.0/0", "::/0")]
    names = [r.next_hop_interface or "" for r in sorted(gateways, key=lambda r: r.metric or 0)]
    names += [link.name for link in desired.interfaces if link.state == "up"]
    for name in names:
        settings = after.get(name)
        if settings is not None and can_hold(settings, wanted.servers or ()):
            return name
    return None
