"""Split rtnetlink replies into messages and attributes, netlink(7) and rtnetlink(7).

The byte order is a parameter, so that the recording of a big-endian machine can be read on a little-endian one.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator
from struct import Struct

from hostinfo.errors import ParseError, ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Order = Literal["little", "big"]

NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 1, 2, 3, 4
NLM_F_DUMP_INTR = 0x10

_HEADER = {"little": Struct("<IHHII"), "big": Struct(">IHHII")}
_ATTRIBUTE = {"little": Struct("<HH"), "big": Struct(">HH")}
_ALL = range(1 << 14)
NLA_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER


def header(order: Order) -> Struct:
    """Return the layout of nlmsghdr: length, type, flags, sequence number, port."""
    return _HEADER[order]


def attribute_header(order: Order) -> Struct:
    """Return the layout of nlattr: length, type."""
    return _ATTRIBUTE[order]


def messages(data: bytes, source: str, order: Order = sys.byteorder) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Yield each message as (type, flags, sequence number, port, start and end of the payload).

    ParseError: a message is truncated.
    """
    unpack, start, size = _HEADER[order].unpack_from, 0, len(data)
    while start < size:
        if size - start < 16:
            raise ParseError(source, f"truncated: {size - start} bytes left, a header has 16")
        length, kind, flags, sequence, port = unpack(data, start)
        if length < 16 or length > size - start:
            raise ParseError(source, f"bad message length: {length} bytes, {size - start} left")
        yield kind, flags, sequence, port, start + 16, start + length
        start += (length + 3) & ~3


def dump_payloads(data: bytes, wanted: int, source: str, order: Order = sys.byteorder) -> list[tuple[int, int]]:
    """Return the start and end of the payload of each message of type ``wanted`` in one complete dump.

    ParseError: the dump is truncated. ReadError: the kernel ended it with an error.
    """
    unpack, start, size = _HEADER[order].unpack_from, 0, len(data)
    spans = []
    while size - start >= 16:
        length, kind, _, _, _ = unpack(data, start)
        end = start + length
        if length < 16 or end > size:
            break
        if kind == wanted:
            spans.append((start + 16, end))
        elif kind in (NLMSG_DONE, NLMSG_ERROR):
            raise_error(data[start + 16 : min(start + 20, end)], source, order)
            return spans
        start = end + 3 & ~3
    raise ParseError(source, "truncated dump: no NLMSG_DONE")


def mark_interrupted(end: bytes, order: Order = sys.byteorder) -> bytes:
    """Set NLM_F_DUMP_INTR, which an earlier message carried, on the last message of a dump."""
    length, kind, flags, sequence, port = _HEADER[order].unpack_from(end)
    return _HEADER[order].pack(length, kind, flags | NLM_F_DUMP_INTR, sequence, port) + end[16:]


def is_interrupted(data: bytes, order: Order = sys.byteorder) -> bool:
    """Return whether the kernel's tables changed during the dump, so that entries may be missing.

    The kernel sets the flag on the next message; ``dump_socket.collect`` copies it to the last one.
    """
    if len(data) < 20:
        return False
    length, kind, flags, _, _ = _HEADER[order].unpack_from(data, len(data) - 20)
    return (length, kind) == (20, NLMSG_DONE) and bool(flags & NLM_F_DUMP_INTR)


def raise_error(code: bytes, source: str, order: Order = sys.byteorder) -> None:
    """Raise the error of an NLMSG_ERROR or NLMSG_DONE message as ReadError; do nothing for error number 0."""
    number = -int.from_bytes(code, order, signed=True)
    if number > 0:
        import os

        raise ReadError(source, os.strerror(number) if number < 4096 else f"error {number}", number)


def attributes(
    data: bytes, start: int, end: int, wanted: Container[int], source: str, order: Order = sys.byteorder
) -> dict[int, bytes]:
    """Return the wanted attributes between two offsets by type; the last one wins. ParseError: one is truncated."""
    unpack, found, last = _ATTRIBUTE[order].unpack_from, {}, end - 4
    while start <= last:
        length, kind = unpack(data, start)
        stop = start + length
        if length < 4 or stop > end:
            raise ParseError(source, f"bad attribute length: {length} bytes, {end - start} left")
        if (kind := kind & NLA_TYPE_MASK) in wanted:
            found[kind] = data[start + 4 : stop]
        start = stop + 3 & ~3
    return found


def parse_nested(data: bytes, source: str, order: Order = sys.byteorder) -> dict[int, bytes]:
    """Return the attributes nested in an attribute, by type."""
    return attributes(data, 0, len(data), _ALL, source, order)


def iter_attributes(data: bytes, source: str, order: Order = sys.byteorder) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes nested in an attribute in order; several may have the same type."""
    unpack, start, end = _ATTRIBUTE[order].unpack_from, 0, len(data)
    while end - start >= 4:
        length, kind = unpack(data, start)
        if length < 4 or length > end - start:
            raise ParseError(source, f"bad attribute length: {length} bytes, {end - start} left")
        yield kind & NLA_TYPE_MASK, data[start + 4 : start + length]
        start += (length + 3) & ~3


def parse_uint(value: bytes | None, order: Order = sys.byteorder) -> int | None:
    """Return an unsigned integer of up to 64 bits; None if absent, empty or longer."""
    if value is None or not 0 < len(value) <= 8:
        return None
    return int.from_bytes(value, order)


def parse_string(value: bytes | None) -> str | None:
    """Return a null-terminated string; None if absent or empty."""
    if value is None:
        return None
    return value.partition(b"\0")[0].decode("utf-8", "replace") or None
