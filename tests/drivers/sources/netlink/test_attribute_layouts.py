"""Values unpacked by a cached layout equal those found attribute by attribute."""

import struct
import sys

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sources.netlink.attribute_layouts import LayoutCache
from hostinfo.drivers.sources.netlink.message import attributes, parse_uint
from hostinfo.errors import ParseError

WANTED, NUMBERS = (1, 2, 3), frozenset({2})


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, netlink(7)."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


ATTRIBUTE = st.builds(attribute, st.sampled_from([1, 2, 3, 9, 0x8003]), st.binary(max_size=9))
MESSAGE = st.lists(ATTRIBUTE, max_size=5).map(b"".join) | st.binary(max_size=20)


def one_by_one(data: bytes) -> tuple[object, ...] | None:
    try:
        found = attributes(data, 0, len(data), frozenset(WANTED), "test")
    except ParseError:
        return None
    return found.get(1), parse_uint(found.get(2)), found.get(3)


def unpacked(layouts: LayoutCache, data: bytes) -> tuple[object, ...] | None:
    try:
        return layouts.values(data, 0, len(data))
    except ParseError:
        return None


@given(st.lists(MESSAGE, min_size=1, max_size=12), st.binary(max_size=3))
def test_any_messages_have_the_same_values_uncached_and_cached(messages: list[bytes], tail: bytes) -> None:
    layouts = LayoutCache(WANTED, NUMBERS, "test", sys.byteorder)
    for data in [message + tail for message in messages + messages]:
        assert unpacked(layouts, data) == one_by_one(data)


def test_a_message_of_the_same_length_with_other_headers_does_not_use_the_cached_layout() -> None:
    layouts = LayoutCache(WANTED, NUMBERS, "test", sys.byteorder)
    for _ in range(3):
        one = attribute(9, b"") + attribute(1, b"abcd") + attribute(2, (1).to_bytes(4, sys.byteorder))
        other = attribute(9, b"") + attribute(2, (7).to_bytes(4, sys.byteorder)) + attribute(3, b"abcd")
        assert layouts.values(one, 0, len(one)) == (b"abcd", 1, None)
        assert layouts.values(other, 0, len(other)) == (None, 7, b"abcd")
