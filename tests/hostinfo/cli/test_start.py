"""The light start: it must behave as what it stands in for, and be worth it."""

import argparse
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.cli import COMMANDS, command_module
from hostinfo.cli.light import Identifier
from hostinfo.cli.parser import build
from hostinfo.cli.quick import QuickParser
from tests.support import command

PATTERN = re.compile(r"^(?:\s*(\w+)\s*\.)?\s*(\w+)")
WORDS = st.sampled_from(
    ["cpu", "cpu.model_name", "--json", "--yaml", "--sources", "-c", "--connect", "sysfs:///", "--all", "-", "--raw",
     "dir", "bash", "--words", "--help", "--", "-x", "--js", "--json=1", "", "--directory", "dump"]
)  # fmt: skip


@given(st.text(alphabet="ab_1. \t[]é", max_size=12))
def test_the_identifier_matches_as_the_pattern_does(text: str) -> None:
    expected, found = PATTERN.match(text), Identifier().match(text)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert (found.group(1), found.group(2)) == expected.groups()


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


def in_child(tmp_path: Path, code: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", code], env=command.environment(tmp_path), capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_one_fact_needs_none_of_the_heavy_modules(tmp_path: Path) -> None:
    code = (
        "import sys; from hostinfo.cli import main; main(['dump', 'cpu.model_name']);"
        "heavy = {'argparse', 'inspect', 're', 'enum', 'json', 'typing', 'ipaddress', 'libvirt'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    if sys.version_info < (3, 14):
        assert in_child(tmp_path, code).splitlines()[-1] == "[]"


def test_the_lightly_made_model_is_the_model(tmp_path: Path) -> None:
    code = """
import sys
if sys.argv[-1] == 'light':
    pass
{light}
from hostinfo.model.cpu import Cache, Processor
from hostinfo.model.network import Route
one, other = Cache(level=1, type='Data', size_bytes=1), Cache(level=1, type='Data', size_bytes=1)
third = Cache(level=2, type='Data', size_bytes=1)
print(repr(one), one == other, hash(one) == hash(other), one != third, one == 1, len({{one, other, third}}))
print(repr(Route(family='ipv4', destination='default')), Processor(number=1).flags)
for change in ('one.level = 2', 'del one.level', 'Cache()', 'Cache(1, 2, 3)', 'Cache(level=1, type="", sizes=1)'):
    try:
        exec(change)
    except Exception as error:
        print(change, type(error).__name__, error)
try:
    one.nothing = 1
except (AttributeError, TypeError):  # which of them it is depends on Python's version
    print('there is nothing else')
import dataclasses, inspect, re, copy, pickle
print(pickle.loads(pickle.dumps(one)) == one, copy.deepcopy(one), inspect.signature(Cache))
many = [Cache(level=level, type='Data', size_bytes=1) for level in range(200)]
print(many[0], many[-1], len(set(many)), Cache.__init__.__qualname__, Cache.__init__.__module__)
routes = [Route(family='ipv4', destination=str(number), type='blackhole') for number in range(200)]
print(routes[0], routes[-1])
try:
    Cache(level=1, type='Data', sizes=1)
except TypeError as error:
    print(error)
class Special(Cache):
    pass
special = Special(level=1, type='Data', size_bytes=1)
try:
    special.level = 2
except dataclasses.FrozenInstanceError as error:
    print(error, special == one, Special(level=1, type='Data', size_bytes=1) == special)
print(dataclasses.replace(one, level=3), dataclasses.asdict(one), [field.name for field in dataclasses.fields(one)])
print(inspect.signature(Cache), copy.copy(one), re.compile('a').match('a'))
@dataclasses.dataclass
class Plain:
    x: 'dataclasses.InitVar[int]'
    y: int = 1
print(Plain.__doc__, Plain(1), [field.name for field in dataclasses.fields(Plain)])
"""
    plain = in_child(tmp_path, code.format(light=""))
    light = in_child(
        tmp_path, code.format(light="from hostinfo.cli.light import import_dataclasses; import_dataclasses()")
    )
    assert light == plain
    assert plain.count("Error") == 5


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
