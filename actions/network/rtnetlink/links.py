"""Requests that create, change and delete links, linux/if_link.h."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from struct import pack

from hostinfo.drivers.sources.netlink.link_kinds import BOND_MODES
from hostinfo.model.network_state import BridgeOptions

from ..bond_options import NAMES, normal_options
from .encode import attribute, hardware_address, nested, number, string

RTM_NEWLINK, RTM_DELLINK, RTM_SETLINK = 16, 17, 19
IFF_UP = 1
AF_BRIDGE = 7
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_PROTINFO, IFLA_LINKINFO = 1, 3, 4, 5, 10, 12, 18
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFLA_VLAN_ID, IFLA_VLAN_PROTOCOL = 1, 5
IFLA_BOND_MODE, IFLA_BOND_ARP_IP_TARGET, IFLA_BOND_PRIMARY, IFLA_BOND_AD_ACTOR_SYSTEM = 1, 8, 11, 26
IFLA_BRPORT_PRIORITY, IFLA_BRPORT_COST, IFLA_BRPORT_MODE = 2, 3, 4
VLAN_PROTOCOLS = {"802.1q": 0x8100, "802.1ad": 0x88A8}
USER_HZ = 100

BOND_NUMBERS: Mapping[str, tuple[int, int]] = {
    "miimon": (3, 4), "updelay": (4, 4), "downdelay": (5, 4), "use_carrier": (6, 1), "arp_interval": (7, 4),
    "arp_validate": (9, 4), "arp_all_targets": (10, 4), "primary_reselect": (12, 1), "fail_over_mac": (13, 1),
    "xmit_hash_policy": (14, 1), "resend_igmp": (15, 4), "num_grat_arp": (16, 1), "all_slaves_active": (17, 1),
    "min_links": (18, 4), "lp_interval": (19, 4), "packets_per_slave": (20, 4), "lacp_rate": (21, 1),
    "ad_select": (22, 1), "ad_actor_sys_prio": (24, 2), "ad_user_port_key": (25, 2), "tlb_dynamic_lb": (27, 1),
    "peer_notif_delay": (28, 4), "lacp_active": (29, 1), "arp_missed_max": (30, 1),
}  # fmt: skip
"""Option -> attribute (IFLA_BOND_…) and its size in bytes."""


def link(index: int = 0, *attributes: bytes, flags: int = 0, change: int = 0, family: int = 0) -> bytes:
    """Return ifinfomsg with attributes: of the link with this index, or of a new one."""
    return pack("=BxHiII", family, 0, index, flags, change) + b"".join(attributes)


def new_link(name: str, kind: str, data: Iterator[bytes], mac: str | None, mtu: int | None, *more: bytes) -> bytes:
    """Return the payload that creates a link."""
    attributes = [string(IFLA_IFNAME, name), *more]
    if mac is not None:
        attributes.append(hardware_address(IFLA_ADDRESS, mac))
    if mtu is not None:
        attributes.append(number(IFLA_MTU, mtu))
    return link(0, *attributes, link_info(kind, data))


def link_info(kind: str, data: Iterator[bytes]) -> bytes:
    """Return the attributes that are specific to a kind of link."""
    return nested(IFLA_LINKINFO, [string(IFLA_INFO_KIND, kind), nested(IFLA_INFO_DATA, data)])


def vlan_data(number_: int, protocol: str) -> Iterator[bytes]:
    """Yield the attributes of a new VLAN."""
    yield number(IFLA_VLAN_ID, number_, 2)
    yield attribute(IFLA_VLAN_PROTOCOL, VLAN_PROTOCOLS[protocol].to_bytes(2, "big"))


def bond_data(mode: str | None, options: Mapping[str, str | int | bool], indexes: Mapping[str, int]) -> Iterator[bytes]:
    """Yield the mode and options of a bond; ``indexes`` has the index of the primary port.

    The kernel applies them in the order that it needs, whatever theirs is.
    """
    if mode is not None:
        yield number(IFLA_BOND_MODE, BOND_MODES.index(mode), 1)
    for name, value in normal_options(mode, options).items():
        if name in BOND_NUMBERS:
            kind, size = BOND_NUMBERS[name]
            yield number(kind, NAMES[name].index(str(value)) if name in NAMES else int(value), size)
        elif name == "primary":
            yield number(IFLA_BOND_PRIMARY, indexes[str(value)])
        elif name == "ad_actor_system":
            yield hardware_address(IFLA_BOND_AD_ACTOR_SYSTEM, str(value))
        elif name == "arp_ip_target":
            targets = (IPv4Address(target.strip()).packed for target in str(value).split(","))
            yield nested(IFLA_BOND_ARP_IP_TARGET, [attribute(place, target) for place, target in enumerate(targets)])


def bridge_data(options: BridgeOptions) -> Iterator[bytes]:
    """Yield the options of a bridge that are not None; the kernel's timers are in USER_HZ."""
    stp = options.stp
    if stp is not None:
        for kind, seconds in ((1, stp.forward_delay), (2, stp.hello_time), (3, stp.max_age)):
            if seconds is not None:
                yield number(kind, seconds * USER_HZ)
        if stp.enabled is not None:
            yield number(5, int(stp.enabled))
        if stp.priority is not None:
            yield number(6, stp.priority, 2)
    if options.mac_ageing_time is not None:
        yield number(4, options.mac_ageing_time * USER_HZ)
    if options.group_forward_mask is not None:
        yield number(9, options.group_forward_mask, 2)
    if options.multicast_snooping is not None:
        yield number(23, int(options.multicast_snooping), 1)


def port_data(*, hairpin_mode: bool | None, path_cost: int | None, priority: int | None) -> bytes:
    """Return the options of a port of a bridge that are not None."""
    found = []
    if priority is not None:
        found.append(number(IFLA_BRPORT_PRIORITY, priority, 2))
    if path_cost is not None:
        found.append(number(IFLA_BRPORT_COST, path_cost))
    if hairpin_mode is not None:
        found.append(number(IFLA_BRPORT_MODE, int(hairpin_mode), 1))
    return nested(IFLA_PROTINFO, found)
