"""Links from /sys/class/net, for a tree of files and where netlink is refused.

Documentation/ABI/testing/sysfs-class-net in the kernel's sources; VLAN numbers from /proc/net/vlan/config and the
permanent addresses of a bond's ports from /proc/net/bonding, where they are.
"""

from hostinfo.errors import ReadError
from hostinfo.model.network import Vlan

from ...sources.netlink.constants import link_flags
from ...sources.netlink.link_kinds import seconds
from ...sources.netlink.link_record import LinkRecord
from ...sources.tree import Tree

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
    """The links of the tree, by index; a link that vanishes meanwhile is left out."""
    names = tree.names(CLASS)
    if len(names) > LINKS_LIMIT:
        raise ReadError("/" + CLASS, f"more than {LINKS_LIMIT} links")
    vlans, permanent = _vlans(tree), _permanent_macs(tree)
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
    record = LinkRecord(_printable(name), _number(tree, f"{base}/ifindex"), _facts(tree, base))
    master = _attempt_link(tree, f"{base}/master")
    record.controller = master
    record.lower = tuple(_printable(entry[6:]) for entry in entries if entry.startswith("lower_"))
    if "bonding" in entries:
        record.facts["kind"] = "bond"
        record.bond = _bond(tree, f"{base}/bonding")
    elif "bridge" in entries:
        record.facts["kind"] = "bridge"
        record.bridge = _bridge(tree, f"{base}/bridge")
    elif "tun_flags" in entries:
        record.facts["kind"] = "tun"
        record.facts["mode"] = {1: "tun", 2: "tap"}.get((_number(tree, f"{base}/tun_flags", 16) or 0) & 3)
    return record


def _facts(tree: Tree, base: str) -> "dict[str, Any]":
    flags = _number(tree, f"{base}/flags", 16)
    state, carrier = _text(tree, f"{base}/operstate"), _text(tree, f"{base}/carrier")
    is_up = None if flags is None else flags & IFF_UP != 0
    return {
        "kind": _kind(tree, base),
        "mac": _mac(_text(tree, f"{base}/address")),
        "broadcast_mac": _mac(_text(tree, f"{base}/broadcast")),
        "mtu": _number(tree, f"{base}/mtu"),
        "state": state if state != "unknown" else None,
        "is_enabled": is_up,
        "has_carrier": carrier == "1" if is_up is not False and carrier in ("0", "1") else None,
        "alias": _text(tree, f"{base}/ifalias"),
        "group": _number(tree, f"{base}/netdev_group"),
        "tx_queue_length": _number(tree, f"{base}/tx_queue_len"),
        "flags": () if flags is None else link_flags(flags),
    }


def _kind(tree: Tree, base: str) -> str | None:
    if _number(tree, f"{base}/type") == ARPHRD_LOOPBACK:
        return "loopback"
    for line in (_text(tree, f"{base}/uevent") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "DEVTYPE" and value in _KINDS:
            return value
    return None


def _bond(tree: Tree, base: str) -> "dict[str, Any]":
    options: dict[str, str | int] = {}
    for name in tree.names(base):
        # A word comes with its number (fast 1); ad_* tell of the partner, not of options, but for two.
        if name in _BOND_FACTS or (name.startswith("ad_") and name not in ("ad_select", "ad_actor_sys_prio")):
            continue
        value = (_text(tree, f"{base}/{name}") or "").replace(" ", ",") if name == "arp_ip_target" else (
            (_text(tree, f"{base}/{name}") or "").partition(" ")[0])  # fmt: skip
        if value and value != "(null)":
            options[name] = int(value) if value.isdecimal() and len(value) < 20 else value
    return {
        "mode": (_text(tree, f"{base}/mode") or "").partition(" ")[0],
        "active_port": _text(tree, f"{base}/active_slave"),
        "primary_port": _text(tree, f"{base}/primary"),
        "miimon_milliseconds": _number(tree, f"{base}/miimon"),
        "options": options,
    }


def _bridge(tree: Tree, base: str) -> "dict[str, Any]":
    return {
        "stp": _switch(tree, f"{base}/stp_state"),
        "forward_delay_seconds": seconds(_number(tree, f"{base}/forward_delay")),
        "hello_time_seconds": seconds(_number(tree, f"{base}/hello_time")),
        "max_age_seconds": seconds(_number(tree, f"{base}/max_age")),
        "ageing_time_seconds": seconds(_number(tree, f"{base}/ageing_time")),
        "priority": _number(tree, f"{base}/priority"),
        "bridge_id": _text(tree, f"{base}/bridge_id"),
        "root_id": _text(tree, f"{base}/root_id"),
        "vlan_filtering": _switch(tree, f"{base}/vlan_filtering"),
        "multicast_snooping": _switch(tree, f"{base}/multicast_snooping"),
    }


def _vlans(tree: Tree) -> dict[str, Vlan]:
    """VLANs by link, from lines as ``bond0.100 | 100 | bond0``; no file tells their protocol."""
    found = {}
    for line in (_text(tree, "proc/net/vlan/config") or "").splitlines():
        match [part.strip() for part in line.split("|")]:
            case [name, number, _] if number.isdecimal() and len(number) <= 4:
                found[name] = Vlan(id=int(number))
    return found


def _permanent_macs(tree: Tree) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        bonds = tree.names("proc/net/bonding")
    except ReadError:
        return found
    for bond in bonds:
        port = ""
        for line in (_text(tree, f"proc/net/bonding/{bond}") or "").splitlines():
            key, _, value = line.partition(": ")
            if key == "Slave Interface":
                port = value.strip()
            elif key == "Permanent HW addr" and port and (mac := _mac(value.strip())):
                found[port] = mac
    return found


def _text(tree: Tree, path: str) -> str | None:
    """An attribute; one that may not be read or fails is as good as absent: one link can't spoil the rest."""
    try:
        return tree.attribute(path)
    except ReadError:
        return None


def _number(tree: Tree, path: str, base: int = 10) -> int | None:
    try:
        return tree.number(path, base)
    except ReadError:
        return None


def _switch(tree: Tree, path: str) -> bool | None:
    value = _number(tree, path)
    return None if value is None else value != 0


def _attempt_link(tree: Tree, path: str) -> str | None:
    target = tree.link(path)
    return _printable(target.rpartition("/")[2]) if target else None


def _mac(text: str | None) -> str | None:
    """A hardware address; None for one of zeroes only, as a loopback's."""
    return text.lower() if text and text.strip("0:") else None


def _printable(name: str) -> str:
    """A name may hold any byte: those that are not UTF-8 become U+FFFD, as in what netlink tells."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
