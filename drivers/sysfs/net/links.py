"""Links from /sys/class/net, for a tree of files and if netlink is refused.

Source: Documentation/ABI/testing/sysfs-class-net; VLAN IDs from /proc/net/vlan/config, bonds also from
/proc/net/bonding.
"""

from __future__ import annotations

from hostinfo.errors import ReadError
from hostinfo.model.network import Vlan

from ...sources.netlink.constants import LINKS_LIMIT, link_flags
from ...sources.netlink.link_kinds import seconds
from ...sources.netlink.link_record import LinkRecord
from ...sources.netlink.tunnels import is_ip_link_type, tunnel
from ...sources.tree import Tree, source_of
from .bonding_files import ProcBond, read_bond, read_proc_bonds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CLASS = "sys/class/net"
ARPHRD_LOOPBACK = 772
IFF_UP = 1
_KINDS = frozenset({"bond", "bridge", "vlan", "vxlan", "macvlan", "ipvlan", "geneve", "gre", "ppp", "dsa", "wwan"})
_LISTINGS = 4  # until no name changes: three attempts, and the listing that confirms the last


def read_links(tree: Tree) -> list[LinkRecord]:
    """Return the links of the tree by index; a link that is removed while it is read is left out.

    The names are listed again at the end: a link that was renamed meanwhile is read by its new name.
    """
    vlans, bonds = _read_vlans(tree), read_proc_bonds(tree)
    permanent = {port: mac for bond in bonds.values() for port, mac in bond.permanent_macs.items()}
    found: dict[str, LinkRecord | None] = {}
    names: list[str] = []
    for _ in range(_LISTINGS):
        listed = tree.names(CLASS)
        if listed == names:
            break
        if len(listed) > LINKS_LIMIT:
            raise ReadError(source_of(CLASS), f"more than {LINKS_LIMIT} links")
        names = listed
        found = {name: found.get(name) or _read_link(tree, name, bonds.get(name)) for name in names}
    records = [record for record in found.values() if record is not None]
    for name, record in found.items():
        if record is not None:
            record.facts["vlan"], record.facts["permanent_mac"] = vlans.get(name), _mac(permanent.get(name))
    records.sort(key=lambda record: (record.index is None, record.index or 0))
    _add_lower_of_devices(tree, records)
    return records


def _add_lower_of_devices(tree: Tree, records: list[LinkRecord]) -> None:
    """Add the lower links that are not in sysfs as lower_*: of InfiniBand child links and of DSA ports.

    Only for links with a device: the iflink of a veth link is the index of its peer.
    """
    names = {record.index: record.name for record in records}
    for record in records:
        base = f"{CLASS}/{record.name}"
        if record.lower or tree.link(f"{base}/device") is None:
            continue
        lower = tree.try_number(f"{base}/iflink")
        if lower and lower != record.index and lower in names:
            record.lower = (names[lower],)


def _read_link(tree: Tree, name: str, proc_bond: ProcBond | None) -> LinkRecord | None:
    base = f"{CLASS}/{name}"
    if not tree.is_dir(base):  # bonding_masters is a file
        return None
    try:
        entries = tree.names(base)
    except ReadError:
        return None
    if not entries:
        return None
    record = LinkRecord(_printable(name), tree.try_number(f"{base}/ifindex"), _facts(tree, base))
    record.controller = _link_name(tree, f"{base}/master")
    record.lower = tuple(_printable(entry[6:]) for entry in entries if entry.startswith("lower_"))
    if "bonding" in entries or proc_bond is not None:
        record.facts["kind"] = "bond"
        record.bond, ports = read_bond(tree, f"{base}/bonding", proc_bond)
        record.ports = tuple(map(_printable, ports))
    elif "bridge" in entries:
        record.facts["kind"] = "bridge"
        record.bridge = _bridge(tree, f"{base}/bridge")
        record.ports = tuple(map(_printable, tree.names(f"{base}/brif")))
    elif "tun_flags" in entries:
        record.facts["kind"] = "tun"
        record.facts["mode"] = {1: "tun", 2: "tap"}.get((tree.try_number(f"{base}/tun_flags", 16) or 0) & 3)
    return record


def _facts(tree: Tree, base: str) -> dict[str, Any]:
    flags = tree.try_number(f"{base}/flags", 16)
    state, carrier = tree.try_attribute(f"{base}/operstate"), tree.try_attribute(f"{base}/carrier")
    is_up = None if flags is None else flags & IFF_UP != 0
    link_type = tree.try_number(f"{base}/type")
    address, broadcast = tree.try_attribute(f"{base}/address"), tree.try_attribute(f"{base}/broadcast")
    is_tunnel = is_ip_link_type(link_type, _address_bytes(address))
    return {
        "kind": _kind(tree, base, link_type),
        "mac": None if is_tunnel else _mac(address),
        "broadcast_mac": None if is_tunnel else _mac(broadcast),
        "tunnel": tunnel(_address_bytes(address), _address_bytes(broadcast)) if is_tunnel else None,
        "port_name": tree.try_attribute(f"{base}/phys_port_name"),
        "switch_id": tree.try_attribute(f"{base}/phys_switch_id"),
        "mtu": tree.try_number(f"{base}/mtu"),
        "state": state if state != "unknown" else None,
        "is_enabled": is_up,
        "has_carrier": carrier == "1" if is_up is not False and carrier in ("0", "1") else None,
        "alias": tree.try_attribute(f"{base}/ifalias"),
        "group": tree.try_number(f"{base}/netdev_group"),
        "tx_queue_length": tree.try_number(f"{base}/tx_queue_len"),
        "flags": () if flags is None else link_flags(flags),
    }


def _kind(tree: Tree, base: str, link_type: int | None) -> str | None:
    if link_type == ARPHRD_LOOPBACK:
        return "loopback"
    for line in (tree.try_attribute(f"{base}/uevent") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "DEVTYPE" and value in _KINDS:
            return value
    return None


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


def _flag(tree: Tree, path: str) -> bool | None:
    value = tree.try_number(path)
    return None if value is None else value != 0


def _link_name(tree: Tree, path: str) -> str | None:
    target = tree.link(path)
    return _printable(target.rpartition("/")[2]) if target else None


def _mac(text: str | None) -> str | None:
    """Return a hardware address; None if it is all zero, as on the loopback device."""
    return text.lower() if text and text.strip("0:") else None


def _address_bytes(text: str | None) -> bytes | None:
    try:
        return bytes.fromhex(text.replace(":", "")) if text and len(text) < 100 else None
    except ValueError:
        return None


def _printable(name: str) -> str:
    """Replace bytes that are not UTF-8 by U+FFFD, as the netlink parser does; a link name may contain any byte."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
