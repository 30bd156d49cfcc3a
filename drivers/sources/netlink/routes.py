"""Parse a dump of routes: RTM_NEWROUTE messages, rtnetlink(7) and linux/rtnetlink.h."""

from __future__ import annotations

import sys
from _socket import AF_INET, AF_INET6, inet_ntop
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.model.network import NextHop, Route

from .attribute_layouts import LayoutCache
from .constants import PROTOCOLS, ROUTE_TYPES, route_flags, scope
from .message import attributes, dump_payloads, parse_nested, parse_uint

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
_WANTED = (DESTINATION, FROM, OUT, GATEWAY, PRIORITY, PREFERRED, METRICS, MULTIPATH, TABLE, VIA, HOP_ID)
_NUMBERS = frozenset({OUT, PRIORITY, TABLE, HOP_ID})
_HOP_WANTED = frozenset({GATEWAY, VIA})

_HEAD = {"little": Struct("<BBBBBBBBI"), "big": Struct(">BBBBBBBBI")}
_HOP = {"little": Struct("<HBBi"), "big": Struct(">HBBi")}
_SIZES = {int(AF_INET): 4, int(AF_INET6): 16}


def parse_routes(data: bytes, names: Mapping[int, str], order: Order = sys.byteorder) -> tuple[Route, ...]:
    """Return the routes of one dump in the kernel's order; ``names`` maps link indexes to names.

    Routes of table local, which mirror the addresses, are left out.
    """
    found = []
    layouts = LayoutCache(_WANTED, _NUMBERS, SOURCE, order)
    for start, end in dump_payloads(data, RTM_NEWROUTE, SOURCE, order):
        if data[start + 4 : start + 5] == _LOCAL:  # most IPv6 routes: skip them without reading attributes
            continue
        route = _route(data, start, end, layouts, names, order)
        if route is not None:
            found.append(route)
    return tuple(found)


def _route(
    data: bytes, start: int, end: int, layouts: LayoutCache, names: Mapping[int, str], order: Order
) -> Route | None:
    """Return one route; None for table local, another address family, or a link removed between the dumps."""
    if end - start < 12:
        return None
    family, bits, from_bits, _, table, protocol, scope_number, kind, flags = _HEAD[order].unpack_from(data, start)
    size = _SIZES.get(family)
    if size is None or bits > size * 8 or from_bits > size * 8:
        return None
    destination, source, out, gateway, metric, preferred, metrics, hops, full_table, via, hop_id = layouts.values(
        data, start + 12, end
    )
    if full_table is not None:
        table = full_table
    if table == LOCAL_TABLE or (out and out not in names):
        return None
    return Route(
        family="ipv4" if size == 4 else "ipv6",
        destination=_network(destination, bits, family, size),
        source=_network(source, from_bits, family, size) if from_bits else None,
        gateway=_gateway(gateway, via, family, size),
        link=names.get(out) if out else None,
        preferred_source=_address(preferred, family, size),
        metric=metric,
        table=table,
        type=ROUTE_TYPES[kind] if kind < len(ROUTE_TYPES) else str(kind),
        protocol=(PROTOCOLS.get(protocol) or str(protocol)) if protocol else None,
        scope=scope(scope_number) if size == 4 else None,
        mtu=parse_uint(parse_nested(metrics, SOURCE, order).get(METRIC_MTU), order) if metrics is not None else None,
        flags=route_flags(flags),
        next_hop_id=hop_id,
        next_hops=() if hops is None else tuple(_next_hops(hops, family, size, names, order)),
    )


def _next_hops(data: bytes, family: int, size: int, names: Mapping[int, str], order: Order) -> list[NextHop]:
    unpack, start, found = _HOP[order].unpack_from, 0, []
    while len(data) - start >= 8:
        length, _, hops, out = unpack(data, start)
        if length < 8 or length > len(data) - start:
            raise ParseError(SOURCE, f"bad next hop length: {length} bytes, {len(data) - start} left")
        nested = attributes(data, start + 8, start + length, _HOP_WANTED, SOURCE, order)
        gateway = _gateway(nested.get(GATEWAY), nested.get(VIA), family, size)
        found.append(NextHop(gateway=gateway, link=names.get(out), weight=hops + 1))
        start += (length + 3) & ~3
    return found


def _gateway(gateway: bytes | None, via: bytes | None, family: int, size: int) -> str | None:
    """Return RTA_GATEWAY, or RTA_VIA, a gateway of another address family: family (16 bits), then address."""
    if gateway is None and via is not None and len(via) in (6, 18):
        return inet_ntop(AF_INET if len(via) == 6 else AF_INET6, via[2:])
    return _address(gateway, family, size)


@lru_cache(maxsize=1024)  # every link has a route to fe80::/64
def _network(value: bytes | None, bits: int, family: int, size: int) -> str:
    if bits == 0:
        return "default"
    return f"{_address(value, family, size) or inet_ntop(family, bytes(size))}/{bits}"


def _address(value: bytes | None, family: int, size: int) -> str | None:
    return inet_ntop(family, value) if value is not None and len(value) == size else None
