"""Values cut out by a remembered layout are those that the walk from attribute to attribute finds."""

import struct
import sys

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sources.netlink.attribute_layouts import Layouts
from hostinfo.drivers.sources.netlink.message import attributes, number
from hostinfo.errors import ParseError

WANTED, NUMBERS = (1, 2, 3), frozenset({2})


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, netlink(7)."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


ATTRIBUTE = st.builds(attribute, st.sampled_from([1, 2, 3, 9, 0x8003]), st.binary(max_size=9))
MESSAGE = st.lists(ATTRIBUTE, max_size=5).map(b"".join) | st.binary(max_size=20)


def walked(data: bytes) -> tuple[object, ...] | None:
    try:
        found = attributes(data, 0, len(data), frozenset(WANTED), "test")
    except ParseError:
        return None
    return found.get(1), number(found.get(2)), found.get(3)


def cut(layouts: Layouts, data: bytes) -> tuple[object, ...] | None:
    try:
        return layouts.values(data, 0, len(data))
    except ParseError:
        return None


@given(st.lists(MESSAGE, min_size=1, max_size=12), st.binary(max_size=3))
def test_any_messages_have_the_same_values_the_first_time_and_again(messages: list[bytes], tail: bytes) -> None:
    layouts = Layouts(WANTED, NUMBERS, "test", sys.byteorder)
    for data in [message + tail for message in messages + messages]:
        assert cut(layouts, data) == walked(data)


def test_a_message_as_long_with_other_headers_is_not_read_by_the_layout_before() -> None:
    layouts = Layouts(WANTED, NUMBERS, "test", sys.byteorder)
    for _ in range(3):
        one = attribute(9, b"") + attribute(1, b"abcd") + attribute(2, (1).to_bytes(4, sys.byteorder))
        other = attribute(9, b"") + attribute(2, (7).to_bytes(4, sys.byteorder)) + attribute(3, b"abcd")
        assert layouts.values(one, 0, len(one)) == (b"abcd", 1, None)
        assert layouts.values(other, 0, len(other)) == (None, 7, b"abcd")
