"""The table of groups agrees with itself, with the model and with the page."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

import hostinfo
from hostinfo import groups, introspect
from hostinfo.facade import HostInfo

CLASSES = {
    node.name: {
        ast.unparse(line.target): ast.unparse(line.annotation) for line in node.body if isinstance(line, ast.AnnAssign)
    }
    for node in ast.walk(ast.parse(Path(groups.__file__).read_text()))
    if isinstance(node, ast.ClassDef)
}


@pytest.mark.parametrize("name", hostinfo.GROUPS)
def test_the_types_of_a_row_are_those_of_its_model(name: str) -> None:
    model = introspect.group_class(name).__name__
    assert CLASSES["Groups"][name] == f"ReadGroup[{model}]"
    assert CLASSES["Readers"][name] == f"Reader[{model}] | None"


def test_types_list_no_other_groups() -> None:
    assert tuple(CLASSES["Groups"]) == tuple(CLASSES["Readers"]) == hostinfo.GROUPS


@pytest.mark.parametrize("name", hostinfo.GROUPS)
def test_a_section_is_a_module_of_the_page(name: str) -> None:
    section = groups.TABLE[name].section
    assert section is None or find_spec(f"hostinfo.output.text.{section}") is not None


def test_a_group_is_a_method_of_a_host_and_a_row_of_its_class() -> None:
    with hostinfo.open("sysfs:///") as host:
        assert host.system(["architecture"]).value.architecture == host.read("system").value.architecture
    row: object = HostInfo.system
    assert row is groups.TABLE["system"]
    assert "manufacturer" in repr(row)


def test_a_driver_takes_known_groups_only() -> None:
    readers = {"memroy": lambda _: None}
    with pytest.raises(TypeError, match="memroy"):
        hostinfo.Driver(name="test", **readers)  # type: ignore[arg-type]
