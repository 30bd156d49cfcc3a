"""``hostinfo diff``: dumps, recordings and URIs against each other."""

import json
from pathlib import Path

import pytest

from tests.support import command


def test_a_machine_does_not_differ_from_itself(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "sample:whole", "sample:whole")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_each_change_is_a_line_of_path_old_and_new(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "sample:whole", "sample:changed")
    assert ran.returncode == 1
    gone = (
        '{"link": "br100", "index": 6, "family": "ipv6", "address": "2001:db8::5", '
        '"prefix_length": 64, "scope": "global"}'
    )
    assert ran.stdout.splitlines() == [
        "cpu.processors[0].is_online: true -> false",
        'network.links[new0]: absent -> {"name": "new0", "index": 7, "kind": "dummy"}',
        f"network.addresses[br100 2001:db8::5 64]: {gone} -> absent",
    ]


def test_volatile_fields_are_compared_on_request(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "--all", "sample:whole", "sample:changed")
    assert f"memory.swap.free_bytes: {1 << 30} -> 5\n" in ran.stdout
    assert "statistics.uptime_seconds: 3661.5 -> 1.0\n" in ran.stdout


def test_a_dump_file_and_standard_input_can_be_compared(tmp_path: Path) -> None:
    old = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--json").stdout
    new = command.hostinfo(tmp_path, "-c", "sample:changed", "dump", "--json").stdout
    (tmp_path / "old.json").write_text(old)
    ran = command.hostinfo(tmp_path, "diff", "--json", str(tmp_path / "old.json"), "-", stdin=new.encode())
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert found["differences"][0] == {"path": "cpu.processors[0].is_online", "old": True, "new": False}
    assert "old" not in found["differences"][1]
    assert found["not_compared"] == []


def test_a_fact_that_could_not_be_read_is_not_reported_as_equal(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "sample:whole", "sample:partial")
    assert ran.returncode == 3
    assert "system.serial could not be compared: /sys/class/dmi/id/product_serial: Permission denied" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("-", "-"), 2),
        (("a",), 2),
        (("-c", "sample:whole", "sample:whole", "sample:whole"), 2),
        (("/nowhere.json", "sample:whole"), 3),
        (("unknown:scheme", "sample:whole"), 3),
        (("FILE", "sample:whole"), 3),
        (("FOLDER", "sample:whole"), 3),
    ],
)
def test_an_input_that_cannot_be_compared_is_reported_in_one_line(
    arguments: tuple[str, ...], exit_code: int, tmp_path: Path
) -> None:
    (tmp_path / "FILE").write_text('{"hostinfo": {"format": 99}}')
    (tmp_path / "FOLDER").mkdir()
    places = {name: str(tmp_path / name) for name in ("FILE", "FOLDER")}
    ran = command.hostinfo(tmp_path, "diff", *(places.get(argument, argument) for argument in arguments))
    assert ran.returncode == exit_code
    assert "Traceback" not in ran.stderr
    assert ran.stderr


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"hostinfo": {"format": 1}, "errors": {"cpu": 1}}']
)
def test_a_file_that_is_not_a_dump_is_refused(text: str, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "-", "sample:whole", stdin=text.encode())
    assert ran.returncode == 3
    assert ran.stderr.startswith("hostinfo: diff: standard input: ")
