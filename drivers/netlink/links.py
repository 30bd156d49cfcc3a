"""Links of this network namespace: RTM_NEWLINK messages, rtnetlink(7) and linux/if_link.h."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from .kinds import parse_bond, parse_bridge, parse_mode, parse_vlan, parse_vxlan
from .layout import Layouts
from .message import attributes, dump_payloads, listed, nested, number, text
from .record import LinkRecord
from .words import STATES, link_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .message import Order

SOURCE = "netlink links"
RTM_NEWLINK = 16
IFF_UP, IFF_LOOPBACK = 1, 8

(ADDRESS, BROADCAST, NAME, MTU, LOWER, MASTER, QUEUE, STATE, INFO, ALIAS, GROUP) = (
    1, 2, 3, 4, 5, 10, 13, 16, 18, 20, 27)  # fmt: skip
CARRIER, LOWER_NAMESPACE, PROPERTIES, ALTNAME, PERMANENT, PARENT, PARENT_BUS = 33, 37, 52, 53, 54, 56, 57
_WANTED = frozenset({
    ADDRESS, BROADCAST, NAME, MTU, LOWER, MASTER, QUEUE, STATE, INFO, ALIAS, GROUP, CARRIER, LOWER_NAMESPACE,
    PROPERTIES, PERMANENT, PARENT, PARENT_BUS,
})  # fmt: skip
INFO_KIND, INFO_DATA, VXLAN_LOWER = 1, 2, 3
_INFO_WANTED = frozenset({INFO_KIND, INFO_DATA})  # what stands beside them is the bridge's or bond's about its port

HEAD = {"little": Struct("<BxHiII"), "big": Struct(">BxHiII")}


def parse_links(data: bytes, order: "Order" = sys.byteorder) -> list[LinkRecord]:
    """The links of one dump by index, neighbours named. ParseError where it is cut off."""
    head, raw = HEAD[order], []
    names: dict[int, str] = {}
    layouts = Layouts(_WANTED, SOURCE, order)
    for start, end in dump_payloads(data, RTM_NEWLINK, SOURCE, order):
        if end - start < 16:
            continue
        _, _, index, flags, _ = head.unpack_from(data, start)
        found = layouts.attributes(data, start + 16, end)
        name = text(found.get(NAME))
        # A link that comes twice came anew while the kernel dumped; no kernel has names that lead elsewhere as paths.
        if name is not None and index not in names and "/" not in name and name not in (".", ".."):
            names[index] = name
            raw.append((index, flags, name, found))
    raw.sort(key=lambda link: link[0])
    return [_record(index, flags, name, found, names, order) for index, flags, name, found in raw]


def _record(
    index: int, flags: int, name: str, found: Mapping[int, bytes], names: Mapping[int, str], order: "Order"
) -> LinkRecord:
    info = attributes(found[INFO], 0, len(found[INFO]), _INFO_WANTED, SOURCE, order) if INFO in found else {}
    kind = text(info.get(INFO_KIND))
    record = LinkRecord(name, index, _facts(flags, found, order))
    if kind is None:
        _without_kind(record, flags, found)
    else:
        record.facts["kind"] = kind
        data = nested(info[INFO_DATA], SOURCE, order) if INFO_DATA in info else {}
        _of_kind(record, kind, data, names, order)
    master = found.get(MASTER)
    if master is not None:
        record.controller = names.get(int.from_bytes(master, order))
    lower = number(found.get(LOWER), order)
    if lower and lower != index:
        _stand_on(record, lower, names, LOWER_NAMESPACE in found)
    return record


def _facts(flags: int, found: Mapping[int, bytes], order: "Order") -> "dict[str, Any]":
    is_up = flags & IFF_UP != 0
    facts: dict[str, Any] = {
        "mac": mac(found.get(ADDRESS)),
        "broadcast_mac": _broadcast(found.get(BROADCAST)),
        "mtu": number(found.get(MTU), order),
        "is_enabled": is_up,
        "group": number(found.get(GROUP), order),
        "tx_queue_length": number(found.get(QUEUE), order),
        "flags": link_flags(flags),
    }
    state = number(found.get(STATE), order)
    if state and state < len(STATES):
        facts["state"] = STATES[state]
    if is_up and CARRIER in found:
        facts["has_carrier"] = any(found[CARRIER])
    if PERMANENT in found:
        facts["permanent_mac"] = mac(found[PERMANENT])
    if ALIAS in found:
        facts["alias"] = text(found[ALIAS])
    if PROPERTIES in found:
        names = (text(value) for kind, value in listed(found[PROPERTIES], SOURCE, order) if kind == ALTNAME)
        facts["altnames"] = tuple(name for name in names if name)
    return facts


def _without_kind(record: LinkRecord, flags: int, found: Mapping[int, bytes]) -> None:
    if flags & IFF_LOOPBACK:
        record.facts["kind"] = "loopback"
    elif PARENT in found:  # Linux 5.14; before, sysfs tells
        record.facts["kind"] = "physical"
        record.facts["bus"] = text(found.get(PARENT_BUS))
        record.facts["bus_address"] = text(found[PARENT])


def _of_kind(
    record: LinkRecord, kind: str, data: Mapping[int, bytes], names: Mapping[int, str], order: "Order"
) -> None:
    if kind == "bond":
        record.bond = parse_bond(data, names, order)
    elif kind == "bridge":
        record.bridge = parse_bridge(data, order)
    elif kind == "vlan":
        record.facts["vlan"] = parse_vlan(data, order)
    elif kind == "vxlan":
        record.facts["vxlan"] = parse_vxlan(data, order)
        lower = names.get(number(data.get(VXLAN_LOWER), order) or 0)
        record.lower = (lower,) if lower else ()
    else:
        mode = parse_mode(kind, data, order)
        if mode is not None:
            record.facts["mode"] = mode


def _stand_on(record: LinkRecord, lower: int, names: Mapping[int, str], is_elsewhere: bool) -> None:
    if is_elsewhere:  # then the index counts in the other namespace
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
    """A hardware address of any length in text; None where it is absent or all zero, as a loopback's."""
    return value.hex(":") if value and any(value) else None
