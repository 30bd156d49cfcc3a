"""JSON and YAML, read back by foreign readers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.output.json import to_json
from hostinfo.output.yaml import to_yaml
from tests.support import command

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)
SURROGATES = st.text(alphabet=st.characters(categories=["Cs", "Cc", "L", "So"]))


@given(PLAIN | SURROGATES)
def test_the_standard_library_reads_our_json_back_unchanged(value: object) -> None:
    text = to_json(value)
    assert text.isascii()
    assert json.loads(text) == value


@given(PLAIN)
def test_pyyaml_reads_our_yaml_back_unchanged(value: object) -> None:

    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("value", ["yes", "null", "1", "1e3", "- a", "a: b", "#", "\udcff", "\U0001f600", "=", "~", ""])
def test_yaml_keeps_strings_strings(value: str) -> None:

    assert yaml.safe_load(to_yaml({value: [value]})) == {value: [value]}


@pytest.mark.parametrize("entry", [1, [1, 2], {"a": {"b": 1}}, [{"a": [1]}], {}, []])
def test_yaml_keeps_long_keys(entry: object) -> None:
    value = {"\x01" * 400: entry, "list": [{"a" * 1100: entry, "b": 2}]}
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_infinity_and_nan_are_null_in_json(number: float) -> None:
    assert json.loads(to_json((number,))) == [None]


PEAK = """\
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=sys.stderr)
"""
"""A child inherits its parent's peak memory, so this small program is the parent, not the test run."""


@pytest.mark.slow
def test_four_thousand_links_stay_below_90_mib(tmp_path: Path) -> None:

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
