"""The cache of expensive files for tests, tests/support/cache.py."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .support.cache import UNUSED_SECONDS, cached

MAKE_IN_PROCESS = """
import sys, time
from pathlib import Path
from tests.support.cache import cached

def make(path):
    with open(sys.argv[1] + ".log", "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    path.write_text("content")

print(cached(Path(sys.argv[1]), make).read_text())
"""


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    calls = []

    def make(path: Path) -> None:
        calls.append(path)
        path.mkdir()
        (path / "file").write_text("content")

    for _ in range(2):
        assert (cached(tmp_path / "cache" / "entry", make) / "file").read_text() == "content"
    assert len(calls) == 1


def test_processes_that_need_an_entry_at_the_same_time_make_it_once(tmp_path: Path) -> None:
    entry = tmp_path / "cache" / "entry"
    entry.parent.mkdir()
    command = [sys.executable, "-c", MAKE_IN_PROCESS, str(entry)]
    root = Path(__file__).parents[1]
    started = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == ["content\n"] * 3
    assert entry.with_name("entry.log").read_text() == "made\n"


def test_a_failure_leaves_no_entry(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        cached(tmp_path / "entry", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_leftovers_and_unused_entries_are_removed_and_used_ones_stay(tmp_path: Path) -> None:
    for name in ("making-entry", "used", "unused"):
        (tmp_path / name).mkdir()
    long_ago = time.time() - UNUSED_SECONDS - 1
    os.utime(tmp_path / "unused", (long_ago, long_ago))
    cached(tmp_path / "entry", lambda path: path.mkdir())
    assert {path.name for path in tmp_path.iterdir()} == {"entry", "lock", "used"}
