"""Messages and attributes of rtnetlink, netlink(7) and rtnetlink(7).

The byte order is an argument, so that what a big-endian machine answered can be read on a little-endian one.
"""

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
NESTED_BITS = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER


def header(order: "Order") -> Struct:
    """The layout of nlmsghdr: length, type, flags, sequence number, port."""
    return _HEADER[order]


def attribute_header(order: "Order") -> Struct:
    """The layout of nlattr: length, type."""
    return _ATTRIBUTE[order]


def messages(data: bytes, source: str, order: "Order" = sys.byteorder) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Each message as (type, flags, sequence number, port, start and end of its payload).

    ParseError where one is cut off.
    """
    unpack, start, size = _HEADER[order].unpack_from, 0, len(data)
    while start < size:
        if size - start < 16:
            raise ParseError(source, f"{size - start} bytes where a header of 16 should be")
        length, kind, flags, sequence, port = unpack(data, start)
        if length < 16 or length > size - start:
            raise ParseError(source, f"a message of {length} bytes where {size - start} are left")
        yield kind, flags, sequence, port, start + 16, start + length
        start += (length + 3) & ~3


def dump_payloads(data: bytes, wanted: int, source: str, order: "Order" = sys.byteorder) -> list[tuple[int, int]]:
    """Start and end of the payload of each wanted message of one complete dump.

    ParseError where the dump has no end, ReadError where the kernel ended it with an error.
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
    raise ParseError(source, "the dump has no end, or is cut off")


def mark_interrupted(end: bytes, order: "Order" = sys.byteorder) -> bytes:
    """The last message of a dump with the flag that something before it carried."""
    length, kind, flags, sequence, port = _HEADER[order].unpack_from(end)
    return _HEADER[order].pack(length, kind, flags | NLM_F_DUMP_INTR, sequence, port) + end[16:]


def is_interrupted(data: bytes, order: "Order" = sys.byteorder) -> bool:
    """Whether the kernel's tables changed while it dumped them, so that entries may be missing.

    It says so at the message that it happened before; the transport repeats it at the end.
    """
    if len(data) < 20:
        return False
    length, kind, flags, _, _ = _HEADER[order].unpack_from(data, len(data) - 20)
    return (length, kind) == (20, NLMSG_DONE) and bool(flags & NLM_F_DUMP_INTR)


def raise_error(code: bytes, source: str, order: "Order" = sys.byteorder) -> None:
    """Raise the error number that an NLMSG_ERROR or NLMSG_DONE message carries, unless it is none."""
    number = -int.from_bytes(code, order, signed=True)
    if number > 0:
        import os

        raise ReadError(source, os.strerror(number) if number < 4096 else f"error {number}", number)


def attributes(
    data: bytes, start: int, end: int, wanted: Container[int], source: str, order: "Order" = sys.byteorder
) -> dict[int, bytes]:
    """The wanted attributes between two offsets by their type; of equal ones the last. ParseError if one is cut off."""
    unpack, found, last = _ATTRIBUTE[order].unpack_from, {}, end - 4
    while start <= last:
        length, kind = unpack(data, start)
        stop = start + length
        if length < 4 or stop > end:
            raise ParseError(source, f"an attribute of {length} bytes where {end - start} are left")
        if (kind := kind & NESTED_BITS) in wanted:
            found[kind] = data[start + 4 : stop]
        start = stop + 3 & ~3
    return found


def nested(data: bytes, source: str, order: "Order" = sys.byteorder) -> dict[int, bytes]:
    """The attributes inside an attribute."""
    return attributes(data, 0, len(data), _ALL, source, order)


def listed(data: bytes, source: str, order: "Order" = sys.byteorder) -> Iterator[tuple[int, bytes]]:
    """The attributes inside an attribute that holds several of one type, in their order."""
    unpack, start, end = _ATTRIBUTE[order].unpack_from, 0, len(data)
    while end - start >= 4:
        length, kind = unpack(data, start)
        if length < 4 or length > end - start:
            raise ParseError(source, f"an attribute of {length} bytes where {end - start} are left")
        yield kind & NESTED_BITS, data[start + 4 : start + length]
        start += (length + 3) & ~3


def number(value: bytes | None, order: "Order" = sys.byteorder) -> int | None:
    """An unsigned number of up to 64 bits; None where there is none."""
    if value is None or not 0 < len(value) <= 8:
        return None
    return int.from_bytes(value, order)


def text(value: bytes | None) -> str | None:
    """A string up to its null byte; None where it is absent or empty."""
    if value is None:
        return None
    return value.partition(b"\0")[0].decode("utf-8", "replace") or None
