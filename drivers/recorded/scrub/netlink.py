"""Scrubs rtnetlink dumps attribute by attribute, linux/if_link.h, if_addr.h, rtnetlink.h.

Harmless attributes stay, addresses are replaced, and all else becomes zeros of the same length. So an attribute that a
newer kernel adds does not leak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .secrets import SecretIndex

Action = Callable[["SecretIndex", bytes], bytes]
Table = Mapping[int, "Action | Table"]
"""Attribute number -> action, or the table of nested attributes; -1: all others (missing: zeros)."""

_HEADER = Struct("=IHHII")
_ATTRIBUTE = Struct("=HH")
_NEXT_HOP = Struct("=HBBi")
_DEPTH = 8


def _keep(_values: SecretIndex, value: bytes) -> bytes:
    return value


def _zero(_values: SecretIndex, value: bytes) -> bytes:
    return bytes(len(value))


def _hardware(secrets: SecretIndex, value: bytes) -> bytes:
    """Replace a hardware address; that of a tunnel is an IP address."""
    return secrets.ip(value) if len(value) in (4, 16) else secrets.mac(value)


def _ip(secrets: SecretIndex, value: bytes) -> bytes:
    return secrets.ip(value)


def _bridge_id(secrets: SecretIndex, value: bytes) -> bytes:
    return value[:2] + secrets.mac(value[2:])


def _vf_mac(secrets: SecretIndex, value: bytes) -> bytes:
    """Replace the address in an ifla_vf_mac: function number, and 32 bytes for an address of 6 or 20 bytes."""
    return value[:4] + secrets.mac(value[4:10]) + bytes(len(value[10:]))


def _via(secrets: SecretIndex, value: bytes) -> bytes:
    return value[:2] + secrets.ip(value[2:])


def _name(secrets: SecretIndex, value: bytes) -> bytes:
    return secrets.text(value)


def _alias(secrets: SecretIndex, value: bytes) -> bytes:
    return secrets.token("alias", value)


def _opaque(secrets: SecretIndex, value: bytes) -> bytes:
    return secrets.mac(value) if len(value) == 6 else secrets.opaque(value)


def _known(last: int, others: Table | None = None) -> Table:
    """Return a table that keeps all numbers up to the last one, except ``others``."""
    return {**dict.fromkeys(range(last + 1), _keep), **(others or {})}


_ALL: Table = {-1: _keep}
_IPS: Table = {-1: _ip}
_LINK_DATA: Mapping[bytes, Table] = {
    b"bond": _known(30, {8: _IPS, 23: _known(4, {5: _hardware}), 26: _hardware, 31: _IPS}),
    b"bridge": _known(48, {10: _bridge_id, 11: _bridge_id, 20: _hardware}),
    b"macvlan": _known(9, {4: _hardware, 5: {-1: _hardware}}),
    b"macvtap": _known(9, {4: _hardware, 5: {-1: _hardware}}),
    b"vxlan": _known(32, {2: _ip, 4: _ip, 16: _ip, 17: _ip}),
    b"vlan": _known(5),
    b"ipvlan": _known(2),
    b"ipvtap": _known(2),
    b"tun": _known(9),
    b"vrf": _known(1),
    **{kind: {6: _ip, 7: _ip} for kind in (b"gre", b"gretap", b"ip6gre", b"ip6gretap", b"erspan", b"ip6erspan")},
    **{kind: {2: _ip, 3: _ip} for kind in (b"ipip", b"sit", b"ip6tnl")},
    **{kind: {4: _ip, 5: _ip} for kind in (b"vti", b"vti6")},
    b"geneve": {1: _keep, 2: _ip, 7: _ip},
}
_PORT_DATA: Mapping[bytes, Table] = {
    b"bond": _known(9, {4: _hardware}),
    b"bridge": _known(45, {13: _bridge_id, 14: _bridge_id}),
}
_NUMBERS = (*range(4, 12), *range(13, 18), 19, 21, 23, *range(27, 34), 35, *range(37, 52), *range(55, 80))
_LINK: Table = {
    **dict.fromkeys(_NUMBERS, _keep),
    1: _hardware,
    2: _hardware,
    3: _name,
    18: _ALL,  # IFLA_LINKINFO: see _link_info
    20: _alias,
    22: {1: {1: _vf_mac, -1: _keep}},
    26: {2: _ALL, 7: _ALL, 10: {7: _zero, -1: _keep}},
    34: _opaque,
    36: _opaque,
    52: {53: _name},
    54: _hardware,
}
_ADDRESS: Table = {1: _ip, 2: _ip, 3: _name, 4: _ip, 5: _ip, 7: _ip, **dict.fromkeys((6, 8, 9, 10, 11), _keep)}
_ROUTE: Table = {
    **dict.fromkeys((3, 4, 6, 11, 12, 15, 16, 20, 21, 23, 26, 30), _keep), 5: _ip, 7: _ip, 8: _ALL, 18: _via, 19: _ip,
}  # fmt: skip


def scrub_netlink(data: bytes, secrets: SecretIndex) -> bytes:
    """Return the dump with other addresses; malformed messages become zeros."""
    new = bytearray(data)
    start, size = 0, len(data)
    while size - start >= 16:
        length, kind, _, _, _ = _HEADER.unpack_from(data, start)
        if not 16 <= length <= size - start:
            break
        _message(new, kind, start + 16, start + length, secrets)
        start += (length + 3) & ~3
    if start < size:
        new[start:] = bytes(size - start)
    return bytes(new)


def register_subnets(data: bytes, secrets: SecretIndex) -> None:
    """Register the subnets of the addresses, so that network and broadcast addresses keep their meaning."""
    start, size = 0, len(data)
    while size - start >= 24:
        length, kind, _, _, _ = _HEADER.unpack_from(data, start)
        if not 16 <= length <= size - start:
            return
        if kind == 20 and length >= 24:
            for number, value in _attributes(data, start + 24, start + length):
                if number == 1:
                    secrets.register_subnet(bytes(data[slice(*value)]), data[start + 17])
        start += (length + 3) & ~3


def _message(new: bytearray, kind: int, start: int, end: int, secrets: SecretIndex) -> None:
    if kind in (2, 3):  # an error or the end: its number
        new[start + 4 : end] = bytes(max(0, end - start - 4))
    elif kind == 16 and end - start >= 16:
        _walk(new, start + 16, end, _LINK, secrets)
        _link_info(new, start + 16, end, secrets)
    elif kind == 20 and end - start >= 8:
        _walk(new, start + 8, end, _ADDRESS, secrets)
    elif kind == 24 and end - start >= 12:
        _route(new, start, end, secrets)
    else:
        new[start:end] = bytes(end - start)


def _route(new: bytearray, start: int, end: int, secrets: SecretIndex) -> None:
    table: Table = {**_ROUTE, 1: _network(new[start + 1]), 2: _network(new[start + 2]), 9: _keep}
    _walk(new, start + 12, end, table, secrets)
    for number, (first, last) in _attributes(new, start + 12, end):
        if number == 9:
            _next_hops(new, first, last, secrets)


def _network(length: int) -> Action:
    return lambda secrets, value: secrets.ip(value, length)


def _next_hops(new: bytearray, start: int, end: int, secrets: SecretIndex) -> None:
    while end - start >= 8:
        length = _NEXT_HOP.unpack_from(new, start)[0]
        if not 8 <= length <= end - start:
            break
        _walk(new, start + 8, start + length, _ROUTE, secrets)
        start += (length + 3) & ~3
    new[start:end] = bytes(max(0, end - start))


def _link_info(new: bytearray, start: int, end: int, secrets: SecretIndex) -> None:
    for number, (first, last) in _attributes(new, start, end):
        if number != 18:
            continue
        inside = list(_attributes(new, first, last))
        kinds = {at: bytes(new[slice(*span)]).partition(b"\0")[0] for at, span in inside if at in (1, 4)}
        for at, span in inside:
            if at in (2, 5):
                tables, kind = (_LINK_DATA, kinds.get(1, b"")) if at == 2 else (_PORT_DATA, kinds.get(4, b""))
                _walk(new, *span, tables.get(kind, {}), secrets)
            elif at not in (1, 4):
                new[slice(*span)] = bytes(span[1] - span[0])


def _attributes(data: bytes | bytearray, start: int, end: int) -> list[tuple[int, tuple[int, int]]]:
    found = []
    while end - start >= 4:
        length, kind = _ATTRIBUTE.unpack_from(data, start)
        if not 4 <= length <= end - start:
            break
        found.append((kind & 0x3FFF, (start + 4, start + length)))
        start += (length + 3) & ~3
    return found


def _walk(new: bytearray, start: int, end: int, table: Table, secrets: SecretIndex, depth: int = 0) -> None:
    after = start
    for number, (first, last) in _attributes(new, start, end):
        action = table.get(number, table.get(-1, _zero))
        if isinstance(action, Mapping):
            if depth < _DEPTH:
                _walk(new, first, last, action, secrets, depth + 1)
        else:
            new[first:last] = action(secrets, bytes(new[first:last]))
        after = min(end, start + ((last - start + 3) & ~3))
    new[after:end] = bytes(max(0, end - after))
