"""The output of ``hostinfo console`` on a terminal and in a pipe."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Event
from tests.support.command import ENTRY, environment
from tests.support.console_program import Program
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.qmf_node import LINK_DOWN, NOW


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


def test_events_that_are_not_written_are_reported(program: Program, fleet: Fleet) -> None:
    """The output is read at the end only, so its pipe fills up; then the queue, which is shortened here."""
    before = "from hostinfo.agent.console.terminal import stream; stream.QUEUE_LIMIT = 5"
    console = program.start("events", "--json", "--for", "9", before=before)
    time.sleep(2)
    events = 2000
    for number in range(events):
        event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "x" * 200}, timestamp=NOW + number, severity=4)
        fleet.publish_event(agent_name(number % 3), event)
    time.sleep(4)
    output, errors = console.communicate(timeout=60)
    shown = sum("x" * 200 in line for line in output.splitlines())
    dropped = sum(map(int, re.findall(r"console: (\d+) messages were dropped", errors)))
    assert 100 < shown < events
    assert shown + dropped >= events  # heartbeats may be among the dropped messages
    assert dropped <= events - shown + 30
