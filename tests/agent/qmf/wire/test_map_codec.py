"""Expected bytes are written by hand from AMQP 0-10, section 4.2 (type codes), and qpid's Codecs.cpp."""

import struct
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.wire.errors import Malformed, QmfError, TooLarge
from hostinfo.agent.qmf.wire.limits import Limits
from hostinfo.agent.qmf.wire.map_codec import decode_list, decode_map, encode_list, encode_map
from hostinfo.agent.qmf.wire.types import Float32, Int, Map, UByte, UInt, ULong, UShort, Value

LIMITS = Limits(depth=8, nodes=500, size=200_000)


def as_map(count: int, content: bytes) -> bytes:
    return struct.pack("!II", len(content) + 4, count) + content


WIRE: list[tuple[Map, bytes]] = [
    ({}, b"\0\0\0\4\0\0\0\0"),
    ({"a": UByte(5)}, as_map(1, b"\1a\x02\5")),
    ({"a": UShort(5)}, as_map(1, b"\1a\x12\0\5")),
    ({"a": UInt(5)}, as_map(1, b"\1a\x22\0\0\0\5")),
    ({"a": ULong(5)}, as_map(1, b"\1a\x32\0\0\0\0\0\0\0\5")),
    ({"a": -2}, as_map(1, b"\1a\x31\xff\xff\xff\xff\xff\xff\xff\xfe")),
    ({"a": Int(-2)}, as_map(1, b"\1a\x21\xff\xff\xff\xfe")),
    ({"a": True}, as_map(1, b"\1a\x08\1")),
    ({"a": 1.0}, as_map(1, b"\1a\x33\x3f\xf0\0\0\0\0\0\0")),
    ({"a": Float32(1.0)}, as_map(1, b"\1a\x23\x3f\x80\0\0")),
    ({"a": "é"}, as_map(1, b"\1a\x95\0\2\xc3\xa9")),
    ({"a": b"\xff"}, as_map(1, b"\1a\x90\0\1\xff")),
    ({"a": None}, as_map(1, b"\1a\xf0")),
    ({"a": UUID(int=1)}, as_map(1, b"\1a\x48" + bytes(15) + b"\1")),
    ({"a": {"b": UByte(1)}}, as_map(1, b"\1a\xa8" + as_map(1, b"\1b\x02\1"))),
    ({"a": [UByte(1), None]}, as_map(1, b"\1a\xa9" + as_map(2, b"\x02\1\xf0"))),
]


@pytest.mark.parametrize(("value", "wire"), WIRE)
def test_maps_are_encoded_and_decoded_as_0_10_specifies(value: Map, wire: bytes) -> None:
    assert encode_map(value) == wire
    assert decode_map(wire, LIMITS) == value


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (b"\x80\3abc", b"abc"),
        (b"\x85\3abc", "abc"),
        (b"\x84\1\xe9", "é"),
        (b"\x86\2\0a", "a"),
        (b"\xa0\0\0\0\1a", b"a"),
        (b"\x38\0\0\0\0\0\0\0\7", 7),
        (b"\x11\xff\xff", -1),
        (b"\x00\x61", b"a"),
        (b"\xaa\0\0\0\7\x02\0\0\0\2\1\2", [1, 2]),
        (b"\x85\1\xff", b"\xff"),  # not UTF-8: kept
        (b"\xc1\1\2\3\4\5", b"\1\2\3\4\5"),
    ],
)
def test_types_that_only_peers_send_are_decoded(wire: bytes, value: Value) -> None:
    assert decode_list(struct.pack("!II", len(wire) + 4, 1) + wire, LIMITS) == [value]


def test_long_strings_are_sent_as_vbin32_and_long_keys_are_rejected() -> None:
    wire = encode_list(["x" * 65_536])
    assert wire[8:13] == b"\xa0\0\1\0\0"
    with pytest.raises(Malformed):
        encode_map({"k" * 256: 1})


leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=9)
maps = st.dictionaries(
    st.text(max_size=60),
    st.recursive(
        leaves | st.uuids() | st.floats(allow_nan=False), lambda inner: st.lists(inner, max_size=3), max_leaves=9
    ),
    max_size=5,
)


@given(maps)
def test_any_map_survives_the_round_trip(value: Map) -> None:
    assert decode_map(encode_map(value), LIMITS) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_rejected(data: bytes) -> None:
    for decode in (decode_map, decode_list):
        try:
            decode(data, LIMITS)
        except QmfError:
            continue


@given(maps, st.data())
def test_a_corrupted_map_is_decoded_or_rejected(value: Map, data: st.DataObject) -> None:
    wire = bytearray(encode_map(value))
    wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    with suppress(QmfError):
        decode_map(bytes(wire), LIMITS)


def test_a_huge_array_of_values_without_bytes_is_rejected() -> None:
    array = b"\xaa\0\0\0\5\xf0\xff\xff\xff\xff"  # an array of 4,294,967,295 voids, in ten bytes
    with pytest.raises(TooLarge):
        decode_list(struct.pack("!II", len(array) + 4, 1) + array, LIMITS)


@pytest.mark.parametrize(
    "wire",
    [
        struct.pack("!II", 4, 1),  # one entry, no bytes for it
        struct.pack("!II", 6, 1) + b"\xf0\xf0",  # more bytes than the entry
        struct.pack("!II", 100, 0),  # a size that exceeds the data
        struct.pack("!II", 5, 1) + b"\xb0",  # a reserved type
        struct.pack("!II", 12, 1) + b"\xa9" + struct.pack("!IB", 400, 0) + b"xx",  # an inner size that exceeds the data
        struct.pack("!II", 2, 0),
        b"",
    ],
)
def test_sizes_that_do_not_match_the_data_are_malformed(wire: bytes) -> None:
    with pytest.raises(Malformed):
        decode_list(wire, LIMITS)


def test_nesting_is_bounded() -> None:
    wire = as_map(0, b"")
    for _ in range(3_000):
        wire = as_map(1, b"\0\xa8" + wire)
    with pytest.raises(TooLarge):
        decode_map(wire, LIMITS)
