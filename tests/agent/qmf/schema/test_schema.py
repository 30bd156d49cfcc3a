"""Schemas as maps, as classic XML and in the QMFv1 form."""

import struct
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import Access, DataType, SchemaClass, SchemaId, SchemaKind, SchemaMethod, SchemaProperty
from hostinfo.agent.qmf.schema.v1 import SchemaRequestV1, decode_schema, encode_schema
from hostinfo.agent.qmf.schema.xml_format import schema_xml
from hostinfo.agent.qmf.wire.errors import Malformed, QmfError, TooLarge
from hostinfo.agent.qmf.wire.limits import Limits
from hostinfo.agent.qmf.wire.validation import validate
from tests.support.qmf_node import LINK_DOWN, NODE, PACKAGE, PROCESSOR

LIMITS = Limits(depth=16, nodes=5_000, size=200_000)


def as_strangers_see(schema: SchemaClass) -> SchemaClass:
    return SchemaClass.from_map(validate(schema.to_map(), LIMITS))


@pytest.mark.parametrize("schema", [NODE, PROCESSOR, LINK_DOWN])
def test_a_schema_comes_back_from_its_map_with_its_hash(schema: SchemaClass) -> None:
    received = as_strangers_see(schema)
    assert received.id == schema.id
    assert received.id.hash == schema.id.hash
    assert [item.name for item in received.properties] == [item.name for item in schema.properties]
    assert received.methods == schema.methods
    assert received.to_map() == schema.to_map()


def test_the_map_has_the_keys_that_cpp_consoles_read() -> None:
    sent = NODE.to_map()
    assert sent["_schema_id"] == {
        "_package_name": PACKAGE,
        "_class_name": "ovirtNode",
        "_type": "_data",
        "_hash": NODE.id.hash,
    }
    assert isinstance(sent["_properties"], list)
    assert sent["_properties"][0] == {
        "_name": "uuid",
        "_type": "TYPE_UUID",
        "_access": "RO",
        "_dir": "I",
        "_index": True,
    }
    event = LINK_DOWN.to_map()
    assert event["_default_severity"] == 4
    assert event["_methods"] == []  # always there, even empty


def test_a_cpp_agents_schema_of_binary_strings_is_read() -> None:
    source = {
        b"_schema_id": {b"_package_name": b"p", b"_class_name": b"c", b"_type": b"_data", b"_hash": UUID(int=5)},
        b"_properties": [{b"_name": b"x", b"_type": b"TYPE_INT", b"_access": b"RW", b"_dir": b"IO"}],
        b"_methods": [{b"_name": b"m", b"_arguments": [{b"_name": b"a", b"_type": b"TYPE_MAP"}]}],
    }
    schema = SchemaClass.from_map(validate(source, LIMITS))
    assert schema.id.hash == UUID(int=5)
    assert schema.properties[0].access is Access.RW
    assert schema.methods[0].arguments[0].type is DataType.MAP


@pytest.mark.parametrize(
    "source",
    [
        {},
        [],
        None,
        {"_schema_id": {"_class_name": ""}},
        {"_schema_id": {"_class_name": "c"}, "_properties": {}},
        {"_schema_id": {"_class_name": "c"}, "_properties": [{"_name": "x", "_type": "TYPE_CAT"}]},
        {"_schema_id": {"_class_name": "c"}, "_methods": [{}]},
        {"_schema_id": {"_class_name": "c", "_hash": "zz"}},
    ],
)
def test_a_broken_schema_is_malformed(source: object) -> None:
    with pytest.raises(Malformed):
        SchemaClass.from_map(source)


def test_ids_cover_by_what_they_name() -> None:
    assert SchemaId("", "", None).covers(NODE.id)
    assert SchemaId(PACKAGE, "").covers(NODE.id)
    assert SchemaId("", "ovirtNode").covers(NODE.id)
    assert not SchemaId("", "processor").covers(NODE.id)
    assert not SchemaId("", "", SchemaKind.EVENT).covers(NODE.id)
    assert not SchemaId("", "", None, UUID(int=1)).covers(NODE.id)


# What managementgen/qmfgen/schema.py reads, and refuses beyond.
CLASSIC = {
    "schema": {"package"},
    "class": {"name"},
    "property": {"name", "type", "references", "access", "index", "optional", "unit", "desc"},
    "statistic": {"name", "type", "unit", "desc"},
    "method": {"name", "desc"},
    "arg": {"name", "type", "dir", "unit", "desc"},
    "eventArguments": set(),
    "event": {"name", "sev", "args", "desc"},
}
TYPES = {"objId", "bool", "sstr", "lstr", "absTime", "deltaTime", "float", "double", "uuid", "map", "list"}
TYPES |= {f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64)}


def test_the_xml_is_what_qmf_gen_reads() -> None:
    root = ET.fromstring(schema_xml(PACKAGE, [NODE, PROCESSOR, LINK_DOWN]))
    for element in root.iter():
        assert set(element.keys()) <= CLASSIC[element.tag]
        assert element.get("type", "lstr") in TYPES
    assert root.get("package") == PACKAGE
    memory = root.find("class[@name='ovirtNode']/property[@name='memory']")
    assert memory is not None
    assert memory.attrib == {
        "name": "memory",
        "type": "uint64",
        "access": "RO",
        "unit": "B",
        "desc": "RAM <installed>",
    }
    assert root.find("class[@name='processor']/statistic[@name='mhz']") is not None
    reference = root.find("class[@name='processor']/property[@name='node']")
    assert reference is not None
    assert (reference.get("type"), reference.get("references")) == ("objId", f"{PACKAGE}:ovirtNode")
    sequence = root.find("class[@name='ovirtNode']/method[@name='echo']/arg[@name='sequence']")
    assert sequence is not None
    assert sequence.get("dir") == "IO"
    event = root.find("event[@name='linkDown']")
    assert event is not None
    assert (event.get("sev"), event.get("args")) == ("warn", "interfaceName")
    assert root.find("eventArguments/arg[@name='interfaceName']") is not None


def test_what_the_xml_cannot_say_is_refused() -> None:
    other = SchemaClass(
        package=PACKAGE,
        name="other",
        kind=SchemaKind.EVENT,
        properties=(SchemaProperty(name="interfaceName", type=DataType.INT),),
    )
    with pytest.raises(ValueError, match="interfaceName"):
        schema_xml(PACKAGE, [LINK_DOWN, other])
    void = SchemaClass(package=PACKAGE, name="v", properties=(SchemaProperty(name="x", type=DataType.VOID),))
    with pytest.raises(ValueError, match="TYPE_VOID"):
        schema_xml(PACKAGE, [void])


@given(st.text(max_size=40))
def test_any_description_makes_well_formed_xml(text: str) -> None:
    schema = SchemaClass(
        package="p",
        name="c",
        description=text,
        properties=(SchemaProperty(name="x", type=DataType.INT, description=text),),
    )
    assert ET.fromstring(schema_xml("p", [schema])).find("class/property") is not None


HASH = bytes(range(16))


def test_a_v1_request_is_read_as_python_consoles_write_it() -> None:
    wire = b"AM2S" + struct.pack("!I", 77) + b"\x01p" + b"\x02cc" + HASH
    request = SchemaRequestV1.decode(wire, LIMITS)
    assert request == SchemaRequestV1(77, SchemaId("p", "cc", None))
    assert request.schema_id.hash == UUID(bytes=HASH)
    assert request.encode() == wire


def test_a_v1_answer_is_byte_for_byte_what_asv1content_writes() -> None:
    """By qmf/Schema.cpp: kind, names, hash, counts, then one 0-10 map a property, a method and an argument."""
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
def test_v1_type_codes_are_those_of_the_cpp_library(kind: DataType, subtype: str, code: int) -> None:
    item = SchemaProperty(name="x", type=kind, subtype=subtype)
    wire = encode_schema(SchemaClass(package="p", name="c", properties=(item,)), 1)
    assert b"\x04type\x02" + bytes([code]) in wire
    if kind is not DataType.VOID:
        (received,) = decode_schema(wire, LIMITS)[1].properties
        assert (received.type, received.subtype) == (kind, subtype)


@pytest.mark.parametrize("schema", [NODE, PROCESSOR, LINK_DOWN])
def test_a_v1_answer_comes_back(schema: SchemaClass) -> None:
    sequence, received = decode_schema(encode_schema(schema, 2**32 - 1), LIMITS)
    assert sequence == 2**32 - 1
    assert received.id == schema.id
    assert received.id.hash == schema.id.hash
    described = [(item.name, item.type, item.unit, item.description) for item in schema.properties]
    assert [(item.name, item.type, item.unit, item.description) for item in received.properties] == described
    assert [method.name for method in received.methods] == [method.name for method in schema.methods]
    assert [set(method.inputs()) for method in received.methods] == [set(method.inputs()) for method in schema.methods]


@given(st.binary(max_size=200))
def test_any_bytes_as_v1_are_read_or_refused(data: bytes) -> None:
    for prefix, decode in ((b"AM2S", SchemaRequestV1.decode), (b"AM2s", decode_schema)):
        try:
            decode(prefix + data, LIMITS)
        except QmfError:
            continue


@given(st.integers(0, 600), st.integers(0, 255))
def test_a_flipped_byte_in_a_v1_answer_is_read_or_refused(position: int, value: int) -> None:
    wire = bytearray(encode_schema(NODE, 1))
    wire[position % len(wire)] = value
    try:
        decode_schema(bytes(wire), LIMITS)
    except QmfError:
        return


def test_a_v1_answer_over_the_limits_is_refused() -> None:
    with pytest.raises(TooLarge):
        decode_schema(b"AM2s" + bytes(300_000), LIMITS)
