"""Schemas in the form of QMFv1."""

import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import DataType, SchemaClass, SchemaId, SchemaMethod, SchemaProperty
from hostinfo.agent.qmf.schema.v1 import SchemaRequestV1, decode_schema, encode_schema
from hostinfo.agent.qmf.wire.errors import QmfError, TooLarge
from hostinfo.agent.qmf.wire.limits import Limits
from tests.support.qmf_node import LINK_DOWN, NODE, PROCESSOR

LIMITS = Limits(depth=16, nodes=5_000, size=200_000)
HASH = bytes(range(16))


def test_a_v1_request_of_a_python_console_is_parsed() -> None:
    wire = b"AM2S" + struct.pack("!I", 77) + b"\x01p" + b"\x02cc" + HASH
    request = SchemaRequestV1.decode(wire, LIMITS)
    assert request == SchemaRequestV1(77, SchemaId("p", "cc", None))
    assert request.schema_id.hash == UUID(bytes=HASH)
    assert request.encode() == wire


def test_a_v1_response_equals_byte_for_byte_what_asv1content_writes() -> None:
    """By qmf/Schema.cpp: kind, names, hash, counts, then one 0-10 map per property, method and argument."""
    schema = SchemaClass(
        package="p",
        name="c",
        given_hash=UUID(bytes=HASH),
        properties=(SchemaProperty(name="x", type=DataType.INT, subtype="timestamp", is_index=True, unit="s"),),
        methods=(SchemaMethod(name="m", arguments=(SchemaProperty(name="a", type=DataType.UUID),)),),
    )

    def entry(name: bytes, wire: bytes) -> bytes:
        return bytes([len(name)]) + name + wire

    def wire_map(*entries: bytes) -> bytes:
        content = b"".join(entries)
        return struct.pack("!II", len(content) + 4, len(entries)) + content

    head = b"AM2s\0\0\0\x09\x01\x01p\x01c" + HASH + struct.pack("!HHH", 1, 0, 1)
    one = wire_map(
        entry(b"name", b"\x95\0\1x"),
        entry(b"type", b"\x02\x08"),
        entry(b"access", b"\x02\x03"),
        entry(b"index", b"\x02\x01"),
        entry(b"optional", b"\x02\x00"),
        entry(b"unit", b"\x95\0\1s"),
    )
    method = wire_map(entry(b"name", b"\x95\0\1m"), entry(b"argCount", b"\x12\0\1"))
    argument = wire_map(entry(b"name", b"\x95\0\1a"), entry(b"type", b"\x02\x0e"), entry(b"dir", b"\x95\0\1I"))
    assert encode_schema(schema, 9) == head + one + method + argument


@pytest.mark.parametrize(
    ("kind", "subtype", "code"),
    [  # qmf/SchemaProperty.cpp v1TypeCode
        (DataType.VOID, "", 1),
        (DataType.BOOL, "", 11),
        (DataType.INT, "", 19),
        (DataType.INT, "timestamp", 8),
        (DataType.INT, "duration", 9),
        (DataType.FLOAT, "", 13),
        (DataType.STRING, "", 7),
        (DataType.MAP, "", 15),
        (DataType.MAP, "reference", 10),
        (DataType.MAP, "data", 20),
        (DataType.LIST, "", 21),
        (DataType.UUID, "", 14),
    ],
)
def test_v1_type_codes_equal_those_of_the_cpp_library(kind: DataType, subtype: str, code: int) -> None:
    item = SchemaProperty(name="x", type=kind, subtype=subtype)
    wire = encode_schema(SchemaClass(package="p", name="c", properties=(item,)), 1)
    assert b"\x04type\x02" + bytes([code]) in wire
    if kind is not DataType.VOID:
        (received,) = decode_schema(wire, LIMITS)[1].properties
        assert (received.type, received.subtype) == (kind, subtype)


@pytest.mark.parametrize("schema", [NODE, PROCESSOR, LINK_DOWN])
def test_a_v1_response_survives_the_round_trip(schema: SchemaClass) -> None:
    sequence, received = decode_schema(encode_schema(schema, 2**32 - 1), LIMITS)
    assert sequence == 2**32 - 1
    assert received.id == schema.id
    assert received.id.hash == schema.id.hash
    described = [(item.name, item.type, item.unit, item.description) for item in schema.properties]
    assert [(item.name, item.type, item.unit, item.description) for item in received.properties] == described
    assert [method.name for method in received.methods] == [method.name for method in schema.methods]
    assert [set(method.inputs()) for method in received.methods] == [set(method.inputs()) for method in schema.methods]


@given(st.binary(max_size=200))
def test_any_bytes_as_v1_are_parsed_or_rejected(data: bytes) -> None:
    for prefix, decode in ((b"AM2S", SchemaRequestV1.decode), (b"AM2s", decode_schema)):
        try:
            decode(prefix + data, LIMITS)
        except QmfError:
            continue


@given(st.integers(0, 600), st.integers(0, 255))
def test_a_corrupted_v1_response_is_parsed_or_rejected(position: int, value: int) -> None:
    wire = bytearray(encode_schema(NODE, 1))
    wire[position % len(wire)] = value
    try:
        decode_schema(bytes(wire), LIMITS)
    except QmfError:
        return


def test_a_v1_response_over_the_limits_is_rejected() -> None:
    with pytest.raises(TooLarge):
        decode_schema(b"AM2s" + bytes(300_000), LIMITS)
