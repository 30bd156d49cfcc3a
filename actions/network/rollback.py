"""Rolling a transaction back, by whoever does it: its own process, another one, the guard, or the boot."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hostinfo.errors import ActionFailed
from hostinfo.model.report import TransactionState

from . import guard_timer
from .clock import boottime
from .journal import Journal
from .journal_entry import Entry, Overtaken, Progress
from .operations import Operations

WORK_SECONDS = 30.0
"""Longest wait for a process that still changes the network; after that it hangs. ifupdown takes 25 s for a bridge."""
CONFIRM_SECONDS = 30.0
"""Longest wait for a confirm that was queued first: it verifies and makes persistent, which takes as long as a step."""
ATTEMPTS = 3
"""A service that just restarts refuses the first attempt; what fails three times needs a person."""
PAUSE_SECONDS = 1.0
"""Between attempts."""
VERIFY_SECONDS = 10.0
"""Longest wait until the former state is read again: links and addresses are back within this time on a busy host."""

OPEN_STATES = frozenset(
    {TransactionState.APPLYING, TransactionState.WAITING, TransactionState.CONFIRMING, TransactionState.UNKNOWN}
)
"""States from which a rollback starts; UNKNOWN: it is attempted again."""


def roll_back(
    journal: Journal,
    entry: Entry,
    operations: Operations,
    reason: str,
    *,
    is_owner: bool = False,
    is_verified: bool = True,
    on_start: Callable[[], None] = lambda: None,
) -> None:
    """Restore the state before the transaction, unless it is confirmed or rolled back already.

    ``is_owner``: the caller holds the lock of ``Journal.work``, and no confirm needs to be waited for. Where another
    process hangs while it changes the network, this one goes on after WORK_SECONDS. ``is_verified``: whether the
    network is read again afterwards. ``on_start`` is called when the start of the rollback is on the disk. OSError: the
    journal cannot be written; the caller may try again. ActionError: it cannot be read, or its lock is not released.
    """
    deadline = boottime() + CONFIRM_SECONDS
    while _start(entry, reason, is_patient=not is_owner and boottime() < deadline) is None:
        time.sleep(0.05)  # a confirm that was queued first holds its lock for a few seconds at most
    on_start()
    if is_owner:
        _restore_once(entry, operations, is_verified=is_verified)
    else:
        with journal.work(WORK_SECONDS):
            _restore_once(entry, operations, is_verified=is_verified)
    guard_timer.stop(entry.id)
    entry.wake_guard()


def restore_unrecorded(entry: Entry, operations: Operations) -> str | None:
    """Restore where the journal cannot be written, or hangs; return why that failed, or None."""
    return _attempt(entry, operations, record_steps=False, is_verified=True)


def restore_again(entry: Entry, operations: Operations) -> None:
    """Restore after a step of this process was carried out later than the rollback by another one."""
    if problem := restore_unrecorded(entry, operations):
        entry.change_state({TransactionState.ROLLED_BACK}, TransactionState.UNKNOWN, problem)


def _start(entry: Entry, reason: str, *, is_patient: bool) -> TransactionState | None:
    """Record that the rollback starts, and return the state found; None: a confirm goes first."""
    found = entry.change_state({TransactionState.PLANNED}, TransactionState.ROLLED_BACK, reason)
    if found not in OPEN_STATES:
        return found
    return entry.change_state(OPEN_STATES, TransactionState.ROLLING_BACK, reason, unless_confirm_is_queued=is_patient)


def _restore_once(entry: Entry, operations: Operations, *, is_verified: bool) -> None:
    progress = entry.read()
    if progress.state is not TransactionState.ROLLING_BACK:
        return
    problem = _attempt(entry, operations, record_steps=True, is_verified=is_verified)
    if problem:
        reason = f"{progress.reason}; the rollback failed: {problem}"
        entry.change_state({TransactionState.ROLLING_BACK}, TransactionState.UNKNOWN, reason)
    else:
        entry.change_state({TransactionState.ROLLING_BACK}, TransactionState.ROLLED_BACK)


def _attempt(entry: Entry, operations: Operations, *, record_steps: bool, is_verified: bool) -> str | None:
    """Restore and verify; return why that failed, or None."""
    if not (operations.backend.is_persistent or entry.is_of_this_boot()):
        return None  # the restart of the machine has removed all of it, and the state before as well
    verify = operations.verify_rollback or operations.verify
    on_step = partial(_record_undo, entry) if record_steps else _ignore
    problem: str | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        try:
            operations.backend.restore(entry.plan.snapshot, on_step)
            if not is_verified:
                return None
            differing = verify(operations.backend.read, entry.plan.before, entry.plan.changes, VERIFY_SECONDS)
        except Overtaken as overtaken:
            return str(overtaken)
        except Exception as error:
            problem = describe(error)
        else:
            if not differing:
                return None
            problem = "not as before: " + "; ".join(differing)
        if record_steps:
            entry.record_failure(problem)
    return problem


def _record_undo(entry: Entry, name: str, target: str) -> None:
    """Record a step of the rollback if that is possible: restoring matters more than its record."""
    with suppress(OSError, ActionFailed):
        entry.record_step("undo", name, target, TransactionState.ROLLING_BACK)


def _ignore(name: str, target: str) -> None:
    pass


def describe(error: BaseException) -> str:
    """Return an error as one line for the reason of a rollback."""
    return str(error) or type(error).__name__


def failure(entry: Entry, progress: Progress) -> ActionFailed:
    """Return the error for a transaction whose rollback failed or is not finished."""
    if progress.state is TransactionState.UNKNOWN:
        detail = f"{progress.reason}; the state of the network is unknown: check it, then roll back {entry.id} again"
    else:
        detail = f"transaction {entry.id} is {progress.state}, and another process does not finish it"
    return ActionFailed("network", detail, progress.steps_done)
