"""Messages, encoded and decoded: compared with proton, and with bytes written by hand from the specification."""

from uuid import UUID

import pytest

from hostinfo.agent.qmf import AMQP_NAMES, Float32, Message, UByte, UInt, ULong
from hostinfo.agent.transport.codec.envelope import Envelope
from hostinfo.agent.transport.codec.errors import DecodeError
from hostinfo.agent.transport.codec.message_codec import decode, encode

proton = pytest.importorskip("proton")


def section(code: int, *fields: bytes) -> bytes:
    """Return a described list32 (AMQP 1.0 part 1, section 1.6)."""
    data = b"".join(fields)
    return (
        b"\x00\x53" + bytes([code, 0xD0]) + (len(data) + 4).to_bytes(4, "big") + len(fields).to_bytes(4, "big") + data
    )


def test_every_width_of_integer_arrives_as_that_type() -> None:
    kinds = {kind: name for kind, name in AMQP_NAMES.items() if hasattr(kind, "minimum") or kind is Float32}
    received = proton.Message()
    received.decode(encode(Message(body={kind.__name__: kind(5) for kind in kinds})))
    for kind, name in kinds.items():
        expected = int if name == "long" else getattr(proton, name)
        assert type(received.body[kind.__name__]) is expected


def test_properties_are_where_amqp_has_them() -> None:
    message = Message(
        subject="a.b", reply_to="n/k", correlation_id="17", content_type="amqp/map", ttl_ms=20_000, user_id="joe@R",
        properties={"method": "request", "partial": None}, body={"id": UUID(int=5), "f": Float32(0.5), "n": UInt(1)},
    )  # fmt: skip
    received = proton.Message()
    received.decode(encode(message, address="qmf.default.topic"))
    assert (received.address, received.subject, received.reply_to) == ("qmf.default.topic", "a.b", "n/k")
    assert (received.correlation_id, str(received.content_type), received.ttl) == ("17", "amqp/map", 20.0)
    assert (bytes(received.user_id), received.properties) == (b"joe@R", {"method": "request", "partial": None})
    assert received.body == {"id": UUID(int=5), "f": 0.5, "n": 1}
    assert not received.inferred


def test_binary_for_old_peers_is_a_data_section() -> None:
    data = encode(Message(body=b"AM2s\x00\xff", is_data=True))
    assert data.endswith(b"\x00\x53\x75\xa0\x06AM2s\x00\xff")  # AMQP 1.0 part 3, section 3.2.6
    assert decode(data).binary_body == b"AM2s\x00\xff"
    assert decode(data).is_data


def test_a_sequence_is_a_list_and_no_data() -> None:
    data = encode(Message(body=["eq", "a", ["quote", 1]]), as_sequence=True)
    assert b"\x00\x53\x76" in data
    found = decode(data)
    assert (found.body, found.is_data) == (["eq", "a", ["quote", 1]], False)


def test_binary_of_one_message_is_not_overwritten_by_the_next() -> None:
    found = [decode(encode(Message(body={"x": bytes([number]) * 5_000}))) for number in range(50)]
    for number, message in enumerate(found):
        assert message.body == {"x": bytes([number]) * 5_000}


def test_untyped_text_in_application_properties_is_text() -> None:
    data = encode(Message(properties={"qmf.opcode": b"_query_request", "odd": b"\xff", "n": ULong(3)}, body={}))
    assert decode(data).properties == {"qmf.opcode": "_query_request", "odd": b"\xff", "n": 3}


def test_arrays_and_described_values_become_lists_and_values() -> None:
    sent = proton.Message(
        body={
            "array": proton.Array(proton.UNDESCRIBED, proton.Data.INT, 1, 2),
            "described": proton.Described(proton.symbol("x"), "value"),
        }
    )
    assert decode(sent.encode()).body == {"array": [1, 2], "described": "value"}


@pytest.mark.parametrize("correlation", ["text", b"bytes", 7, UUID(int=3), None])
def test_a_correlation_id_of_every_type_is_kept(correlation: str | bytes | int | UUID | None) -> None:
    value = proton.ulong(correlation) if isinstance(correlation, int) else correlation
    sent = proton.Message(body={})
    if value is not None:
        sent.correlation_id = value
    found = decode(sent.encode())
    assert found.correlation_id == correlation
    assert decode(encode(found)).correlation_id == correlation


def test_an_envelope_forwards_a_hostile_body_without_decoding_it() -> None:
    depth = 10_000
    body = b"".join(b"\xd0" + (9 * (depth - at) - 4).to_bytes(4, "big") + b"\x00\x00\x00\x01" for at in range(depth))
    data = section(0x73, b"\x40", b"\xa0\x03joe", b"\x40", b"\xa1\x01k") + b"\x00\x53\x77" + body + b"\x40"
    envelope = Envelope(data)
    assert (envelope.user_id, envelope.subject) == ("joe", "k")
    envelope.set_user_id("ann")
    assert Envelope(envelope.encode()).user_id == "ann"
    with pytest.raises(DecodeError):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        section(0x73, b"\x40", b"\x40", b"\x40", b"\xa1\x02\xff\xfe") + b"\x00\x53\x77\x40",
        b"\x00\x53\x74\xc1\x06\x02\xa0\x01\xff\x41\x40\x00\x53\x77\x40",
        b"\x00\x53\x74\xd1\xff\xff\xff\xff\x00\x00\x00\x02",
        b"\x00\x53\x77\xc1\x04\x03\xa1\x00\x41",
        b"\x00\x80" + b"\xff" * 8 + b"\x40",
        b"\x53" * 1_000,
    ],
    ids=[
        "subject not utf-8",
        "binary property key",
        "map with a wrong size",
        "map with half a pair",
        "unknown section",
        "noise",
    ],
)
def test_malformed_messages_are_a_decode_error_or_harmless(data: bytes) -> None:
    try:
        message = decode(data)
    except DecodeError:
        return
    assert all(isinstance(key, str) for key in message.properties)


def test_a_value_out_of_range_is_an_error_before_it_is_sent() -> None:
    with pytest.raises(Exception, match=r"too big|overflow|range"):
        encode(Message(body={"x": 2**70}))


def test_the_width_of_an_integer_is_that_of_its_class() -> None:
    received = proton.Message()
    received.decode(encode(Message(body=[UByte(7), 7, True, 7.0])))
    assert [type(item) for item in received.body] == [proton.ubyte, int, bool, float]
