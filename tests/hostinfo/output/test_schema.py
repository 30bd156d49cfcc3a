import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import hostinfo
from hostinfo import introspect
from hostinfo.facade import HostInfo
from hostinfo.field_docs import docs_of
from hostinfo.output import document as dump
from hostinfo.output.json import to_json
from hostinfo.output.schema import schema
from hostinfo.path import Path as FactPath
from tests.support import command, sample_factory


def strict(part: Any) -> Any:
    """The same schema, with properties that it does not name forbidden: the dump of this version has none."""
    if isinstance(part, list):
        return [strict(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    found = {key: strict(entry) for key, entry in part.items()}
    return found | {"additionalProperties": False} if "required" in found and "properties" in found else found


def validate(document: Any) -> None:
    checker = jsonschema.Draft202012Validator(strict(schema()), format_checker=jsonschema.FormatChecker())
    assert [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)] == []


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_command_prints_the_schema(tmp_path: Path) -> None:
    assert json.loads(command.hostinfo(tmp_path, "schema").stdout) == schema()


def test_the_dump_of_this_machine_validates() -> None:
    with hostinfo.open("sysfs:///") as host:
        validate(json.loads(to_json(dump.read_document(host))))


@pytest.mark.parametrize("name", ["whole", "partial", "unsupported", "hostile", "broken", "many/10"])
def test_the_dump_of_a_sample_validates(name: str) -> None:
    with HostInfo(sample_factory.factories(f"sample:{name}")) as host:
        validate(dump.read_document(host))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("memory", "total_bytes"), "3 GiB"),
        (("memory", "total_bytes"), 3.5),
        (("cpu", "flags"), "fpu"),
        (("hypervisor", "role"), "emperor"),
        (("hostinfo", "format"), 2),
        (("network", "links", 0), {}),
        (("cpu", "mitigations"), []),
        (("errors",), {"cpu": "failed"}),
    ],
)
def test_a_wrong_dump_does_not_validate(path: tuple[str | int, ...], wrong: object) -> None:
    with HostInfo(sample_factory.factories("sample:whole")) as host:
        document = dump.read_document(host)
    validate(document)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(document))


def test_every_field_of_the_model_is_documented() -> None:
    definitions = schema()["$defs"]
    undocumented = [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, described in definition["properties"].items()
        if not described.get("description")
    ]
    assert undocumented == []
    assert len(definitions) > 25
    assert all(definition["description"] for definition in definitions.values())


def test_documentation_belongs_to_the_field_before_it() -> None:
    docs = docs_of(introspect.group_class("memory"))
    assert docs["page_bytes"] == "Size of a page; None: not reported."
    assert docs["total_bytes"].startswith("Memory that the kernel manages, in a Dom0 the hypervisor; firmware and")
    assert docs[""] == "Memory of the machine, not only that assigned to this operating system."


def test_the_documentation_of_a_field_defines_none() -> None:
    from hostinfo.field_docs import meaning_of_none

    assert meaning_of_none(FactPath("cpu.cpuid_level")) == "not x86"
    assert meaning_of_none(FactPath("network.links[eth0].bond")) == "not a bond"
    assert meaning_of_none(FactPath("system.board.product")) is None
