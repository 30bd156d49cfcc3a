"""Link counters: struct rtnl_link_stats64 in RTM_NEWLINK messages, linux/if_link.h.

Separate from ``links``: the network group needs neither the counters nor their model.
"""

from __future__ import annotations

import sys
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.model.statistics import LinkCounters

from .constants import LINKS_LIMIT
from .links import HEAD, NAME, RTM_NEWLINK
from .message import attributes, dump_payloads, parse_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

SOURCE = "netlink counters"
STATS64 = 23
_COUNTERS = {"little": Struct("<9Q"), "big": Struct(">9Q")}


def parse_counters(data: bytes, order: Order = sys.byteorder) -> tuple[LinkCounters, ...]:
    """Return the counters in a dump of links, by index. ParseError: there are more than LINKS_LIMIT."""
    head, unpack = HEAD[order], _COUNTERS[order].unpack_from
    found: list[tuple[int, str, tuple[int, ...]]] = []
    for start, end in dump_payloads(data, RTM_NEWLINK, SOURCE, order):
        if end - start < 16:
            continue
        index = head.unpack_from(data, start)[2]
        values = attributes(data, start + 16, end, (NAME, STATS64), SOURCE, order)
        name, counters = parse_string(values.get(NAME)), values.get(STATS64)
        if name is not None and counters is not None and len(counters) >= 72:
            if len(found) == LINKS_LIMIT:
                raise ParseError(SOURCE, f"more than {LINKS_LIMIT} links")
            found.append((index, name, unpack(counters)))
    return tuple(
        LinkCounters(
            name=name, rx_packets=c[0], tx_packets=c[1], rx_bytes=c[2], tx_bytes=c[3], rx_errors=c[4], tx_errors=c[5],
            rx_dropped=c[6], tx_dropped=c[7], multicast=c[8],
        )
        for _, name, c in sorted(found)
    )  # fmt: skip
