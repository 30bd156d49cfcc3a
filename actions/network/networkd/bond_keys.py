"""Options of bonds as systemd.netdev(5) calls them, with their units and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..bond_options import SWITCHES, normalize
from .unit_text import Setting, parse_boolean, parse_milliseconds

KEYS: Mapping[str, str] = {
    "ad_actor_sys_prio": "AdActorSystemPriority",
    "ad_actor_system": "AdActorSystem",
    "ad_select": "AdSelect",
    "ad_user_port_key": "AdUserPortKey",
    "all_slaves_active": "AllSlavesActive",
    "arp_all_targets": "ARPAllTargets",
    "arp_interval": "ARPIntervalSec",
    "arp_ip_target": "ARPIPTargets",
    "arp_validate": "ARPValidate",
    "downdelay": "DownDelaySec",
    "fail_over_mac": "FailOverMACPolicy",
    "lacp_rate": "LACPTransmitRate",
    "miimon": "MIIMonitorSec",
    "min_links": "MinLinks",
    "num_grat_arp": "GratuitousARP",
    "packets_per_slave": "PacketsPerSlave",
    "primary_reselect": "PrimaryReselectPolicy",
    "resend_igmp": "ResendIGMP",
    "tlb_dynamic_lb": "DynamicTransmitLoadBalancing",
    "updelay": "UpDelaySec",
    "xmit_hash_policy": "TransmitHashPolicy",
}
"""Options by the kernel's names that systemd 252 can set. ``primary`` is a setting of the port."""
NAMES = {key: name for name, key in KEYS.items()}
DEFAULTS: Mapping[str, str | int] = {
    "ad_actor_sys_prio": 65535,
    "ad_actor_system": "00:00:00:00:00:00",
    "ad_select": "stable",
    "ad_user_port_key": 0,
    "all_slaves_active": "dropped",
    "arp_all_targets": "any",
    "arp_interval": 0,
    "arp_missed_max": 2,
    "arp_validate": "none",
    "downdelay": 0,
    "fail_over_mac": "none",
    "lacp_active": "on",
    "lacp_rate": "slow",
    "lp_interval": 1,
    "miimon": 0,
    "min_links": 0,
    "num_grat_arp": 1,
    "packets_per_slave": 1,
    "peer_notif_delay": 0,
    "primary_reselect": "always",
    "resend_igmp": 1,
    "tlb_dynamic_lb": 1,
    "updelay": 0,
    "use_carrier": 1,
    "xmit_hash_policy": "layer2",
}
"""Values that a new bond of networkd has, Documentation/networking/bonding.rst. networkd sends no others."""
MILLISECONDS = ("arp_interval", "downdelay", "miimon", "updelay")


def bond_settings(options: Mapping[str, str | int | bool]) -> Iterator[Setting]:
    """Yield the settings of [Bond] for the options that differ from the default."""
    for name, value in sorted(options.items()):
        if name in KEYS and value != DEFAULTS.get(name):
            yield KEYS[name], _text(name, value)


def _text(name: str, value: str | int | bool) -> str:
    if name in MILLISECONDS:
        return f"{value}ms"
    if name in SWITCHES:
        return "yes" if value else "no"
    if name == "all_slaves_active":
        return "yes" if value == "delivered" else "no"
    return str(value).replace(",", " ") if name == "arp_ip_target" else str(value)


def unsupported_options(options: Mapping[str, str | int | bool]) -> list[str]:
    """Return the options that systemd 252 cannot set, and that have another value than the default."""
    missing = (name for name in options if name not in KEYS and name != "primary")
    return [name for name in missing if options[name] != DEFAULTS.get(name)]


def read_option(key: str, value: str) -> tuple[str, str | int] | None:
    """Return a setting of [Bond] as an option by the kernel's name; None: a state cannot express it."""
    name = NAMES.get(key, "")
    given: str | int | None = value
    if name in MILLISECONDS:
        given = parse_milliseconds(value)
    elif name == "all_slaves_active":
        found = parse_boolean(value)
        given = None if found is None else int(found)
    elif name == "arp_ip_target":
        given = value.replace(" ", ",")
    normal = None if given is None else normalize(name, given)
    return None if normal is None else (name, normal)
