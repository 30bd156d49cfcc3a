"""``hostinfo diff``: dumps, recordings and URIs against each other."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.facade import HostInfo
from hostinfo.output import document as dump
from hostinfo.output.diff import ABSENT, VOLATILE, differences
from hostinfo.path import Path as FactPath
from tests.support import command, sample_driver


def document(name: str) -> dict[str, object]:
    with HostInfo(sample_driver.factories(f"sample:{name}")) as host:
        return dump.read_document(host)


def test_the_same_machine_is_the_same(tmp_path: Path) -> None:
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


def test_volatile_fields_are_seen_where_asked(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "--all", "sample:whole", "sample:changed")
    assert f"memory.swap.free_bytes: {1 << 30} -> 5\n" in ran.stdout
    assert "statistics.uptime_seconds: 3661.5 -> 1.0\n" in ran.stdout


def test_a_dump_file_and_standard_input_are_machines_too(tmp_path: Path) -> None:
    told = command.hostinfo(tmp_path, "-c", "sample:changed", "dump", "--json").stdout
    (tmp_path / "old.json").write_text(json.dumps(document("whole")))
    ran = command.hostinfo(tmp_path, "diff", "--json", str(tmp_path / "old.json"), "-", stdin=told.encode())
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert found["differences"][0] == {"path": "cpu.processors[0].is_online", "old": True, "new": False}
    assert "old" not in found["differences"][1]
    assert found["not_compared"] == []


def test_what_could_not_be_read_is_not_called_the_same(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "sample:whole", "sample:partial")
    assert ran.returncode == 3
    assert "system.serial could not be compared: /sys/class/dmi/id/product_serial: Permission denied" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("-", "-"), 2),
        (("a",), 2),
        (("-c", "sample:whole", "sample:whole", "sample:whole"), 2),
        (("/nowhere.json", "sample:whole"), 3),
        (("nobody:knows", "sample:whole"), 3),
        (("FILE", "sample:whole"), 3),
        (("FOLDER", "sample:whole"), 3),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(arguments: tuple[str, ...], status: int, tmp_path: Path) -> None:
    (tmp_path / "FILE").write_text('{"hostinfo": {"format": 99}}')
    (tmp_path / "FOLDER").mkdir()
    places = {name: str(tmp_path / name) for name in ("FILE", "FOLDER")}
    ran = command.hostinfo(tmp_path, "diff", *(places.get(argument, argument) for argument in arguments))
    assert ran.returncode == status
    assert "Traceback" not in ran.stderr
    assert ran.stderr


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"hostinfo": {"format": 1}, "errors": {"cpu": 1}}']
)
def test_a_file_that_is_no_dump_is_refused(text: str, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "diff", "-", "sample:whole", stdin=text.encode())
    assert ran.returncode == 3
    assert ran.stderr.startswith("hostinfo: diff: standard input: ")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "links", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(PLAIN, st.sampled_from(["cpu", "network", "memory"]))
def test_a_dump_that_somebody_garbled_is_compared_all_the_same(garbage: object, group: str) -> None:
    old = document("whole")
    for new in ({**old, group: garbage}, {**old, group: {"links": garbage, "processors": garbage, "dimms": garbage}}):
        assert all(one.path.startswith(group) for one in differences(old, new))
        assert [one.path for one in differences(new, copy.deepcopy(new))] == []


@given(st.permutations(range(6)))
def test_the_order_of_links_is_no_difference(order: list[int]) -> None:
    old, new = document("whole"), document("whole")
    links = new["network"]["links"]  # type: ignore[index]
    new["network"]["links"] = [links[at] for at in order]  # type: ignore[index]
    assert list(differences(old, new)) == []


def test_two_items_with_one_key_are_both_compared() -> None:
    old, new = document("whole"), document("whole")
    routes = new["network"]["routes"]  # type: ignore[index]
    routes.append(copy.deepcopy(routes[0]))
    found = list(differences(old, new))
    assert [(one.path, one.old) for one in found] == [("network.routes[254 default br100 192.0.2.1#2]", ABSENT)]


@pytest.mark.parametrize("path", sorted(VOLATILE))
def test_every_volatile_field_is_a_field(path: str) -> None:
    assert FactPath(path).text == path
