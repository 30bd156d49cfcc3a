"""Counters of links: struct rtnl_link_stats64 in RTM_NEWLINK messages, linux/if_link.h.

Apart from the other facts of links: who asks for those has no use for the model of the statistics.
"""

import sys
from struct import Struct

from hostinfo.model.statistics import LinkCounters

from .links import HEAD, NAME, RTM_NEWLINK
from .message import attributes, dump_payloads, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

STATS64 = 23
_COUNTERS = {"little": Struct("<9Q"), "big": Struct(">9Q")}


def parse_counters(data: bytes, order: "Order" = sys.byteorder) -> tuple[LinkCounters, ...]:
    """The counters of one dump of links with their statistics."""
    head, unpack, found = HEAD[order], _COUNTERS[order].unpack_from, []
    for start, end in dump_payloads(data, RTM_NEWLINK, "netlink counters", order):
        if end - start < 16:
            continue
        index = head.unpack_from(data, start)[2]
        values = attributes(data, start + 16, end, (NAME, STATS64), "netlink counters", order)
        name, counters = text(values.get(NAME)), values.get(STATS64)
        if name is not None and counters is not None and len(counters) >= 72:
            found.append((index, name, unpack(counters)))
    return tuple(
        LinkCounters(
            name=name, rx_packets=c[0], tx_packets=c[1], rx_bytes=c[2], tx_bytes=c[3], rx_errors=c[4], tx_errors=c[5],
            rx_dropped=c[6], tx_dropped=c[7], multicast=c[8],
        )
        for _, name, c in sorted(found)
    )  # fmt: skip
