"""The output of ``hostinfo console`` on a terminal and in a pipe."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.command import ENTRY, environment
from tests.support.console_program import Program
from tests.support.fleet import Fleet, agent_name, fleet_agent


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet([fleet_agent(number) for number in range(3)]) as made:
        yield made


@pytest.fixture
def program(tmp_path: Path, fleet: Fleet) -> Program:
    return Program(tmp_path, fleet.url)


def on_terminal(tmp_path: Path, url: str, columns: int, *arguments: str, **more: str) -> str:
    main, secondary = pty.openpty()
    env = environment(tmp_path, TERM="xterm", COLUMNS=str(columns), **more)
    line = [sys.executable, "-c", ENTRY, "console", "--broker", url, *arguments]
    running = subprocess.Popen(line, env=env, stdout=secondary, stderr=subprocess.DEVNULL)
    os.close(secondary)
    text = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        text += data
    os.close(main)
    running.wait(10)
    return text.decode()


def test_a_table_fits_its_terminal_and_has_color_only_if_allowed(tmp_path: Path, fleet: Fleet) -> None:
    for columns in (30, 60, 200):
        text = on_terminal(tmp_path, fleet.url, columns, "list")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        assert plain != text
        assert all(len(line) <= columns for line in plain.splitlines())
        assert "node2" in plain
        assert on_terminal(tmp_path, fleet.url, columns, "list", NO_COLOR="1") == plain


def test_values_of_an_agent_do_not_control_the_terminal(program: Program, fleet: Fleet) -> None:
    store = fleet.responders[agent_name(0)].store.all  # type: ignore[attr-defined]
    store["node"] = replace(store["node"], values={"hostname": "a\x1b]0;evil\x07\n", "x\x1b[1m": "y"})
    for arguments in (["get", "ovirtNode"], ["get", "ovirtNode", "--node", "node0"]):
        text = program(*arguments).stdout
        assert "evil" in text
        assert all(line.isprintable() for line in text.splitlines())


def test_a_closed_pipe_ends_it_quietly(program: Program) -> None:
    running = program.start("get", "processor")
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    with running.stderr as errors:
        assert errors.read() == ""
    assert running.wait(10) == 141
