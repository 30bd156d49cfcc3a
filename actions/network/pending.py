"""Deciding a transaction: confirm it or roll it back, from any process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

from hostinfo.errors import ActionError, ActionFailed, ActionRefused, ActionRolledBack
from hostinfo.model.report import Outcome, Requester, Result, Transaction, TransactionReport, TransactionState

from . import guard_timer
from .journal import Journal, requester_name
from .journal_entry import FINISHED, Entry, Overtaken
from .operations import Operations
from .rollback import WORK_SECONDS, describe, failure, restore_again, restore_unrecorded, roll_back

VERIFY_SECONDS = 10.0
"""Longest verification of a confirm: the change was verified before, so this is for a link that flaps."""

BEGINNING = frozenset({TransactionState.PLANNED, TransactionState.APPLYING})
"""States in which there is nothing to confirm yet."""
CONFIRMABLE = frozenset({TransactionState.WAITING, TransactionState.CONFIRMING})
"""States in which a confirm starts, or goes on for a process that died meanwhile."""


class PendingChange:
    """A transaction to confirm or to roll back; implements ``hostinfo.action.Pending``."""

    def __init__(
        self, journal: Journal, entry: Entry, operations: Callable[[], Operations], requester: Requester
    ) -> None:
        self.journal = journal
        self.entry = entry
        self.requester = requester
        self._operations = operations

    @property
    def transaction(self) -> Transaction:
        """The transaction; its remaining time is read with every access."""
        plan, progress = self.entry.plan, self.entry.read()
        return Transaction(
            id=self.entry.id,
            changes=plan.changes,
            steps_done=tuple(step for step in progress.steps if step.error is None),
            confirm_within_seconds=plan.window_seconds,
            remaining_seconds=self.entry.remaining_seconds() if progress.state not in FINISHED else 0.0,
        )

    @property
    def report(self) -> TransactionReport:
        """Who began the transaction, when, its state and its steps, read with every access."""
        return self.entry.report()

    def commit(self) -> Outcome:
        """Confirm the change and make it persistent; repeated, return the same outcome.

        A confirm that is queued before the deadline goes first: the guard waits for it. A later one is accepted as long
        as the rollback has not begun, because it shows that the network works. ActionRolledBack: it was rolled back, or
        could not be verified or made persistent. ActionFailed: the rollback failed.
        """
        state = self.entry.read().state
        if state not in FINISHED:
            self.entry.refuse_elsewhere()
            seconds = 0.0 if state in BEGINNING else WORK_SECONDS
            try:
                with self.entry.queue_confirm(), self.journal.work(seconds) as is_locked:
                    if is_locked:
                        self._confirm()
            except OSError as error:
                detail = f"not confirmed, because the journal cannot be written: {error}; the guard rolls back"
                raise ActionFailed("network", detail) from error
        return self._outcome_of_commit()

    def rollback(self) -> Outcome:
        """Undo the change; repeated, return the same outcome.

        If the rollback failed before, it is attempted again. ActionRefused: it was committed. ActionFailed: the
        rollback failed.
        """
        state = self.entry.read().state
        if state is TransactionState.UNKNOWN:
            self._refuse_if_not_newest()
        if state not in (TransactionState.CONFIRMED, TransactionState.ROLLED_BACK):
            self.entry.refuse_elsewhere()
            reason = f"requested by {requester_name(self.requester)}"
            try:
                roll_back(self.journal, self.entry, self._operations(), reason)
            except OSError as error:
                raise ActionFailed(
                    "network", f"the journal cannot be written: {error}; the guard tries again"
                ) from error
        progress = self.entry.read()
        if progress.state is TransactionState.CONFIRMED:
            raise ActionRefused(
                "network",
                f"transaction {self.entry.id} was committed at {progress.changed_at}; request the former state",
            )
        if progress.state is not TransactionState.ROLLED_BACK:
            raise failure(self.entry, progress)
        steps = (*progress.steps, *progress.rollback_steps)
        return Outcome(result=Result.ROLLED_BACK, steps=steps, transaction=self.entry.id)

    def _confirm(self) -> None:
        """Confirm as the only process that changes the network: any other that was about to do so has died."""
        operations = self._operations()
        if not self.entry.is_of_this_boot():
            reason = "not confirmed before the machine was restarted"
            roll_back(self.journal, self.entry, operations, reason, is_owner=True)
            return
        found = self.entry.change_state(CONFIRMABLE, TransactionState.CONFIRMING)
        if found not in CONFIRMABLE:
            reason = f"the process that was {found} it ended"
            roll_back(self.journal, self.entry, operations, reason, is_owner=True)
            return
        desired, changes = self.entry.plan.desired, self.entry.plan.changes
        try:
            if differing := operations.verify(operations.backend.read, desired, changes, VERIFY_SECONDS):
                raise ActionFailed("verification", "; ".join(differing))
            operations.backend.persist(desired)
            found = self.entry.change_state({TransactionState.CONFIRMING}, TransactionState.CONFIRMED)
            if found is not TransactionState.CONFIRMING:
                raise Overtaken(found or TransactionState.CONFIRMING)
        except BaseException as error:
            undo(self.journal, self.entry, operations, error)
        guard_timer.stop(self.entry.id)
        self.entry.wake_guard()

    def _outcome_of_commit(self) -> Outcome:
        progress = self.entry.read()
        match progress.state:
            case TransactionState.CONFIRMED:
                return Outcome(result=Result.COMMITTED, steps=progress.steps, transaction=self.entry.id)
            case TransactionState.ROLLED_BACK:
                detail = f"transaction {self.entry.id} was rolled back: {progress.reason}"
                raise ActionRolledBack("network", detail, progress.steps_done)
            case TransactionState.PLANNED | TransactionState.APPLYING:
                detail = f"transaction {self.entry.id} is {progress.state}; confirm it when that has ended"
                raise ActionRefused("network", detail)
        raise failure(self.entry, progress)

    def _refuse_if_not_newest(self) -> None:
        """A later transaction was begun on what the rollback left: restoring would undo that as well."""
        entries = self.journal.entries()
        if entries and entries[-1].id != self.entry.id:
            detail = f"transaction {entries[-1].id} is newer than {self.entry.id}; request the former state instead"
            raise ActionRefused("network", detail)


class Unchanged:
    """The result of a request that the host already fulfils: nothing waits, nothing is recorded."""

    def __init__(self, window_seconds: float) -> None:
        self.transaction = Transaction(
            id=f"unchanged-{os.urandom(4).hex()}",
            confirm_within_seconds=window_seconds,
            remaining_seconds=window_seconds,
        )

    def commit(self) -> Outcome:
        """Return that nothing was changed."""
        return Outcome(result=Result.UNCHANGED)

    def rollback(self) -> Outcome:
        """Return that nothing was changed."""
        return Outcome(result=Result.UNCHANGED)


def undo(journal: Journal, entry: Entry, operations: Operations, error: BaseException) -> NoReturn:
    """Roll back at once because of an error, and raise what became of it. The caller holds the lock of the work.

    ActionRolledBack: the network is as before. ActionFailed: it is not.
    """
    progress = None
    try:
        progress = entry.read()
        if progress.state is TransactionState.ROLLED_BACK and progress.steps:
            restore_again(entry, operations)  # the guard gave up waiting; a step may have ended after its rollback
        else:
            roll_back(journal, entry, operations, describe(error), is_owner=True)
        progress = entry.read()
    except (OSError, ActionError) as second:
        problem = restore_unrecorded(entry, operations)
        became = f"the rollback failed: {problem}" if problem else "the network is as before"
        detail = f"{describe(error)}; {became}, but the journal is not usable: {second}"
        raise ActionFailed("network", detail, progress.steps_done if progress else ()) from error
    if not isinstance(error, Exception):
        raise error
    if progress.state is TransactionState.ROLLED_BACK:
        detail = f"{progress.reason}; the network is as before"
        raise ActionRolledBack("network", detail, progress.steps_done) from error
    raise failure(entry, progress) from error
