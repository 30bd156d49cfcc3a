"""AMQP's types, encoded and decoded: compared with proton, and with bytes that no correct peer sends."""

import contextlib
import time
import tracemalloc
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import AMQP_NAMES, Float32, Message, ULong
from hostinfo.agent.qmf.wire.types import Width
from hostinfo.agent.transport.codec.decoding import MAX_DEPTH, decode_value, skip_value
from hostinfo.agent.transport.codec.encoding import encode_value
from hostinfo.agent.transport.codec.envelope import Envelope
from hostinfo.agent.transport.codec.errors import DecodeError, EncodeError
from hostinfo.agent.transport.codec.message_codec import decode, encode

proton = pytest.importorskip("proton")

WIDTHS = [st.integers(kind.minimum, kind.maximum).map(kind) for kind in AMQP_NAMES if issubclass(kind, Width)]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(),
    st.floats(width=32, allow_nan=False).map(Float32), st.binary(max_size=300), st.uuids(), *WIDTHS,
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=9), inner, max_size=5)),
)
VALID = encode(
    Message(
        subject="a.b", reply_to="n/k", correlation_id="17", content_type="amqp/map", ttl_ms=20_000, user_id="joe",
        properties={"qmf.opcode": "_query_request", "partial": None},
        body={"a": [1, 2, {"b": UUID(int=7)}], "c": "text", "d": b"\xff", "e": 0.5, "f": ULong(2**63)},
    ),
    address="qmf.default.direct",
)  # fmt: skip


def proton_decodes(data: bytes) -> Any:
    message = proton.Message()
    message.decode(b"\x00\x53\x77" + data)
    return copied(message.body)


def proton_encodes(value: object) -> bytes:
    return bytes(proton.Message(body=value).encode()).partition(b"\x00\x53\x77")[2]


def as_proton(value: Any) -> Any:
    """Return the value in proton's classes."""
    if isinstance(value, dict):
        return {key: as_proton(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_proton(item) for item in value]
    name = AMQP_NAMES.get(type(value))
    if name is None:
        return value
    kind: Any = int if name == "long" else getattr(proton, name)
    return kind(value)


def copied(value: object) -> object:
    """Copy binary, which else points into a message that is freed."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return bytes(value) if isinstance(value, memoryview) else value


def types(value: object) -> object:
    if isinstance(value, dict):
        return [types(item) for item in value.values()]
    return [types(item) for item in value] if isinstance(value, list) else type(value)


@given(VALUES)
def test_proton_decodes_what_is_encoded_here_with_every_type(value: object) -> None:
    found, expected = proton_decodes(encode_value(value)), as_proton(value)
    assert found == expected
    assert types(found) == types(expected)


@given(VALUES)
def test_what_proton_encodes_is_decoded(value: object) -> None:
    data = proton_encodes(as_proton([value]))  # proton sends no section for a bare null
    assert decode_value(data, 0) == ([value], len(data))


@given(VALUES)
def test_decoded_values_have_built_in_types_and_end_where_skipped_ones_do(value: object) -> None:
    data = encode_value(value)
    found, end = decode_value(b"\x00" + data, 1)
    assert found == value
    assert end == len(data) + 1 == skip_value(b"\x00" + data, 1)
    plain = {type(None), bool, int, float, str, bytes, UUID}
    flat = str(types(found))
    assert all(f"<class '{kind.__module__}.{kind.__name__}'>" not in flat for kind in AMQP_NAMES if kind not in plain)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (proton.symbol("sym"), "sym"),
        (proton.symbol("s" * 300), "s" * 300),
        (proton.char("\u20ac"), "\u20ac"),
        (proton.timestamp(1_700_000_000_123), 1_700_000_000_123),
        (proton.timestamp(-1), -1),
        (proton.decimal32(5), 5),
        (proton.decimal64(6), 6),
        (proton.decimal128(b"0123456789abcdef"), b"0123456789abcdef"),
        (proton.Described(proton.symbol("x"), [1, "a"]), [1, "a"]),
        (proton.Described(proton.ulong(7), proton.Described("inner", "v")), "v"),
        (proton.Array(proton.UNDESCRIBED, proton.Data.INT, 1, -2), [1, -2]),
        (proton.Array(proton.symbol("d"), proton.Data.ULONG, proton.ulong(1), proton.ulong(2**63)), [1, 2**63]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.STRING, "a", "b" * 300), ["a", "b" * 300]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.BOOL, True, False), [True, False]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.UUID, UUID(int=1)), [UUID(int=1)]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.NULL, None, None), [None, None]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.LIST, [1], [2, "x"]), [[1], [2, "x"]]),
        (proton.Array(proton.UNDESCRIBED, proton.Data.BYTE), []),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_types_that_qmf_does_not_have_become_the_most_similar(sent: object, expected: object) -> None:
    data = proton_encodes({"x": sent})
    assert decode_value(data, 0)[0] == {"x": expected}
    assert skip_value(data, 0) == len(data)


def test_keys_of_every_type_are_decoded() -> None:
    data = b"\xc1\x0d\x08\xa0\x01k\x41\xa3\x01s\x41\x54\x07\x41\x40\x41"  # binary, symbol, smallint, null
    assert decode_value(data.replace(b"\xc1\x0d", b"\xc1\x0e", 1), 0)[0] == {b"k": True, "s": True, 7: True, None: True}
    with pytest.raises(DecodeError, match="unhashable"):
        decode_value(b"\xc1\x03\x02\x45\x41", 0)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_decode_error(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        _, end = decode_value(data, 0)
        assert end <= len(data)
        assert skip_value(data, 0) == end


@given(st.data())
def test_a_damaged_message_is_decoded_or_an_error_and_an_exchange_sees_what_the_receiver_sees(
    data: st.DataObject,
) -> None:
    damaged = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                damaged[at] = data.draw(st.integers(0, 255))
            case 1:
                del damaged[at : at + data.draw(st.integers(1, 8))]
            case _:
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        if not damaged:
            return
    try:
        message = decode(bytes(damaged))
    except DecodeError:
        with contextlib.suppress(DecodeError):
            Envelope(bytes(damaged))
        return
    envelope = Envelope(bytes(damaged))
    assert (envelope.user_id, envelope.subject, envelope.to or "", envelope.ttl_ms) == (
        message.user_id, message.subject, message.address, message.ttl_ms
    )  # fmt: skip
    envelope.set_user_id("ann")
    again = decode(envelope.encode())
    assert (again.user_id, again.body, again.subject) == ("ann", message.body, message.subject)


@pytest.mark.parametrize(
    "data",
    [
        b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40",
        b"\xd0\x00\x00\x00\x04\xff\xff\xff\xff",
        b"\xd1\x7f\xff\xff\xff\x00\x00\x00\x02",
        b"\xb1\xff\xff\xff\xff",
        b"\x00" * 100_000,
        b"\xc0\xff\xff" * 100_000,
        b"\xd0\x00\x0f\x00\x00\x00\x00\x00\x01" * 10_000,
        b"\x00\x53\x75\xa0\x01x" * 200_000,
        b"\xa1\x04abc",
        b"",
        b"\xc0\x0b\x01\xf0\xff\xff\xff\xff\x02\x00\x00\x00\x40",
        b"\xc0\x0b\x01\xf0\xff\xff\xff\xff\x02\x00\x00\x00\x45",
        b"\xd0\x00\x00\x00\x10\x00\x00\x00\x01\xf0\xff\xff\xff\x00\x40\x00\x00\x00\x41",
        b"\xe0\xff\xff\x40",
    ],
    ids=["array of nothing", "list without items", "long map", "long text", "descriptors", "lists of lists",
         "deep lists", "many sections", "cut text", "nothing", "array of 2^25 nulls in a list",
         "array of 2^25 lists in a list", "array of 2^30 booleans", "short array of nulls"],
)  # fmt: skip
def test_hostile_bytes_cost_what_their_length_allows(data: bytes) -> None:
    start = time.process_time()
    tracemalloc.start()
    try:
        with contextlib.suppress(DecodeError):
            decode_value(data, 0)
        with contextlib.suppress(DecodeError):
            skip_value(data, 0)
        with contextlib.suppress(DecodeError):
            decode(b"\x00\x53\x77" + data)
        with contextlib.suppress(DecodeError):
            decode(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    assert time.process_time() - start < 5


@pytest.mark.parametrize("depth", [MAX_DEPTH - 2, MAX_DEPTH + 2])
def test_nesting_is_decoded_up_to_the_limit(depth: int) -> None:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    if depth < MAX_DEPTH:
        assert decode_value(encode_value(value), 0)[0] == value
    else:
        with pytest.raises(DecodeError, match="too deep"):
            decode_value(encode_value(value), 0)


@pytest.mark.parametrize(
    "value",
    [2**63, -(2**63) - 1, {"x": [2**70]}, "\ud800", object(), {"x": {1, 2}}, Float32(1e300)],
    ids=["too large", "too small", "inside", "half a character", "object", "set", "too large for four bytes"],
)
def test_what_cannot_be_encoded_is_one_kind_of_error(value: object) -> None:
    with pytest.raises(EncodeError):
        encode_value(value)
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(EncodeError):
        encode_value(deep)


def test_a_second_properties_section_cannot_show_another_sender() -> None:
    forged = b"\x00\x53\x73\xc0\x07\x02\x40\xa0\x03joe"
    own = b"\x00\x53\x73\xc0\x07\x02\x40\xa0\x03ann"
    body = b"\x00\x53\x77\x40"
    for data in (own + forged + body, own + body + forged, body + own):
        for read in (Envelope, decode):
            with pytest.raises(DecodeError, match="order"):
                read(data)
    hidden = b"\x00\x53\x77\xd0" + (4 + len(forged)).to_bytes(4, "big") + b"\0\0\0\0" + forged
    assert Envelope(own + hidden).user_id == "ann"
    with pytest.raises(DecodeError, match="size or count"):
        decode(own + hidden)


def test_sections_may_be_named_by_symbols_and_data_be_split() -> None:
    named = b"\x00\xa3\x14amqp:properties:list\xc0\x07\x02\x40\xa0\x03joe"
    data = named + b"\x00\xa3\x10amqp:data:binary\xa0\x02ab" + b"\x00\x53\x75\xa0\x02cd"
    found = decode(data)
    assert (found.user_id, found.body, found.is_data) == ("joe", b"abcd", True)
    pieces = decode(b"\x00\x53\x76\xc0\x03\x01\x54\x01" + b"\x00\x53\x76\xc0\x03\x01\x54\x02")
    assert (pieces.body, pieces.is_data) == ([1, 2], False)


def test_an_envelope_keeps_the_type_of_every_property() -> None:
    sent = proton.Message(body={}, subject="s", address="to", creation_time=5.0, ttl=3.0, durable=True)
    sent.id, sent.correlation_id, sent.group_sequence = proton.ulong(9), UUID(int=3), 4
    envelope = Envelope(bytes(sent.encode()))
    envelope.set_user_id("ann")
    found = proton.Message()
    found.decode(envelope.encode())
    assert bytes(found.user_id) == b"ann"
    for name in ("id", "correlation_id", "group_sequence", "creation_time", "ttl", "durable", "subject", "address"):
        assert getattr(found, name) == getattr(sent, name)
    assert type(found.id) is type(sent.id)
    bare = Envelope(b"\x00\x53\x70\xc0\x02\x01\x41" + b"\x00\x53\x77\x40")  # a header, no properties
    bare.set_user_id("ann")
    assert decode(bare.encode()).user_id == "ann"
