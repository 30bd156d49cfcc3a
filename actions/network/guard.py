"""The guard of a transaction: a process that rolls back unless the change is confirmed in time.

It sleeps until the journal wakes it, and looks once per second whether the deadline is over (CLOCK_BOOTTIME, so that a
machine that was suspended is judged when it resumes) and whether the process that changes the network has died.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

from hostinfo.errors import ActionError
from hostinfo.model.report import TransactionState

from .journal import Journal
from .journal_entry import FINISHED, Entry
from .lock import is_held
from .operations import Operations
from .rollback import describe, roll_back

TICK_SECONDS = 1.0
"""Between looks: how late a deadline that passed during a suspension is noticed, or the death of the other process."""
OOM_SCORE = -900
"""Almost never killed for memory, as udevd and sshd."""
RETRIES = 60
"""Attempts, one per second, while the journal cannot be written or its lock is not free. Then the boot decides."""


def main(root: str, name: str, pipe: str | None = None) -> None:
    """Guard a transaction; ``pipe``: the descriptor on which to report that the guard is ready, and to detach first."""
    writer = None if pipe is None else int(pipe)
    if writer is not None and os.fork():
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(OOM_SCORE))
    try:
        journal, entry = Journal(root), Entry(root, name)
        # All is opened and read now: at the deadline the disk may be full, or behind the network that is cut off.
        operations = entry.plan.operations.open()
        wake = os.open(entry.path("wake"), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except Exception as error:
        if writer is not None:
            os.write(writer, describe(error).encode())
        sys.exit(1)
    if writer is not None:
        os.write(writer, b"armed")
        os.close(writer)
    watch(journal, entry, operations, wake)


def watch(journal: Journal, entry: Entry, operations: Operations, wake: int) -> None:
    """Return when the transaction is decided; roll it back if that is due."""
    reason = _wait(journal, entry, wake)
    for _ in range(RETRIES if reason else 0):
        try:
            roll_back(journal, entry, operations, str(reason))
        except (OSError, ActionError):  # the disk; or the lock of the journal
            time.sleep(TICK_SECONDS)
        else:
            return


def _wait(journal: Journal, entry: Entry, wake: int) -> str | None:
    """Return why to roll back; None: the transaction is decided."""
    state = TransactionState.PLANNED
    while True:
        with suppress(ActionError):  # the disk fails: what was read last counts
            state = entry.read().state
        if state in FINISHED:
            return None
        remaining = entry.remaining_seconds()
        if remaining <= 0:
            return (
                f"not confirmed within {entry.plan.window_seconds:g} s"
                if entry.plan.window_seconds
                else "took too long"
            )
        if _is_abandoned(journal, entry, state):
            return f"the process that was {state} it ended"
        select.select([wake], [], [], min(remaining, TICK_SECONDS))
        with suppress(BlockingIOError):
            os.read(wake, 64)


def _is_abandoned(journal: Journal, entry: Entry, state: TransactionState) -> bool:
    """Whether the process has died that must hold the lock of who changes the network in this state."""
    if state is TransactionState.WAITING or is_held(journal.path("work.lock")):
        return False
    return entry.read().state is state  # else it was released because the state changed
