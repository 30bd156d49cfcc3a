"""Routes of this network namespace: RTM_NEWROUTE messages, rtnetlink(7) and linux/rtnetlink.h."""

import sys
from _socket import AF_INET, AF_INET6, inet_ntop
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.model.network import NextHop, Route

from .layout import Layouts
from .message import attributes, dump_payloads, nested, number
from .words import PROTOCOLS, ROUTE_TYPES, route_flags, scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

SOURCE = "netlink routes"
RTM_NEWROUTE = 24
LOCAL_TABLE = 255
_LOCAL = bytes((LOCAL_TABLE,))
DESTINATION, FROM, OUT, GATEWAY, PRIORITY, PREFERRED, METRICS, MULTIPATH, TABLE, VIA, HOP_ID = (
    1, 2, 4, 5, 6, 7, 8, 9, 15, 18, 30)  # fmt: skip
METRIC_MTU = 2
_WANTED = frozenset({DESTINATION, FROM, OUT, GATEWAY, PRIORITY, PREFERRED, METRICS, MULTIPATH, TABLE, VIA, HOP_ID})

_HEAD = {"little": Struct("<BBBBBBBBI"), "big": Struct(">BBBBBBBBI")}
_HOP = {"little": Struct("<HBBi"), "big": Struct(">HBBi")}
_SIZES = {int(AF_INET): 4, int(AF_INET6): 16}


def parse_routes(data: bytes, names: Mapping[int, str], order: "Order" = sys.byteorder) -> tuple[Route, ...]:
    """The routes of one dump, but those of table local, which mirror the addresses. In the kernel's order."""
    found = []
    layouts = Layouts(_WANTED, SOURCE, order)
    for start, end in dump_payloads(data, RTM_NEWROUTE, SOURCE, order):
        if data[start + 4 : start + 5] == _LOCAL:  # most of all IPv6 routes: not worth a look at their attributes
            continue
        route = _route(data, start, end, layouts, names, order)
        if route is not None:
            found.append(route)
    return tuple(found)


def _route(
    data: bytes, start: int, end: int, layouts: Layouts, names: Mapping[int, str], order: "Order"
) -> Route | None:
    """One route; None where it is of table local or of another family, or its link left in between."""
    if end - start < 12:
        return None
    family, bits, from_bits, _, table, protocol, scope_number, kind, flags = _HEAD[order].unpack_from(data, start)
    size = _SIZES.get(family)
    if size is None or bits > size * 8 or from_bits > size * 8:
        return None
    found = layouts.attributes(data, start + 12, end)
    table = table if TABLE not in found else number(found[TABLE], order) or 0
    out = number(found.get(OUT), order)
    if table == LOCAL_TABLE or (out and out not in names):
        return None
    hops = found.get(MULTIPATH)
    return Route(
        family="ipv4" if size == 4 else "ipv6",
        destination=_network(found.get(DESTINATION), bits, family, size),
        source=_network(found.get(FROM), from_bits, family, size) if from_bits else None,
        gateway=_gateway(found, family, size) if GATEWAY in found or VIA in found else None,
        link=names.get(out) if out else None,
        preferred_source=_address(found[PREFERRED], family, size) if PREFERRED in found else None,
        metric=number(found.get(PRIORITY), order),
        table=table,
        type=ROUTE_TYPES[kind] if kind < len(ROUTE_TYPES) else str(kind),
        protocol=(PROTOCOLS.get(protocol) or str(protocol)) if protocol else None,
        scope=scope(scope_number) if size == 4 else None,
        mtu=number(nested(found[METRICS], SOURCE, order).get(METRIC_MTU), order) if METRICS in found else None,
        flags=route_flags(flags),
        next_hop_id=number(found[HOP_ID], order) if HOP_ID in found else None,
        next_hops=() if hops is None else tuple(_next_hops(hops, family, size, names, order)),
    )


def _next_hops(data: bytes, family: int, size: int, names: Mapping[int, str], order: "Order") -> list[NextHop]:
    unpack, start, found = _HOP[order].unpack_from, 0, []
    while len(data) - start >= 8:
        length, _, hops, out = unpack(data, start)
        if length < 8 or length > len(data) - start:
            raise ParseError(SOURCE, f"a next hop of {length} bytes where {len(data) - start} are left")
        gateway = _gateway(attributes(data, start + 8, start + length, _WANTED, SOURCE, order), family, size)
        found.append(NextHop(gateway=gateway, link=names.get(out), weight=hops + 1))
        start += (length + 3) & ~3
    return found


def _gateway(found: Mapping[int, bytes], family: int, size: int) -> str | None:
    gateway = _address(found.get(GATEWAY), family, size)
    via = found.get(VIA)  # a gateway of the other family: its number in 16 bits, then the address
    if gateway is None and via is not None and len(via) in (6, 18):
        return inet_ntop(AF_INET if len(via) == 6 else AF_INET6, via[2:])
    return gateway


@lru_cache(maxsize=1024)  # every link has a route to fe80::/64
def _network(value: bytes | None, bits: int, family: int, size: int) -> str:
    if bits == 0:
        return "default"
    return f"{_address(value, family, size) or inet_ntop(family, bytes(size))}/{bits}"


def _address(value: bytes | None, family: int, size: int) -> str | None:
    return inet_ntop(family, value) if value is not None and len(value) == size else None
