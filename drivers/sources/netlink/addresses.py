"""Parse a dump of IP addresses: RTM_NEWADDR messages, rtnetlink(7) and linux/if_addr.h."""

from __future__ import annotations

import sys
from _socket import AF_INET, AF_INET6, inet_ntop
from collections.abc import Mapping
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.model.network import Address

from .attribute_layouts import LayoutCache
from .constants import ADDRESSES_LIMIT, address_flags, scope
from .message import dump_payloads, parse_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

SOURCE = "netlink addresses"
RTM_NEWADDR = 20
ADDRESS, LOCAL, LABEL, BROADCAST, LIFETIMES, FLAGS = 1, 2, 3, 4, 6, 8
_WANTED = (ADDRESS, LOCAL, LABEL, BROADCAST, LIFETIMES, FLAGS)
_NUMBERS = frozenset({FLAGS})

_HEAD = {"little": Struct("<BBBBI"), "big": Struct(">BBBBI")}
_CACHE = {"little": Struct("<II"), "big": Struct(">II")}
_INFINITE = 0xFFFFFFFF
_SIZES = {int(AF_INET): 4, int(AF_INET6): 16}
_MASKS = tuple(inet_ntop(AF_INET, (0xFFFFFFFF << 32 - bits & 0xFFFFFFFF).to_bytes(4, "big")) for bits in range(33))


def parse_addresses(data: bytes, names: Mapping[int, str], order: Order = sys.byteorder) -> tuple[Address, ...]:
    """Return the addresses of one dump by link; ``names`` maps link indexes to names.

    Addresses of links without a name are dropped: the link was removed between the two dumps. ParseError: there are
    more than ADDRESSES_LIMIT.
    """
    found: list[Address] = []
    layouts = LayoutCache(_WANTED, _NUMBERS, SOURCE, order)
    for start, end in dump_payloads(data, RTM_NEWADDR, SOURCE, order):
        address = _address(data, start, end, layouts, names, order)
        if address is not None:
            if len(found) == ADDRESSES_LIMIT:
                raise ParseError(SOURCE, f"more than {ADDRESSES_LIMIT} addresses")
            found.append(address)
    found.sort(key=lambda address: (address.index, address.family))  # stable: the kernel's order within
    return tuple(found)


def _address(
    data: bytes, start: int, end: int, layouts: LayoutCache, names: Mapping[int, str], order: Order
) -> Address | None:
    """Return one address; None if its link has no name, or for another address family."""
    if end - start < 8:
        return None
    family, prefix_length, bits, scope_number, index = _HEAD[order].unpack_from(data, start)
    link, size = names.get(index), _SIZES.get(family)
    if link is None or size is None:
        return None
    # With IFA_LOCAL, IFA_ADDRESS is the peer; on IPv4 without a peer, both are equal.
    peer, local, label, broadcast, lifetimes, flags = layouts.values(data, start + 8, end)
    if local is None:
        local = peer
    if local is None or len(local) != size or prefix_length > size * 8:
        return None
    is_ipv4 = size == 4
    label = parse_string(label)
    preferred, valid = _lifetimes(lifetimes, order)
    if flags is None:  # Linux before 3.14
        flags = bits
    return Address(
        link=link,
        index=index,
        family="ipv4" if is_ipv4 else "ipv6",
        address=inet_ntop(family, local),
        prefix_length=prefix_length,
        netmask=_MASKS[prefix_length] if is_ipv4 else None,
        broadcast=inet_ntop(family, broadcast) if broadcast is not None and len(broadcast) == size else None,
        peer=inet_ntop(family, peer) if peer != local and peer is not None and len(peer) == size else None,
        scope=scope(scope_number),
        flags=address_flags(flags, is_ipv6=not is_ipv4),
        valid_lifetime_seconds=valid,
        preferred_lifetime_seconds=preferred,
        label=label if label != link else None,
    )


def _lifetimes(value: bytes | None, order: Order) -> tuple[int | None, int | None]:
    if value is None or len(value) < 8:
        return None, None
    preferred, valid = _CACHE[order].unpack_from(value)
    return (None if preferred == _INFINITE else preferred), (None if valid == _INFINITE else valid)
