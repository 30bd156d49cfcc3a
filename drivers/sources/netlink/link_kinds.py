"""Parse IFLA_INFO_DATA, the attributes specific to one kind of link, linux/if_link.h.

Each function takes the attributes by type and returns facts by the names of the model's fields. Bond options have the
names and values of /sys/class/net/*/bonding.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.model.network import Vlan, Vxlan

from .message import iter_attributes, parse_uint
from .tunnels import ip_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .message import Order

BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
_BOND_NUMBERS = {
    4: "updelay", 5: "downdelay", 6: "use_carrier", 7: "arp_interval", 15: "resend_igmp", 16: "num_grat_arp",
    17: "all_slaves_active", 18: "min_links", 19: "lp_interval", 20: "packets_per_slave", 24: "ad_actor_sys_prio",
    25: "ad_user_port_key", 27: "tlb_dynamic_lb", 28: "peer_notif_delay", 30: "arp_missed_max",
}  # fmt: skip
_BOND_ENUMS = {
    9: ("arp_validate", ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup")),
    10: ("arp_all_targets", ("any", "all")),
    12: ("primary_reselect", ("always", "better", "failure")),
    13: ("fail_over_mac", ("none", "active", "follow")),
    14: ("xmit_hash_policy", ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")),
    21: ("lacp_rate", ("slow", "fast")),
    22: ("ad_select", ("stable", "bandwidth", "count")),
    29: ("lacp_active", ("off", "on")),
}
MACVLAN_MODES = {1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
IPVLAN_MODES = {0: "l2", 1: "l3", 2: "l3s"}
TUN_MODES = {1: "tun", 2: "tap"}
VLAN_PROTOCOLS = {0x8100: "802.1Q", 0x88A8: "802.1ad"}


def parse_bond(data: Mapping[int, bytes], names: Mapping[int, str], order: Order) -> dict[str, Any]:
    """Return the facts of a bond; ``names`` maps link indexes to names."""
    options: dict[str, str | int] = {}
    for key, value in data.items():
        amount = parse_uint(value, order)
        if amount is None:
            continue
        if key in _BOND_NUMBERS:
            options[_BOND_NUMBERS[key]] = amount
        elif key in _BOND_ENUMS:
            name, values = _BOND_ENUMS[key]
            options[name] = _enum(values, amount)
    targets = [ip_address(value) for _, value in iter_attributes(data[8], "netlink links", order)] if 8 in data else []
    if targets:
        options["arp_ip_target"] = ",".join(target for target in targets if target)
    mode = parse_uint(data.get(1), order)
    return {
        "mode": None if mode is None else _enum(BOND_MODES, mode),
        "active_port": names.get(parse_uint(data.get(2), order) or 0),
        "primary_port": names.get(parse_uint(data.get(11), order) or 0),
        "miimon_milliseconds": parse_uint(data.get(3), order),
        "options": options,
    }


def parse_bridge(data: Mapping[int, bytes], order: Order) -> dict[str, Any]:
    """Return the facts of a bridge; its timers are in USER_HZ."""
    return {
        "forward_delay_seconds": seconds(parse_uint(data.get(1), order)),
        "hello_time_seconds": seconds(parse_uint(data.get(2), order)),
        "max_age_seconds": seconds(parse_uint(data.get(3), order)),
        "ageing_time_seconds": seconds(parse_uint(data.get(4), order)),
        "stp": _switch(data.get(5), order),
        "priority": parse_uint(data.get(6), order),
        "vlan_filtering": _switch(data.get(7), order),
        "root_id": _bridge_id(data.get(10)),
        "bridge_id": _bridge_id(data.get(11)),
        "multicast_snooping": _switch(data.get(23), order),
    }


def parse_vlan(data: Mapping[int, bytes], order: Order) -> Vlan | None:
    """Return the facts of a VLAN; None without a VLAN ID."""
    vlan_id = parse_uint(data.get(1), order)
    if vlan_id is None:
        return None
    protocol = parse_uint(data.get(5), "big") or 0x8100  # absent before Linux 3.11, which supports 802.1Q only
    return Vlan(id=vlan_id, protocol=VLAN_PROTOCOLS.get(protocol) or f"{protocol:#06x}")


def parse_vxlan(data: Mapping[int, bytes], order: Order) -> Vxlan | None:
    """Return the facts of a VXLAN; None without a VNI, as in external mode."""
    vni = parse_uint(data.get(1), order)
    if vni is None:
        return None
    return Vxlan(
        id=vni,
        group=ip_address(data.get(2) or data.get(16)),
        local=ip_address(data.get(4) or data.get(17)),
        port=parse_uint(data.get(15), "big"),
    )


def parse_mode(kind: str, data: Mapping[int, bytes], order: Order) -> str | None:
    """Return the mode of a macvlan, macvtap, ipvlan, ipvtap or tun link; None for other kinds."""
    if kind in ("macvlan", "macvtap"):
        return MACVLAN_MODES.get(parse_uint(data.get(1), order) or 0)
    if kind in ("ipvlan", "ipvtap"):
        return IPVLAN_MODES.get(-1 if (mode := parse_uint(data.get(1), order)) is None else mode)
    if kind == "tun":
        return TUN_MODES.get(parse_uint(data.get(3), order) or 0)
    return None


def seconds(hundredths: int | None) -> float | None:
    """Convert USER_HZ clock ticks to seconds; USER_HZ is 100 except on ia64 and alpha."""
    return None if hundredths is None else hundredths / 100


def _enum(values: tuple[str, ...], index: int) -> str:
    return values[index] if index < len(values) else str(index)


def _switch(value: bytes | None, order: Order) -> bool | None:
    amount = parse_uint(value, order)
    return None if amount is None else amount != 0


def _bridge_id(value: bytes | None) -> str | None:
    return f"{value[:2].hex()}.{value[2:].hex()}" if value is not None and len(value) == 8 else None
