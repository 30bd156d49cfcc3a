"""The guard of a transaction: a process that rolls back unless the change is confirmed in time.

It sleeps until the journal wakes it, and looks once per second whether the deadline is over (CLOCK_BOOTTIME, so that a
machine that was suspended is judged when it resumes) and whether the process that changes the network has died.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress

from hostinfo.errors import ActionError
from hostinfo.model.report import TransactionState

from .journal import Journal
from .journal_entry import FINISHED, LOCK_SECONDS, Entry
from .lock import is_held
from .operations import Operations
from .rollback import CONFIRM_SECONDS, describe, restore_unrecorded, roll_back

TICK_SECONDS = 1.0
"""Between looks: how late a deadline that passed during a suspension is noticed, or the death of the other process."""
OOM_SCORE = -900
"""Almost never killed for memory, as udevd and sshd."""
HANG_SECONDS = CONFIRM_SECONDS + LOCK_SECONDS + 5.0
"""After this time the disk hangs: it may lie behind the network that is cut off, so that is restored first."""
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
    if reason is None:
        return
    is_started = threading.Event()
    arguments = (journal, entry, operations, reason, is_started)
    worker = threading.Thread(target=_roll_back, args=arguments, daemon=True)
    worker.start()
    if not is_started.wait(HANG_SECONDS):
        restore_unrecorded(entry, operations)
    worker.join()


def _roll_back(
    journal: Journal, entry: Entry, operations: Operations, reason: str, is_started: threading.Event
) -> None:
    """Roll back, again and again while the journal cannot be written; the network is restored nevertheless."""
    is_restored = False
    for _ in range(RETRIES):
        try:
            roll_back(journal, entry, operations, reason, on_start=is_started.set)
        except (OSError, ActionError):
            if not is_restored and _last_state(entry) not in FINISHED:
                is_started.set()
                restore_unrecorded(entry, operations)
                is_restored = True
            time.sleep(TICK_SECONDS)
        else:
            break
    is_started.set()


def _wait(journal: Journal, entry: Entry, wake: int) -> str | None:
    """Return why to roll back; None: the transaction is decided."""
    plan = entry.plan
    while True:
        state = _last_state(entry)
        if state in FINISHED:
            return None
        remaining = entry.remaining_seconds()
        if remaining <= 0:
            return f"not confirmed within {plan.window_seconds:g} s" if plan.window_seconds else "it took too long"
        if state is not None and _is_abandoned(journal, entry, state):
            return f"the process that was {state} it ended"
        select.select([wake], [], [], min(remaining, TICK_SECONDS))
        with suppress(BlockingIOError):
            os.read(wake, 64)


def _last_state(entry: Entry) -> TransactionState | None:
    """Return the state; None: it cannot be read, so that the deadline decides."""
    try:
        return entry.read().state
    except ActionError:
        return None


def _is_abandoned(journal: Journal, entry: Entry, state: TransactionState) -> bool:
    """Whether the process has died that must hold the lock of who changes the network in this state."""
    try:
        if state is TransactionState.WAITING or is_held(journal.path("work.lock")):
            return False
    except OSError:  # the folder was deleted, or the disk fails
        return False
    return _last_state(entry) is state  # else it was released because the state changed
