"""Exit codes: how much was reported."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import FIXTURES
from tests.support import command


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("-c", "sample:whole", "dump"), 0),
        (("-c", "sample:unsupported", "dump"), 0),  # guests: no source provides them, which is not a failure
        (("-c", "sample:partial", "dump"), 3),
        (("-c", "sample:partial", "dump", "--json"), 3),
        (("-c", "sample:partial", "dump", "--yaml"), 3),
        (("-c", "sample:broken", "dump"), 1),
        (("-c", "sample:broken", "dump", "--json"), 1),
        (("-c", "sample:partial", "dump", "system"), 3),
        (("-c", "sample:partial", "dump", "cpu", "memory"), 0),  # what failed was not requested
        (("-c", "sample:partial", "dump", "system.serial"), 1),
        (("-c", "sample:partial", "dump", "system.serial", "system.product"), 3),
        (("-c", "sample:partial", "dump", "system.product"), 0),
        (("-c", "sample:whole", "dump", "network.links[eth9].mac"), 1),
        (("-c", "sample:whole", "dump", "cpu.cpuid_level"), 0),  # absent, and None is its value
        (("-c", "sample:unsupported", "dump", "guests"), 1),
        (("-c", "unknown:scheme", "dump"), 1),
        (("dump", "cpu.modl_name"), 2),
        (("dump", "--json", "--yaml"), 2),
        (("dump", "--jsn"), 2),
        (("nothing",), 2),
        ((), 2),
        (("--version",), 0),
        (("dump", "--help"), 0),
    ],
)
def test_the_exit_code_shows_how_much_was_reported(arguments: tuple[str, ...], exit_code: int, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, *arguments)
    assert ran.returncode == exit_code, ran.stderr
    assert "Traceback" not in ran.stderr
    if exit_code and "--json" not in arguments and "--yaml" not in arguments:
        assert ran.stderr or re.search("Not available|Not provided by any source", ran.stdout)


HUNG = f"recorded:{FIXTURES / 'acme-hostamd-xen'}"
"""A Dom0 whose libvirtd accepted connections and never replied; the facts were read by hypercalls."""


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("dump", "cpu.threads"), 0),
        (("dump", "cpu.threads", "memory.total_bytes", "--json"), 0),
        (("dump", "cpu"), 0),
        (("dump", "numa", "memory", "--json"), 0),
        (("dump", "cpu.threads", "guests"), 3),  # only libvirt could report the guests
        (("dump",), 3),
        (("dump", "guests"), 1),
        (("dump", "cpu.mitigations"), 3),  # absent, and the driver that failed might have reported it
    ],
)
def test_a_source_that_failed_matters_if_something_is_missing(
    arguments: tuple[str, ...], exit_code: int, tmp_path: Path
) -> None:
    ran = command.hostinfo(tmp_path, "-c", HUNG, *arguments)
    assert ran.returncode == exit_code, ran.stderr


def test_the_page_and_the_document_name_the_source_that_failed(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", HUNG, "dump").stdout
    heading, line = re.search(r"^(Failed, and .*)\n  (.*)$", page, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert heading == "Failed, and reported by another source"
    assert line == "system, cpu, memory, numa, statistics: xen:///system: no answer within 5.0 s"
    document = json.loads(command.hostinfo(tmp_path, "-c", HUNG, "dump", "--json").stdout)
    assert list(document["failed_drivers"]) == ["system", "cpu", "memory", "numa", "statistics"]
    assert document["failed_drivers"]["cpu"] == [
        {"driver": "libvirt-xen", "kind": "ReadError", "message": "xen:///system: no answer within 5.0 s"}
    ]
    assert "cpu" not in document["errors"]
    assert "guests" in document["errors"]
