"""Locks by flock(2): the kernel releases them with the last descriptor, so a killed process leaves none behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

RETRY_SECONDS = 0.01
"""flock cannot wait with a limit. A lock that decides is held for a few writes to the disk, so this is short."""


@contextmanager
def hold(path: str, seconds: float, *, is_shared: bool = False) -> Iterator[bool]:
    """Hold the lock of a file, and return whether it could be taken within this time; 0: without waiting.

    Each use opens the file, so two threads of a process exclude each other as well. OSError: it could not be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _lock(descriptor, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX, time.monotonic() + seconds)
    finally:
        os.close(descriptor)


def is_held(path: str) -> bool:
    """Whether any process holds the lock of a file."""
    with hold(path, 0) as is_free:
        return not is_free


def _lock(descriptor: int, operation: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(RETRY_SECONDS)
        else:
            return True
