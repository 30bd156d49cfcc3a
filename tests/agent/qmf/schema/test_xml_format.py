"""Schemas as XML; the oracle is what qmf-gen accepts."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import DataType, SchemaClass, SchemaKind, SchemaProperty
from hostinfo.agent.qmf.schema.xml_format import schema_xml
from tests.support.qmf_node import LINK_DOWN, NODE, PACKAGE, PROCESSOR

# The elements and attributes that managementgen/qmfgen/schema.py accepts; it rejects others.
ACCEPTED = {
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


def test_the_xml_has_only_what_qmf_gen_accepts() -> None:
    root = ET.fromstring(schema_xml(PACKAGE, [NODE, PROCESSOR, LINK_DOWN]))
    for element in root.iter():
        assert set(element.keys()) <= ACCEPTED[element.tag]
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


def test_a_schema_that_xml_cannot_express_is_rejected() -> None:
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
