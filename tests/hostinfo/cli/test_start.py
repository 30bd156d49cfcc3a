"""The light start: it must behave as what it stands in for, and be worth it."""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.cli import COMMANDS, command_module
from hostinfo.cli.parser import build
from hostinfo.cli.quick import QuickParser
from tests.support import command

WORDS = st.sampled_from(
    ["cpu", "cpu.model_name", "--json", "--yaml", "--sources", "-c", "--connect", "sysfs:///", "--all", "-", "--raw",
     "dir", "bash", "--words", "--help", "--", "-x", "--js", "--json=1", "", "--directory", "dump"]
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_plain_command_lines_mean_what_argparse_says(name: str) -> None:
    module, thorough = command_module(name), build([name])

    @settings(deadline=None)  # argparse is slow on a busy machine
    @given(st.lists(WORDS, max_size=5))
    def compare(words: list[str]) -> None:
        quick = QuickParser()
        quick.add_argument("-c", "--connect", default=None)
        module.add_arguments(quick)
        options = quick.parse(words)
        if options is None:
            return
        expected = vars(thorough.parse_args([name, *words]))
        del expected["command"]
        assert vars(options) == expected

    compare()


@pytest.mark.parametrize("name", ["dump", "diff", "support", "doctor", "record", "schema"])
def test_plain_command_lines_are_read_without_argparse(name: str, tmp_path: Path) -> None:
    words = {"dump": ["cpu.sockets", "--json"], "diff": ["a", "b"], "record": [str(tmp_path)]}.get(name, [])
    quick = QuickParser()
    quick.add_argument("-c", "--connect", default=None)
    command_module(name).add_arguments(quick)
    assert quick.parse(words) is not None


def in_child(tmp_path: Path, code: str, *options: str) -> str:
    ran = subprocess.run(
        [sys.executable, *options, "-c", code],
        env=command.environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


@pytest.mark.parametrize("words", ["'cpu.model_name'", "'--json'", "'--yaml', '--sources'", "'network'"])
def test_a_dump_of_a_bare_host_imports_no_slow_module(tmp_path: Path, words: str) -> None:
    code = (
        f"import sys; from hostinfo.cli import main; main(['dump', {words}]);"
        "slow = {'argparse', 'dataclasses', 'inspect', 're', 'json', 'typing', 'ipaddress', 'pathlib'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    without_packages = "-S"  # bindings such as dbus import some of these themselves
    assert in_child(tmp_path, code, without_packages).splitlines()[-1] == "[]"


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


def test_commands_that_live_long_collect_their_garbage() -> None:
    import gc

    from hostinfo import cli

    cli.main(["--version"])
    assert gc.isenabled()
    assert not getattr(command_module("record"), "DISABLE_GC", False)


def test_argparse_builds_one_command_only() -> None:
    parser = build(["dump"])
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert list(actions[0].choices) == ["dump"]
