"""Links from /sys/class/net, for a tree of files and if netlink is refused.

Source: Documentation/ABI/testing/sysfs-class-net; VLAN IDs from /proc/net/vlan/config, permanent addresses of bond
ports from /proc/net/bonding.
"""

from __future__ import annotations

from hostinfo.errors import ReadError
from hostinfo.model.network import Vlan

from ...sources.netlink.constants import link_flags
from ...sources.netlink.link_kinds import seconds
from ...sources.netlink.link_record import LinkRecord
from ...sources.tree import Tree, source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CLASS = "sys/class/net"
ARPHRD_LOOPBACK = 772
IFF_UP = 1
_KINDS = frozenset({"bond", "bridge", "vlan", "vxlan", "macvlan", "ipvlan", "geneve", "gre", "ppp", "dsa", "wwan"})
_BOND_FACTS = frozenset({"mode", "active_slave", "primary", "miimon", "slaves", "mii_status", "queue_id"})
LINKS_LIMIT = 65_536


def read_links(tree: Tree) -> list[LinkRecord]:
    """Return the links of the tree by index; a link that is removed while it is read is left out."""
    names = tree.names(CLASS)
    if len(names) > LINKS_LIMIT:
        raise ReadError(source_of(CLASS), f"more than {LINKS_LIMIT} links")
    vlans, permanent = _read_vlans(tree), _read_permanent_macs(tree)
    records = []
    for name in names:
        if not tree.is_dir(f"{CLASS}/{name}"):  # bonding_masters is a file
            continue
        record = _read_link(tree, name)
        if record is not None:
            record.facts["vlan"] = vlans.get(name)
            record.facts["permanent_mac"] = permanent.get(name)
            records.append(record)
    records.sort(key=lambda record: (record.index is None, record.index or 0))
    return records


def _read_link(tree: Tree, name: str) -> LinkRecord | None:
    base = f"{CLASS}/{name}"
    try:
        entries = tree.names(base)
    except ReadError:
        return None
    if not entries:
        return None
    record = LinkRecord(_printable(name), tree.try_number(f"{base}/ifindex"), _facts(tree, base))
    record.controller = _link_name(tree, f"{base}/master")
    record.lower = tuple(_printable(entry[6:]) for entry in entries if entry.startswith("lower_"))
    if "bonding" in entries:
        record.facts["kind"] = "bond"
        record.bond = _bond(tree, f"{base}/bonding")
    elif "bridge" in entries:
        record.facts["kind"] = "bridge"
        record.bridge = _bridge(tree, f"{base}/bridge")
    elif "tun_flags" in entries:
        record.facts["kind"] = "tun"
        record.facts["mode"] = {1: "tun", 2: "tap"}.get((tree.try_number(f"{base}/tun_flags", 16) or 0) & 3)
    return record


def _facts(tree: Tree, base: str) -> dict[str, Any]:
    flags = tree.try_number(f"{base}/flags", 16)
    state, carrier = tree.try_attribute(f"{base}/operstate"), tree.try_attribute(f"{base}/carrier")
    is_up = None if flags is None else flags & IFF_UP != 0
    return {
        "kind": _kind(tree, base),
        "mac": _mac(tree.try_attribute(f"{base}/address")),
        "broadcast_mac": _mac(tree.try_attribute(f"{base}/broadcast")),
        "mtu": tree.try_number(f"{base}/mtu"),
        "state": state if state != "unknown" else None,
        "is_enabled": is_up,
        "has_carrier": carrier == "1" if is_up is not False and carrier in ("0", "1") else None,
        "alias": tree.try_attribute(f"{base}/ifalias"),
        "group": tree.try_number(f"{base}/netdev_group"),
        "tx_queue_length": tree.try_number(f"{base}/tx_queue_len"),
        "flags": () if flags is None else link_flags(flags),
    }


def _kind(tree: Tree, base: str) -> str | None:
    if tree.try_number(f"{base}/type") == ARPHRD_LOOPBACK:
        return "loopback"
    for line in (tree.try_attribute(f"{base}/uevent") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "DEVTYPE" and value in _KINDS:
            return value
    return None


def _bond(tree: Tree, base: str) -> dict[str, Any]:
    options: dict[str, str | int] = {}
    for name in tree.names(base):
        # A value is followed by its number (fast 1). Except for two options, ad_* are states of the LACP partner.
        if name in _BOND_FACTS or (name.startswith("ad_") and name not in ("ad_select", "ad_actor_sys_prio")):
            continue
        text = tree.try_attribute(f"{base}/{name}") or ""
        value = text.replace(" ", ",") if name == "arp_ip_target" else text.partition(" ")[0]
        if value and value != "(null)":
            options[name] = int(value) if value.isdecimal() and len(value) < 20 else value
    return {
        "mode": (tree.try_attribute(f"{base}/mode") or "").partition(" ")[0],
        "active_port": tree.try_attribute(f"{base}/active_slave"),
        "primary_port": tree.try_attribute(f"{base}/primary"),
        "miimon_milliseconds": tree.try_number(f"{base}/miimon"),
        "options": options,
    }


def _bridge(tree: Tree, base: str) -> dict[str, Any]:
    return {
        "stp": _flag(tree, f"{base}/stp_state"),
        "forward_delay_seconds": seconds(tree.try_number(f"{base}/forward_delay")),
        "hello_time_seconds": seconds(tree.try_number(f"{base}/hello_time")),
        "max_age_seconds": seconds(tree.try_number(f"{base}/max_age")),
        "ageing_time_seconds": seconds(tree.try_number(f"{base}/ageing_time")),
        "priority": tree.try_number(f"{base}/priority"),
        "bridge_id": tree.try_attribute(f"{base}/bridge_id"),
        "root_id": tree.try_attribute(f"{base}/root_id"),
        "vlan_filtering": _flag(tree, f"{base}/vlan_filtering"),
        "multicast_snooping": _flag(tree, f"{base}/multicast_snooping"),
    }


def _read_vlans(tree: Tree) -> dict[str, Vlan]:
    """Return the VLANs by link, from lines such as ``bond0.100 | 100 | bond0``; no file has the protocol."""
    found = {}
    for line in (tree.try_attribute("proc/net/vlan/config") or "").splitlines():
        match [part.strip() for part in line.split("|")]:
            case [name, number, _] if number.isdecimal() and len(number) <= 4:
                found[name] = Vlan(id=int(number))
    return found


def _read_permanent_macs(tree: Tree) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        bonds = tree.names("proc/net/bonding")
    except ReadError:
        return found
    for bond in bonds:
        port = ""
        for line in (tree.try_attribute(f"proc/net/bonding/{bond}") or "").splitlines():
            key, _, value = line.partition(": ")
            if key == "Slave Interface":
                port = value.strip()
            elif key == "Permanent HW addr" and port and (mac := _mac(value.strip())):
                found[port] = mac
    return found


def _flag(tree: Tree, path: str) -> bool | None:
    value = tree.try_number(path)
    return None if value is None else value != 0


def _link_name(tree: Tree, path: str) -> str | None:
    target = tree.link(path)
    return _printable(target.rpartition("/")[2]) if target else None


def _mac(text: str | None) -> str | None:
    """Return a hardware address; None if it is all zero, as on the loopback device."""
    return text.lower() if text and text.strip("0:") else None


def _printable(name: str) -> str:
    """Replace bytes that are not UTF-8 by U+FFFD, as the netlink parser does; a link name may contain any byte."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
