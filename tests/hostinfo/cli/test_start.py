"""The start of the program: simple command lines mean the same without argparse, and no slow module is imported."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.cli.commands import COMMANDS, command_module
from hostinfo.cli.fast_parser import FastParser, Options
from hostinfo.cli.parser import build
from tests.support import command

WORDS = st.sampled_from(
    ["cpu", "cpu.model_name", "--json", "--yaml", "--sources", "-c", "--connect", "sysfs:///", "--all", "-", "--raw",
     "dir", "bash", "--words", "--help", "--", "-x", "--js", "--json=1", "", "--directory", "dump"]
)  # fmt: skip


def parse_fast(name: str, words: list[str]) -> Options | None:
    """Return the options of a command line; None: it is left to argparse."""
    parser = FastParser()
    parser.add_argument("-c", "--connect", default=None)
    command_module(name).add_arguments(parser)
    return parser.parse(words)


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_the_fast_parser_returns_what_argparse_returns(name: str) -> None:
    standard = build([name])

    @settings(deadline=None)  # argparse is slow on a busy machine
    @given(st.lists(WORDS, max_size=5))
    def compare(words: list[str]) -> None:
        options = parse_fast(name, words)
        if options is None:
            return
        expected = vars(standard.parse_args([name, *words]))
        del expected["command"]
        assert vars(options) == expected

    compare()


@pytest.mark.parametrize("name", ["dump", "diff", "support", "doctor", "record", "schema"])
def test_simple_command_lines_are_parsed_without_argparse(name: str, tmp_path: Path) -> None:
    words = {"dump": ["cpu.sockets", "--json"], "diff": ["a", "b"], "record": [str(tmp_path)]}.get(name, [])
    assert parse_fast(name, words) is not None


@pytest.mark.parametrize("words", ["'cpu.model_name'", "'--json'", "'--yaml', '--sources'", "'network'"])
def test_a_dump_of_a_bare_host_imports_no_slow_module(tmp_path: Path, words: str) -> None:
    code = (
        f"import sys; from hostinfo.cli import main; main(['dump', {words}]);"
        "slow = {'argparse', 'dataclasses', 'inspect', 're', 'json', 'typing', 'ipaddress', 'pathlib'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    without_packages = "-S"  # bindings such as dbus import some of these themselves
    line = [sys.executable, without_packages, "-c", code]
    done = subprocess.run(line, env=command.environment(tmp_path), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_one_fact_costs_at_most_three_starts_of_python(tmp_path: Path) -> None:
    environment = command.environment(tmp_path, PYTHONPYCACHEPREFIX=str(tmp_path / "cache"))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPATH"] = str(command.ROOT)
    script = tmp_path / "hostinfo"
    script.write_text("import sys\nfrom hostinfo.cli import main\nif __name__ == '__main__':\n    sys.exit(main())\n")

    def seconds(*arguments: str) -> float:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            environment,
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)],
        )
        _, status, usage = os.wait4(pid, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 3)
        return usage.ru_utime + usage.ru_stime

    fact = (str(script), "dump", "cpu.model_name")
    seconds(*fact)
    ratios = []
    for _ in range(3):  # a busy machine disturbs single measurements
        pairs = [(seconds(*fact), seconds("-c", "pass")) for _ in range(15)]
        ratios.append(statistics.median(one for one, _ in pairs) / statistics.median(other for _, other in pairs))
        if ratios[-1] <= 3:
            break
    assert min(ratios) <= 3


def test_argparse_builds_one_command_only() -> None:
    parser = build(["dump"])
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert list(actions[0].choices) == ["dump"]
