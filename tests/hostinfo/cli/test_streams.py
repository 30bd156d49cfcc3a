"""Standard streams, terminals and signals: what a shell or a script meets."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from tests.support import command


def test_python_m_hostinfo_is_the_same_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "hostinfo", "--version"],
        env=command.environment(tmp_path),
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode() == f"hostinfo {hostinfo.__version__}\n"


def spawn(tmp_path: Path, *arguments: str, out: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", command.ENTRY, *arguments],
        env=command.environment(tmp_path),
        stdout=out,
        stderr=subprocess.PIPE,
    )


def test_a_closed_pipe_prints_nothing(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    child = spawn(tmp_path, "-c", "sample:many/2000", "dump", "--json", out=write)
    os.close(write)
    _, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (141, b"")


@pytest.mark.parametrize("form", [[], ["--json"], ["--yaml"], ["cpu.model_name"]])
def test_a_full_disk_is_reported(form: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        child = spawn(tmp_path, "-c", "sample:whole", "dump", *form, out=full.fileno())
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 1
    assert errors == b"hostinfo: standard output: No space left on device\n"


def test_a_closed_standard_output_is_reported(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", command.ENTRY, "-c", "sample:whole", "dump"],
        env=command.environment(tmp_path),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, b"hostinfo: standard output: closed\n")


def test_an_interrupt_ends_it_without_a_message(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child would ignore it
    try:
        child = spawn(tmp_path, "-c", "sample:slow", "dump", "system.product", out=subprocess.DEVNULL)
    finally:
        signal.signal(signal.SIGINT, before)
    with child:
        assert child.stderr is not None
        assert child.stderr.readline() == b"asleep\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (130, b"")


def on_terminal(tmp_path: Path, *arguments: str, **more: str) -> str:
    """Return what the command prints on a new pseudo-terminal."""
    ours, terminal = pty.openpty()
    environment = command.environment(tmp_path, **{"TERM": "xterm", "COLUMNS": "80"} | more)
    child = subprocess.Popen(
        [sys.executable, "-c", command.ENTRY, *arguments], env=environment, stdout=terminal, stdin=terminal
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    child.wait(timeout=30)
    return shown.decode()


def test_colour_is_printed_on_terminals_unless_turned_off(tmp_path: Path) -> None:
    arguments = ("-c", "sample:whole", "dump", "cpu")
    assert "\x1b[1m" in on_terminal(tmp_path, *arguments)
    assert "\x1b" not in on_terminal(tmp_path, *arguments, NO_COLOR="1")
    assert "\x1b" not in on_terminal(tmp_path, *arguments, TERM="dumb")
    assert "\x1b" not in command.hostinfo(tmp_path, *arguments, TERM="xterm").stdout


def test_lines_fit_the_terminal(tmp_path: Path) -> None:
    shown = on_terminal(tmp_path, "dump", "cpu", COLUMNS="60", NO_COLOR="1")
    assert max(len(line) for line in shown.splitlines() if " " in line.strip()) <= 62


def test_an_ascii_stream_gets_ascii(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", PYTHONIOENCODING="ascii:strict")
    assert ran.returncode == 0
    assert "`- eth1" in ran.stdout
    assert "2 sockets x 4 cores x 2 threads = 16 CPUs" in ran.stdout
