"""Suggestions for names that do not exist."""

from pathlib import Path

import pytest

from hostinfo.suggestions import did_you_mean
from tests.support import command

NAMES = ("cpu", "memory", "network", "Links")


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("CPU", "; did you mean cpu?"),
        ("links", "; did you mean Links?"),
        ("memry", "; did you mean memory?"),
        ("net", "; did you mean network?"),
        ("xyzzy", "; there are cpu, memory, network, Links"),
        ("", "; there are cpu, memory, network, Links"),
    ],
)
def test_the_similar_name_is_suggested(name: str, end: str) -> None:
    assert did_you_mean(name, NAMES) == end


def test_a_name_from_elsewhere_is_escaped_and_a_list_is_cut() -> None:
    assert did_you_mean("", ["\x1b[2J"]) == "; there are '\\x1b[2J'"
    assert did_you_mean("", [f"name{number}" for number in range(20)]).endswith("name11 and 8 more")
    assert did_you_mean("name", []) == "; it is empty"


@pytest.mark.parametrize(
    ("arguments", "usage", "suggestion"),
    [
        (("dmp",), "hostinfo", "dump"),
        (("dump", "--jsn"), "hostinfo dump", "--json"),
        (("schema", "--qfm"), "hostinfo schema", "--qmf"),
        (("console", "lst"), "hostinfo console", "list"),
        (("completion", "bsh"), "hostinfo completion", "bash"),
    ],
)
def test_the_command_line_suggests_names_with_the_usage_of_the_command(
    arguments: tuple[str, ...], usage: str, suggestion: str, tmp_path: Path
) -> None:
    ran = command.hostinfo(tmp_path, *arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"usage: {usage} [-h]")
    assert f"did you mean {suggestion}?" in ran.stderr
