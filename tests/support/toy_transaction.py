"""A process that begins a change of the toy network and commits it, and is killed at one of its writes to the journal.

``python -m tests.support.toy_transaction FOLDER SECONDS MODE NUMBER``; the mode says what happens at write NUMBER:
``before`` (killed before it), ``torn`` (half of it is written), ``visible`` (written, not yet on the disk), ``after``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import toy_network as toy
from tests.support.toy_actions import CHECKOUT

CHANGE = toy.request(eth0=9000, eth1=9000)
BEFORE = {"eth0": "1500"}
AFTER = {"eth0": "9000", "eth1": "9000"}


def run(folder: Path, seconds: float, mode: str = "never", number: int = 0) -> int:
    """Run this program, and return its exit code; -9: it was killed."""
    line = [sys.executable, "-m", __name__, str(folder), str(seconds), mode, str(number)]
    return subprocess.run(line, cwd=CHECKOUT, check=False, timeout=100).returncode


def run_python(code: str, *arguments: str, wrapper: tuple[str, ...] = ()) -> str:
    """Run code in another process, under the wrapper's command, and return its output."""
    line = [*wrapper, sys.executable, "-c", code, *arguments]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def guards(folder: Path) -> list[int]:
    """Return the processes that guard a transaction of this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder / "journal").encode() in words and b"-I" in words:
            found.append(int(path.parent.name))
    return found


def kill_guards(folder: Path) -> None:
    for number in guards(folder):
        os.kill(number, signal.SIGKILL)
    assert wait_for(lambda: not guards(folder), 5)


def wait_for(is_over: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_over():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """Takes the place of two system calls; the writes of transaction.json are counted by their fsync only."""

    def __init__(self, mode: str, number: int) -> None:
        self.mode = mode
        self.number = number
        self.writes = self.syncs = 0
        self.pwrite, self.fsync = os.pwrite, os.fsync
        for name, function in (("pwrite", self.count_write), ("fsync", self.count_sync)):
            setattr(os, name, function)

    def count_write(self, descriptor: int, data: Any, offset: int) -> int:
        self.writes += 1
        if self.writes == self.number and self.mode == "before":
            die()
        if self.writes == self.number and self.mode == "torn":
            self.pwrite(descriptor, bytes(data)[: len(data) // 2], offset)
            die()
        return self.pwrite(descriptor, data, offset)

    def count_sync(self, descriptor: int) -> None:
        self.syncs += 1
        if self.syncs == self.number and self.mode == "visible":
            die()
        self.fsync(descriptor)
        if self.syncs == self.number and self.mode == "after":
            die()


def main(folder: str, seconds: str, mode: str, number: str) -> None:
    killer = Killer(mode, int(number))
    toy.open_action(Path(folder)).begin(CHANGE, float(seconds)).commit()
    print(f"{killer.writes} writes, {killer.syncs} syncs")


if __name__ == "__main__":
    main(*sys.argv[1:])
