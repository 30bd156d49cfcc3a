"""Messages and attributes of rtnetlink, netlink(7) and rtnetlink(7).

The byte order is an argument, so that what a big-endian machine answered can be read on a little-endian one.
"""

import sys
from collections.abc import Iterator
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
_NESTED_BITS = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER


def header(order: "Order") -> Struct:
    """The layout of nlmsghdr: length, type, flags, sequence number, port."""
    return _HEADER[order]


def messages(data: bytes, source: str, order: "Order" = sys.byteorder) -> Iterator[tuple[int, int, int, int]]:
    """Each message as (type, flags, start and end of its payload); ParseError where one is cut off."""
    unpack, start, size = _HEADER[order].unpack_from, 0, len(data)
    while start < size:
        if size - start < 16:
            raise ParseError(source, f"{size - start} bytes where a header of 16 should be")
        length, kind, flags, _, _ = unpack(data, start)
        if length < 16 or length > size - start:
            raise ParseError(source, f"a message of {length} bytes where {size - start} are left")
        yield kind, flags, start + 16, start + length
        start += (length + 3) & ~3


def dump_payloads(data: bytes, wanted: int, source: str, order: "Order" = sys.byteorder) -> list[tuple[int, int]]:
    """Start and end of the payload of each wanted message of one complete dump.

    ParseError where the dump has no end, ReadError where the kernel ended it with an error.
    """
    spans = []
    for kind, _, start, end in messages(data, source, order):
        if kind == wanted:
            spans.append((start, end))
        elif kind in (NLMSG_DONE, NLMSG_ERROR):
            raise_error(data[start : start + 4], source, order)
            return spans
    raise ParseError(source, "no end of the dump")


def is_interrupted(data: bytes, source: str, order: "Order" = sys.byteorder) -> bool:
    """Whether the kernel says that its tables changed while it dumped them, so that entries may be missing."""
    return any(flags & NLM_F_DUMP_INTR for _, flags, _, _ in messages(data, source, order))


def raise_error(code: bytes, source: str, order: "Order" = sys.byteorder) -> None:
    """Raise the error number that an NLMSG_ERROR or NLMSG_DONE message carries, unless it is none."""
    number = -int.from_bytes(code, order, signed=True)
    if number > 0:
        import os

        raise ReadError(source, os.strerror(number) if number < 4096 else f"error {number}", number)


def attributes(data: bytes, start: int, end: int, source: str, order: "Order" = sys.byteorder) -> dict[int, bytes]:
    """The attributes between two offsets by their type; of equal ones the last. ParseError where one is cut off."""
    unpack, found = _ATTRIBUTE[order].unpack_from, {}
    while end - start >= 4:
        length, kind = unpack(data, start)
        stop = start + length
        if length < 4 or stop > end:
            raise ParseError(source, f"an attribute of {length} bytes where {end - start} are left")
        found[kind & _NESTED_BITS] = data[start + 4 : stop]
        start = (stop + 3) & ~3
    return found


def nested(data: bytes, source: str, order: "Order" = sys.byteorder) -> dict[int, bytes]:
    """The attributes inside an attribute."""
    return attributes(data, 0, len(data), source, order)


def listed(data: bytes, source: str, order: "Order" = sys.byteorder) -> Iterator[tuple[int, bytes]]:
    """The attributes inside an attribute that holds several of one type, in their order."""
    unpack, start, end = _ATTRIBUTE[order].unpack_from, 0, len(data)
    while end - start >= 4:
        length, kind = unpack(data, start)
        if length < 4 or length > end - start:
            raise ParseError(source, f"an attribute of {length} bytes where {end - start} are left")
        yield kind & _NESTED_BITS, data[start + 4 : start + length]
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
