"""Schemas and schema ids as maps."""

from uuid import UUID

import pytest

from hostinfo.agent.qmf import Access, DataType, SchemaClass, SchemaId, SchemaKind
from hostinfo.agent.qmf.wire.errors import Malformed
from hostinfo.agent.qmf.wire.limits import Limits
from hostinfo.agent.qmf.wire.validation import validate
from tests.support.qmf_node import LINK_DOWN, NODE, PACKAGE, PROCESSOR

LIMITS = Limits(depth=16, nodes=5_000, size=200_000)


def as_received(schema: SchemaClass) -> SchemaClass:
    return SchemaClass.from_map(validate(schema.to_map(), LIMITS))


@pytest.mark.parametrize("schema", [NODE, PROCESSOR, LINK_DOWN])
def test_a_schema_survives_the_round_trip_as_a_map_with_its_hash(schema: SchemaClass) -> None:
    received = as_received(schema)
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
    assert event["_methods"] == []  # present even if empty


def test_a_schema_of_a_cpp_agent_with_binary_strings_is_parsed() -> None:
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


def test_a_schema_id_covers_what_its_parts_match() -> None:
    assert SchemaId("", "", None).covers(NODE.id)
    assert SchemaId(PACKAGE, "").covers(NODE.id)
    assert SchemaId("", "ovirtNode").covers(NODE.id)
    assert not SchemaId("", "processor").covers(NODE.id)
    assert not SchemaId("", "", SchemaKind.EVENT).covers(NODE.id)
    assert not SchemaId("", "", None, UUID(int=1)).covers(NODE.id)
