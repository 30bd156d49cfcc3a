"""The test vectors were computed by the C++ library (qmf::Schema::finalize, qpidd 1.40)."""

import pytest

from hostinfo.agent.qmf import Access, DataType, SchemaClass, SchemaKind, SchemaProperty

DURATION = SchemaProperty(
    name="x",
    type=DataType.INT,
    access=Access.RW,
    is_optional=True,
    unit="s",
    subtype="duration",
    description="é",
)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (SchemaClass(package="p", name="c"), "bdca5b5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a"),
        (SchemaClass(package="p", name="c", properties=(DURATION,)), "d3668dce-5b5a-5cc8-c9c3-cebbcccfbe5d"),
        (
            SchemaClass(
                package="org.example.hostinfo",
                name="heartbeat",
                kind=SchemaKind.EVENT,
                properties=(SchemaProperty(name="sequence", type=DataType.INT),),
            ),
            "2a3f3a20-3b8d-5b96-a0a8-42333d37ea24",
        ),
    ],
)
def test_hash_equals_that_of_the_cpp_library(schema: SchemaClass, expected: str) -> None:
    assert str(schema.id.hash) == expected


def test_hash_changes_with_any_part_of_a_property_but_not_with_the_class_description() -> None:
    plain = SchemaClass(package="p", name="c", properties=(SchemaProperty(name="x", type=DataType.INT),))
    changed = [
        SchemaProperty(name="y", type=DataType.INT),
        SchemaProperty(name="x", type=DataType.STRING),
        SchemaProperty(name="x", type=DataType.INT, unit="s"),
        SchemaProperty(name="x", type=DataType.INT, is_index=True),
        SchemaProperty(name="x", type=DataType.INT, description="d"),
    ]
    hashes = {SchemaClass(package="p", name="c", properties=(item,)).id.hash for item in changed}
    assert len(hashes | {plain.id.hash}) == len(changed) + 1
    described = SchemaClass(package="p", name="c", description="text", properties=plain.properties)
    assert described.id.hash == plain.id.hash
