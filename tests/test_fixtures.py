"""Every folder of tests/fixtures is a recorded machine, and its facts agree with its oracles.

``expected.json`` is a list of ``{"oracle": where the values come from, "values": {path: value}}``, as described in
fixtures/README.md.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import hostinfo
from hostinfo.errors import DriverError, HostInfoError, Unsupported

FIXTURES = Path(__file__).parent / "fixtures"
MACHINES = sorted(path for path in FIXTURES.iterdir() if path.is_dir())
SIZE_LIMIT = 300_000
NAME = re.compile(r"[a-z0-9.]+(?:-[a-z0-9.]+)+-[a-z0-9.]+\Z")
STEP = re.compile(r"([a-z_0-9]+)((?:\[[^\]]*\])*)(?:\.|\Z)")


def steps(path: str) -> Iterator[str]:
    """``network.links[bond0].bond.ports`` -> network, links, [bond0, bond, ports."""
    for found in STEP.finditer(path):
        yield found[1]
        yield from (f"[{key}" for key in re.findall(r"\[([^\]]*)\]", found[2]))


def look(value: Any, path: list[str]) -> Any:
    """Return the value at a path; ``[*]`` is every item, ``[7]`` one by position, ``[name]`` one by name."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if not step.startswith("["):
        return look(value[step] if isinstance(value, dict) else getattr(value, step), rest)
    key = step[1:]
    if key == "*":
        return [look(item, rest) for item in value]
    if key.isdecimal():
        return look(value[int(key)], rest)
    named = [item for item in value if getattr(item, "name", None) == key]
    assert len(named) == 1, f"{len(named)} items are called {key}"
    return look(named[0], rest)


def to_builtins(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [to_builtins(item) for item in value]
    assert not is_dataclass(value), "the path must end at a field, not at a whole record"
    return value


def value_at(host: hostinfo.HostInfo, path: str) -> Any:
    group, *rest = steps(path)
    try:
        return to_builtins(look(host.read(group).value, rest))
    except HostInfoError as error:
        return {"error": error.kind}


def agrees(value: Any, expected: Any) -> bool:
    if isinstance(expected, dict) and expected.keys() <= {"at_least", "at_most"}:
        return bool(expected.get("at_least", value) <= value <= expected.get("at_most", value))
    return bool(value == expected)


def test_there_are_machines() -> None:
    assert MACHINES


@pytest.mark.parametrize("folder", MACHINES, ids=lambda path: path.name)
def test_facts_of_the_machine_agree_with_its_oracles(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    values = {path: value for entry in expected for path, value in entry["values"].items()}
    assert len(values) == sum(len(entry["values"]) for entry in expected)
    assert values
    assert all(len(entry["oracle"]) > 10 for entry in expected)
    with hostinfo.open(f"recorded:{folder}") as host:
        differing = {
            path: {"found": found, "expected": value}
            for path, value in values.items()
            if not agrees(found := value_at(host, path), value)
        }
    assert differing == {}


@pytest.mark.parametrize("folder", MACHINES, ids=lambda path: path.name)
def test_machine_replays_without_an_unexpected_error(folder: Path) -> None:
    with hostinfo.open(f"recorded:{folder}") as host:
        for group in hostinfo.GROUPS:
            try:
                result = host.read(group)
            except Unsupported:
                continue
            except DriverError as error:
                if error.detail.partition(";")[0] not in (folder / "machine.toml").read_text():
                    raise  # an error that the recording does not have
                continue
            for problem in result.problems:
                assert "internal error" not in str(problem.error)
        assert host.opened()


@pytest.mark.parametrize("folder", MACHINES, ids=lambda path: path.name)
def test_drivers_of_the_machine_keep_the_driver_contract(folder: Path) -> None:
    from hostinfo.testing import check_driver

    with hostinfo.open(f"recorded:{folder}") as host:
        drivers = host.drivers()
        assert drivers
        for driver in drivers:
            check_driver(driver)


@pytest.mark.parametrize("folder", MACHINES, ids=lambda path: path.name)
def test_machine_is_small_and_named_by_vendor_model_and_hypervisor(folder: Path) -> None:
    assert NAME.match(folder.name)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < SIZE_LIMIT
