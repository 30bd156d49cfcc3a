"""Options of bonds, from Documentation/networking/bonding.rst and drivers/net/bonding/bond_options.c."""

from __future__ import annotations

from collections.abc import Mapping

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
_BALANCED = ("balance-tlb", "balance-alb")
_PRIMARY = ("active-backup", *_BALANCED)
_HASHED = ("balance-xor", "802.3ad", "balance-tlb")

NAMES: Mapping[str, tuple[str, ...]] = {
    "ad_select": ("stable", "bandwidth", "count"),
    "all_slaves_active": ("dropped", "delivered"),
    "arp_all_targets": ("any", "all"),
    "arp_validate": ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup"),
    "fail_over_mac": ("none", "active", "follow"),
    "lacp_active": ("off", "on"),
    "lacp_rate": ("slow", "fast"),
    "primary_reselect": ("always", "better", "failure"),
    "xmit_hash_policy": ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"),
}
"""Options whose values have names; the number of a name is its place."""

RANGES: Mapping[str, tuple[int, int]] = {
    "ad_actor_sys_prio": (1, 65535),
    "ad_user_port_key": (0, 1023),
    "arp_interval": (0, 2**31 - 1),
    "arp_missed_max": (1, 255),
    "downdelay": (0, 2**31 - 1),
    "lp_interval": (1, 2**31 - 1),
    "miimon": (0, 2**31 - 1),
    "min_links": (0, 2**31 - 1),
    "num_grat_arp": (0, 255),
    "packets_per_slave": (0, 65535),
    "peer_notif_delay": (0, 300_000),
    "resend_igmp": (0, 255),
    "updelay": (0, 2**31 - 1),
}
"""Options that are numbers, with the smallest and largest."""

SWITCHES = ("tlb_dynamic_lb", "use_carrier")
"""Options that are on or off: 0 or 1."""

TEXTS = ("ad_actor_system", "arp_ip_target", "primary")
"""Options that name a port, a hardware address, or IPv4 addresses separated by commas."""

OPTIONS = frozenset((*NAMES, *RANGES, *SWITCHES, *TEXTS))

_WITH_ARP = ("balance-rr", "active-backup", "balance-xor", "broadcast")

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "ad_actor_sys_prio": ("802.3ad",),
    "ad_actor_system": ("802.3ad",),
    "ad_select": ("802.3ad",),
    "ad_user_port_key": ("802.3ad",),
    "arp_interval": _WITH_ARP,
    "arp_ip_target": _WITH_ARP,
    "arp_missed_max": _WITH_ARP,
    "arp_validate": _WITH_ARP,
    "lacp_active": ("802.3ad",),
    "lacp_rate": ("802.3ad",),
    "packets_per_slave": ("balance-rr",),
    "primary": _PRIMARY,
    "tlb_dynamic_lb": _BALANCED,
    "xmit_hash_policy": _HASHED,
}
"""Options that the kernel refuses in other modes, or that mean nothing there."""


NEEDS_DOWN = frozenset({"ad_select", "ad_user_port_key", "lacp_active", "lacp_rate", "tlb_dynamic_lb"})
"""Options that an active bond refuses to change (BOND_OPTFLAG_IFDOWN)."""

ALIASES = {"num_unsol_na": "num_grat_arp"}
"""Two names of one option."""


def normal_options(mode: str | None, options: Mapping[str, str | int | bool]) -> dict[str, str | int]:
    """Return options by their kernel names with the values that a reader reports.

    Options that mean nothing in this mode (None: any) are left out: the kernel reports them, and refuses to set them.
    """
    found = {}
    for given, value in options.items():
        name = ALIASES.get(given, given)
        normal = normalize(name, value)
        if normal is not None and (mode is None or mode in ONLY_IN.get(name, (mode,))):
            found[name] = normal
    return found


def normalize(name: str, value: str | int | bool) -> str | int | None:
    """Return the value of an option as the kernel's reader reports it; None: it is none of the option's values."""
    if name in NAMES:
        names = NAMES[name]
        number = int(value) if isinstance(value, int) or value.isdecimal() else -1
        if isinstance(value, str) and value in names:
            return value
        return names[number] if 0 <= number < len(names) else None
    if name in SWITCHES:
        text = str(value).lower()
        return 1 if text in ("1", "true", "on", "yes") else 0 if text in ("0", "false", "off", "no") else None
    if name in RANGES:
        least, most = RANGES[name]
        if isinstance(value, bool) or not str(value).isascii() or not str(value).isdecimal():
            return None
        return int(value) if least <= int(value) <= most else None
    return value if isinstance(value, str) and value and name in TEXTS else None


def accepted(name: str) -> str:
    """Return what an option accepts, for the message that refuses a value."""
    if name in NAMES:
        return f"one of {', '.join(NAMES[name])}"
    if name in SWITCHES:
        return "true or false"
    if name in RANGES:
        return f"a number from {RANGES[name][0]} to {RANGES[name][1]}"
    return "a name or address"
