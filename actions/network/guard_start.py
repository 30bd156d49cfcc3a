"""Starting the guard: a detached process, and a timer of systemd where there is one."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import suppress

import hostinfo
from hostinfo.errors import ActionRefused

from . import guard_timer
from .journal_entry import Entry

ARM_SECONDS = 20.0
"""The guard is ready within 0.2 s; on a starved host the change is refused after this time."""
START = """\
import sys
root = sys.argv.pop(1)
sys.path.insert(0, root)
import hostinfo
sys.path.remove(root)
sys.path.append(root)
from hostinfo.actions.network.guard import main
main(*sys.argv[1:])
"""
"""Imports this hostinfo and no other, from a checkout, a venv or a package; everything else in the usual order."""


def arm(entry: Entry) -> None:
    """Start the guard of a transaction; on return it runs. ActionRefused: it could not be started."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        _start_process(entry, writer)
        os.close(writer)
        writer = -1
        message = _read(reader)
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
    if message != "armed":
        raise ActionRefused("guard", f"it did not start, so nothing was changed: {message or 'it ended'}")
    if guard_timer.is_usable():
        guard_timer.start(entry.id, _command(entry), entry.remaining_seconds())


def _command(entry: Entry) -> list[str]:
    if not sys.executable:
        raise ActionRefused("guard", "the path of the Python interpreter is unknown (sys.executable)")
    root = os.path.dirname(os.path.dirname(os.path.abspath(hostinfo.__file__)))
    return [sys.executable, "-I", "-c", START, root, os.path.abspath(entry.root), entry.id]


def _start_process(entry: Entry, writer: int) -> None:
    """Start the process, which forks at once, so that its parent need not wait for it."""
    kept = {name: os.environ[name] for name in ("DBUS_SYSTEM_BUS_ADDRESS",) if name in os.environ}
    try:
        first = subprocess.Popen(
            [*_command(entry), str(writer)],
            pass_fds=(writer,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **kept},
            start_new_session=True,
        )
    except OSError as error:
        raise ActionRefused("guard", f"it could not be started: {error}") from error
    try:
        first.wait(ARM_SECONDS)
    except subprocess.TimeoutExpired as error:
        first.kill()
        first.wait()
        raise ActionRefused("guard", f"it did not start within {ARM_SECONDS:.0f} s") from error


def _read(reader: int) -> str:
    """Return what the guard reports; empty: it ended, or did not report in time."""
    message = b""
    deadline = time.monotonic() + ARM_SECONDS
    with suppress(OSError):
        while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(reader, 1024)
            if not part:
                break
            message += part
    return message.decode(errors="replace").strip()
