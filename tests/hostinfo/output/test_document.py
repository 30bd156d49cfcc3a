"""The document, as the library returns it and the command prints it."""

import json
from pathlib import Path

import pytest

import hostinfo
from hostinfo.facade import HostInfo
from hostinfo.groups import GROUPS
from hostinfo.output.document import read_document
from hostinfo.output.json import to_json
from tests.support import command, sample_driver, sample_factory


def machine(name: str) -> HostInfo:
    return HostInfo(sample_factory.factories(f"sample:{name}"), uri=f"sample:{name}")


@pytest.mark.parametrize("name", ["whole", "partial", "unsupported", "hostile", "broken"])
def test_json_of_the_command_is_the_document_of_the_library(name: str, tmp_path: Path) -> None:
    printed = json.loads(command.hostinfo(tmp_path, "-c", f"sample:{name}", "dump", "--json").stdout)
    with machine(name) as host:
        document = read_document(host)
    del printed["hostinfo"]["time"], document["hostinfo"]["time"]
    assert printed == document
    assert list(printed) == ["hostinfo", *GROUPS, "sources", "errors", "failed_drivers"]


def test_the_header_has_version_format_uri_drivers_and_time() -> None:
    with machine("whole") as host:
        header = read_document(host)["hostinfo"]
    assert header["version"] == hostinfo.__version__
    assert (header["format"], header["uri"], header["drivers"]) == (1, "sample:whole", ["sample"])
    assert header["time"].endswith("Z")


def test_numbers_are_numbers_and_hostile_text_survives() -> None:
    with machine("hostile") as host:
        document = json.loads(to_json(read_document(host)))
    assert document["system"]["product"] == sample_driver.HOSTILE
    assert document["network"]["links"][0]["index"] == 1
    assert document["cpu"]["mitigations"] == {sample_driver.HOSTILE: sample_driver.HOSTILE}


def test_a_failed_group_is_null_with_its_error() -> None:
    with machine("broken") as host:
        document = read_document(host)
    assert document["system"] is None
    assert document["errors"]["system"] == {"kind": "ReadError", "message": "sample: out of order"}
    assert "system" not in document["sources"]
    assert document["errors"]["cpu"]["kind"] == "Unsupported"


def test_several_problems_of_one_field_are_one_error() -> None:
    with machine("partial") as host:
        errors = read_document(host)["errors"]
    assert errors["system.serial"] == {
        "kind": "ReadError",
        "message": "/sys/class/dmi/id/product_serial: Permission denied; SMBIOS: no end",
    }
    assert [path for path in errors if path not in GROUPS] == ["system.serial"]
