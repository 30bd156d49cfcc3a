"""``hostinfo support`` as a user runs it."""

import json
from pathlib import Path

from hostinfo import GROUPS
from tests.support import command, sample_driver


def test_support_shows_the_tables_of_the_drivers(tmp_path: Path) -> None:
    table = json.loads(command.hostinfo(tmp_path, "-c", "sample:unsupported", "support", "--json").stdout)
    (driver,) = table["drivers"]
    offered = [group for group in sample_driver.WHOLE if group != "guests"]
    assert driver["groups"] == offered
    assert driver["unsupported_reasons"] == {"guests": "no libvirt here"}
    page = command.hostinfo(tmp_path, "-c", "sample:unsupported", "support").stdout
    assert "sample: guests: no libvirt here" in page
    marks = dict(line.split() for line in page.splitlines()[1 : len(GROUPS) + 1])
    assert marks == {group: "provides" if group in offered else "-" for group in GROUPS}


def test_support_names_a_provider_of_each_group_that_dump_reports(tmp_path: Path) -> None:
    table = json.loads(command.hostinfo(tmp_path, "support", "--json").stdout)
    dumped = json.loads(command.hostinfo(tmp_path, "dump", "--json").stdout)
    offered = {group for driver in table["drivers"] for group in driver["groups"]}
    assert {group for group in GROUPS if dumped[group] is not None} <= offered


def test_support_of_an_unknown_scheme_is_an_error(tmp_path: Path) -> None:
    assert command.hostinfo(tmp_path, "-c", "unknown:scheme", "support").returncode == 1
