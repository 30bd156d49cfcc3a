"""Parse a dump of links: RTM_NEWLINK messages, rtnetlink(7) and linux/if_link.h."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from hostinfo.errors import ParseError

from .attribute_layouts import LayoutCache
from .constants import LINKS_LIMIT, STATES, link_flags
from .link_kinds import parse_bond, parse_bridge, parse_mode, parse_vlan, parse_vxlan
from .link_record import LinkRecord
from .message import attributes, dump_payloads, iter_attributes, parse_nested, parse_string, parse_uint
from .tunnels import is_ip_link_type, parse_tunnel, tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .message import Order

SOURCE = "netlink links"
RTM_NEWLINK = 16
IFF_UP, IFF_LOOPBACK = 1, 8

(ADDRESS, BROADCAST, NAME, MTU, LOWER, MASTER, QUEUE, STATE, INFO, ALIAS, GROUP) = (
    1, 2, 3, 4, 5, 10, 13, 16, 18, 20, 27)  # fmt: skip
CARRIER, SWITCH_ID, LOWER_NAMESPACE, PORT_NAME = 33, 36, 37, 38
PROPERTIES, ALTNAME, PERMANENT, PARENT, PARENT_BUS = 52, 53, 54, 56, 57
_WANTED = (
    ADDRESS, BROADCAST, NAME, MTU, LOWER, MASTER, QUEUE, STATE, INFO, ALIAS, GROUP, CARRIER, SWITCH_ID,
    LOWER_NAMESPACE, PORT_NAME, PROPERTIES, PERMANENT, PARENT, PARENT_BUS,
)  # fmt: skip
_NUMBERS = frozenset({MTU, LOWER, MASTER, QUEUE, STATE, GROUP, CARRIER})
INFO_KIND, INFO_DATA, VXLAN_LOWER = 1, 2, 3
_INFO_WANTED = frozenset({INFO_KIND, INFO_DATA})  # the others describe the port of a bridge or bond

HEAD = {"little": Struct("<BxHiII"), "big": Struct(">BxHiII")}
_SWITCH_ID_BYTES = 32  # MAX_PHYS_ITEM_ID_LEN


def parse_links(data: bytes, order: Order = sys.byteorder) -> list[LinkRecord]:
    """Return the links of one dump by index, with the names of their neighbours. ParseError: it is truncated."""
    head = HEAD[order]
    raw: list[tuple[int, int, int, str, tuple[Any, ...]]] = []
    names: dict[int, str] = {}
    layouts = LayoutCache(_WANTED, _NUMBERS, SOURCE, order)
    for start, end in dump_payloads(data, RTM_NEWLINK, SOURCE, order):
        if end - start < 16:
            continue
        _, link_type, index, flags, _ = head.unpack_from(data, start)
        found = layouts.values(data, start + 16, end)
        name = parse_string(found[2])
        # A link listed twice was re-created during the dump. Names that are unsafe as paths: not from a kernel.
        if name is not None and index not in names and "/" not in name and name not in (".", ".."):
            if len(raw) == LINKS_LIMIT:
                raise ParseError(SOURCE, f"more than {LINKS_LIMIT} links")
            names[index] = name
            raw.append((index, link_type, flags, name, found))
    raw.sort(key=lambda link: link[0])
    return [_record(*link, names, order) for link in raw]


def _record(
    index: int, link_type: int, flags: int, name: str, found: tuple[Any, ...], names: Mapping[int, str], order: Order
) -> LinkRecord:
    (address, broadcast, _, mtu, lower, master, queue, state, info, alias, group, carrier, switch_id,
     lower_namespace, port_name, properties, permanent, parent, parent_bus) = found  # fmt: skip
    is_up = flags & IFF_UP != 0
    facts: dict[str, Any] = {
        "mac": mac(address),
        "broadcast_mac": _broadcast(broadcast),
        "mtu": mtu,
        "is_enabled": is_up,
        "group": group,
        "tx_queue_length": queue,
        "flags": link_flags(flags),
    }
    if state and state < len(STATES):
        facts["state"] = STATES[state]
    if is_up and carrier is not None:
        facts["has_carrier"] = carrier != 0
    if is_ip_link_type(link_type, address):
        facts.update(mac=None, broadcast_mac=None, tunnel=tunnel(address, broadcast))
    elif permanent is not None:
        facts["permanent_mac"] = mac(permanent)
    if port_name is not None:
        facts["port_name"] = parse_string(port_name)
    if switch_id and len(switch_id) <= _SWITCH_ID_BYTES:
        facts["switch_id"] = switch_id.hex()
    if alias is not None:
        facts["alias"] = parse_string(alias)
    if properties is not None:
        altnames = (
            parse_string(value) for kind, value in iter_attributes(properties, SOURCE, order) if kind == ALTNAME
        )
        facts["altnames"] = tuple(altname for altname in altnames if altname)
    record = LinkRecord(name, index, facts)
    about = attributes(info, 0, len(info), _INFO_WANTED, SOURCE, order) if info is not None else {}
    kind = parse_string(about.get(INFO_KIND))
    if kind is not None:
        facts["kind"] = kind
        _add_kind(record, kind, about.get(INFO_DATA), names, order)
    elif flags & IFF_LOOPBACK:
        facts["kind"] = "loopback"
    record.parent = parse_string(parent)  # since Linux 5.14; before, only sysfs has it
    record.parent_bus = parse_string(parent_bus)
    record.controller = names.get(master)
    if lower and (lower != index or lower_namespace is not None):  # numbers of two namespaces may be equal
        _set_lower(record, lower, names, is_elsewhere=lower_namespace is not None)
    return record


def _add_kind(record: LinkRecord, kind: str, info: bytes | None, names: Mapping[int, str], order: Order) -> None:
    data = parse_nested(info, SOURCE, order) if info is not None else {}
    if kind == "bond":
        record.bond = parse_bond(data, names, order)
    elif kind == "bridge":
        record.bridge = parse_bridge(data, order)
    elif kind == "vlan":
        record.facts["vlan"] = parse_vlan(data, order)
    elif kind == "vxlan":
        record.facts["vxlan"] = parse_vxlan(data, order)
        lower = names.get(parse_uint(data.get(VXLAN_LOWER), order) or 0)
        record.lower = (lower,) if lower else ()
    else:
        mode, ends = parse_mode(kind, data, order), parse_tunnel(kind, data)
        if mode is not None:
            record.facts["mode"] = mode
        if ends is not None:
            record.facts["tunnel"] = ends


def _set_lower(record: LinkRecord, lower: int, names: Mapping[int, str], *, is_elsewhere: bool) -> None:
    if is_elsewhere:  # the index belongs to the other namespace
        record.is_lower_elsewhere = True
        return
    name = names.get(lower)
    if name is None:
        return
    if record.facts.get("kind") in ("veth", "netkit", "vxcan"):
        record.peer = name
    else:
        record.lower = (name,)


@lru_cache(maxsize=256)  # nearly all links share the broadcast address
def _broadcast(value: bytes | None) -> str | None:
    return mac(value)


def mac(value: bytes | None) -> str | None:
    """Format a hardware address of any length; None if absent or all zero, as on the loopback device."""
    return value.hex(":") if value and any(value) else None
