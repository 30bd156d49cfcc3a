import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.facade import HostInfo
from hostinfo.groups import GROUPS
from hostinfo.output import document as dump
from hostinfo.output.json import to_json
from tests.support import command, sample_driver

yaml = pytest.importorskip("yaml")
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)
SURROGATES = st.text(alphabet=st.characters(categories=["Cs", "Cc", "L", "So"]))


def machine(name: str) -> HostInfo:
    return HostInfo(sample_driver.factories(f"sample:{name}"), uri=f"sample:{name}")


@given(PLAIN | SURROGATES)
def test_json_is_read_back_as_it_was_by_pythons_own_reader(value: object) -> None:
    text = to_json(value)
    assert text.isascii()
    assert json.loads(text) == value


@given(PLAIN)
def test_yaml_is_read_back_as_it_was_by_a_foreign_reader(value: object) -> None:
    from hostinfo.output.yaml import to_yaml

    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("value", ["yes", "null", "1", "1e3", "- a", "a: b", "#", "\udcff", "\U0001f600", "=", "~", ""])
def test_yaml_keeps_strings_strings(value: str) -> None:
    from hostinfo.output.yaml import to_yaml

    assert yaml.safe_load(to_yaml({value: [value]})) == {value: [value]}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_null(number: float) -> None:
    assert json.loads(to_json((number,))) == [None]


@pytest.mark.parametrize("name", ["whole", "partial", "untold", "hostile", "broken"])
def test_json_of_the_command_is_the_document_of_the_library(name: str, tmp_path: Path) -> None:
    told = json.loads(command.hostinfo(tmp_path, "-c", f"sample:{name}", "dump", "--json").stdout)
    with machine(name) as host:
        document = dump.read_document(host)
    del told["hostinfo"]["time"], document["hostinfo"]["time"]
    assert told == document
    assert list(told) == ["hostinfo", *GROUPS, "sources", "errors"]


def test_the_header_says_who_tells_of_what() -> None:
    with machine("whole") as host:
        header = dump.read_document(host)["hostinfo"]
    assert header["version"] == hostinfo.__version__
    assert (header["format"], header["uri"], header["drivers"]) == (1, "sample:whole", ["sample"])
    assert header["time"].endswith("Z")


def test_numbers_are_numbers_and_hostile_text_survives() -> None:
    with machine("hostile") as host:
        document = json.loads(to_json(dump.read_document(host)))
    assert document["system"]["product"] == sample_driver.HOSTILE
    assert document["network"]["links"][0]["index"] == 1
    assert document["cpu"]["mitigations"] == {sample_driver.HOSTILE: sample_driver.HOSTILE}


def test_a_group_that_failed_is_null_with_its_error() -> None:
    with machine("broken") as host:
        document = dump.read_document(host)
    assert document["system"] is None
    assert document["errors"]["system"] == {"kind": "ReadError", "message": "sample: out of order"}
    assert "system" not in document["sources"]
    assert document["errors"]["cpu"]["kind"] == "Unsupported"


def test_several_problems_of_one_field_are_one_entry() -> None:
    with machine("partial") as host:
        errors = dump.read_document(host)["errors"]
    assert errors == {
        "system.serial": {
            "kind": "ReadError",
            "message": "/sys/class/dmi/id/product_serial: Permission denied; SMBIOS: no end",
        }
    }


PEAK = """\
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=sys.stderr)
"""
"""A child's peak counts what its parent had when it was made: so the parent is this, and not the whole test run."""


@pytest.mark.slow
def test_four_thousand_links_stay_below_90_mib(tmp_path: Path) -> None:
    import subprocess

    dump = [sys.executable, "-c", command.ENTRY, "-c", "sample:many/4000", "dump", "--json"]
    result = subprocess.run(
        [sys.executable, "-S", "-c", PEAK, *dump],
        env=command.environment(tmp_path),
        capture_output=True,
        check=True,
        text=True,
    )
    assert len(json.loads(result.stdout)["network"]["links"]) == 4000
    assert int(result.stderr.split()[-1]) < 90 * 1024
