"""A change of the network as a transaction: applied, verified, and rolled back unless it is confirmed in time.

Order of ``begin``: lock, prepare, snapshot, journal, arm the guard, apply, verify, wait. Order of ``commit``: queue the
confirm, verify again, make persistent, record as confirmed. Every change of state is decided in the journal, under its
lock, so that processes, the guard and a restart of the machine come to one verdict.
"""

from __future__ import annotations

import math
import os
import pwd
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hostinfo.action import Pending
from hostinfo.errors import ActionBusy, ActionError, ActionFailed, ActionRefused, HostInfoError
from hostinfo.model.report import Preview, Requester, Step, TransactionReport, TransactionState
from hostinfo.record import record

from . import guard_timer
from .backend import WINDOW_END
from .clock import boot_id, boottime, wall_clock
from .guard_start import arm
from .journal import ROOT, Journal, busy, busy_preparing
from .journal_entry import FINISHED, Entry, Overtaken, Plan, network_namespace
from .operations import Operations, OperationsReference
from .pending import PendingChange, Unchanged, undo
from .prepare import Prepared
from .record_json import to_json
from .rollback import roll_back

DEFAULT_SECONDS = 60.0
"""Window if none is given: time to reconnect over the new path and to confirm, before people drive to the machine."""
FORCED_SECONDS = 120.0
"""Time after which the guard rolls back a change that needs no confirmation and did not end; a bridge of ifupdown with
DHCP takes one minute."""
BRIEF_SECONDS = 2.0
"""Longest wait for a process that only looks, such as the guard of a transaction that was just decided."""
VERIFY_SHARE = 0.75
"""Part of the remaining window for the verification; a quarter is left to confirm: of 60 s, 45 s for a lease."""


@record
class Limits:
    """Limits of the confirmation window."""

    minimum_seconds: float = 1.0
    """A shorter window would be over before a reply is read."""
    maximum_seconds: float = 3600.0
    """A longer one would leave a node cut off for hours."""


class NetworkAction:
    """Changes the network; implements ``hostinfo.action.ReversibleAction``.

    ``operations`` names what is changed and how, ``requester`` is who is recorded (None: the user of this process).
    """

    def __init__(
        self,
        operations: OperationsReference,
        *,
        requester: Requester | None = None,
        root: str = ROOT,
        limits: Limits | None = None,
    ) -> None:
        self.reference = operations
        self.requester = requester or this_user()
        self.journal = Journal(root)
        self.limits = limits or Limits()
        self._opened: dict[str, Operations] = {}

    def preview(self, request: Any) -> Preview:
        """Return the differences and steps of a request, without changing anything."""
        prepared = self.prepare(request)
        cut_off = tuple(f"whoever is connected over {link}" for link in prepared.cut_off)
        return Preview(changes=prepared.changes, steps=_steps(prepared), affected=(*cut_off, *prepared.affected))

    def begin(
        self, request: Any, confirm_within_seconds: float = DEFAULT_SECONDS, *, is_forced: bool = False
    ) -> Pending:
        """Apply a request, to be confirmed within this time.

        The window begins before the first step, so that a node that is cut off is back within this time. 0: the change
        is confirmed as soon as it is verified; where it touches the management path, only with ``is_forced``.
        ActionBusy: another transaction is undecided.
        """
        self._check_window(confirm_within_seconds)
        self.journal.prepare()
        with self.journal.work(0 if self.journal.undecided() else BRIEF_SECONDS) as is_locked:
            if not is_locked:
                raise self._busy()
            self.journal.refuse_if_busy()
            prepared = self.prepare(request)
            if not prepared.changes:
                return Unchanged(confirm_within_seconds)
            if confirm_within_seconds == 0 and prepared.cut_off and not is_forced:
                cut_off = ", ".join(prepared.cut_off)
                raise ActionRefused("0 s", f"this may cut off whoever is connected over {cut_off}; give a window")
            entry = self._record(request, prepared, confirm_within_seconds)
            self._arm(entry)
            self._apply(entry, prepared)
        pending = self._pending(entry)
        if confirm_within_seconds == 0:
            pending.commit()
        return pending

    def pending(self) -> tuple[PendingChange, ...]:
        """Return the transaction that is undecided, if there is one; also of other processes and earlier boots."""
        return tuple(self._pending(entry) for entry in self.journal.undecided())

    def find(self, name: str) -> PendingChange:
        """Return a transaction of any state by its ID. ActionRefused: there is none of this ID."""
        for entry in self.journal.entries():
            if entry.id == name:
                return self._pending(entry)
        raise ActionRefused(name, "no such transaction; see the history for those that are recorded")

    def history(self) -> tuple[TransactionReport, ...]:
        """Return all transactions that are recorded, oldest first; one that is unreadable has the state UNKNOWN."""
        return tuple(_report(entry) for entry in self.journal.entries())

    def recover(self) -> tuple[TransactionReport, ...]:
        """Roll back everything that is not confirmed, and return it; for the boot, before the network is set up.

        After a restart of the machine the back end restores what the next boot reads, and nothing is verified: links
        and addresses do not exist yet. Without a restart this ends a change that waits, even if its guard was killed.
        The newest transaction is attempted again if its rollback failed before. ActionFailed: a rollback failed, or a
        transaction is unreadable; all others were rolled back nevertheless.
        """
        recovered, problems = [], []
        entries = self.journal.entries()
        for entry in entries:
            try:
                state = entry.read().state
                if state in FINISHED and not (state is TransactionState.UNKNOWN and entry is entries[-1]):
                    continue
                entry.refuse_elsewhere()
                again = "" if entry.is_of_this_boot() else "before the machine was restarted"
                reason = f"not confirmed {again}".rstrip()
                roll_back(self.journal, entry, self._operations(entry), reason, is_verified=entry.is_of_this_boot())
            except (HostInfoError, OSError, ImportError) as error:
                problems.append(f"{entry.id}: {error}")
            recovered.append(_report(entry))
        problems += [f"{one.id}: {one.reason}" for one in recovered if one.state is not TransactionState.ROLLED_BACK]
        if problems:
            raise ActionFailed("network", "; ".join(problems))
        return tuple(recovered)

    def _check_window(self, seconds: float) -> None:
        low, high = self.limits.minimum_seconds, self.limits.maximum_seconds
        if seconds != 0 and not (math.isfinite(seconds) and low <= seconds <= high):
            detail = f"a confirmation window is {low:g} s to {high:g} s long, or 0 for a change that needs none"
            raise ActionRefused(f"{seconds:g} s", detail)

    def prepare(self, request: Any) -> Prepared:
        """Return what a request would do, with the links of the management path. ActionRefused: every fault of it."""
        operations = self._open(self.reference)
        prepared: Prepared = _unchanged(lambda: operations.prepare(request))
        return prepared

    def _record(self, request: Any, prepared: Prepared, seconds: float) -> Entry:
        reference = self.reference.for_backend(prepared.backend)
        backend = self._open(reference).backend
        snapshot = _unchanged(lambda: backend.snapshot(prepared.current, prepared.desired))
        plan = Plan(
            id="",
            requester=self.requester,
            begun_at=wall_clock(),
            boot_id=boot_id(),
            network_namespace=network_namespace(),
            deadline=boottime() + (seconds or FORCED_SECONDS),
            window_seconds=seconds,
            backend=backend.name,
            operations=reference,
            request=to_json(request),
            before=prepared.current,
            desired=prepared.desired,
            changes=prepared.changes,
            steps=_steps(prepared),
            snapshot=snapshot,
        )
        entry: Entry = _unchanged(lambda: self._add(plan))
        return entry

    def _add(self, plan: Plan) -> Entry:
        self.journal.prune()
        return self.journal.add(plan)

    def _arm(self, entry: Entry) -> None:
        try:
            arm(entry)
        except BaseException as error:
            with suppress(OSError, ActionError):
                entry.change_state({TransactionState.PLANNED}, TransactionState.ROLLED_BACK, str(error))
            guard_timer.stop(entry.id)
            entry.wake_guard()
            raise

    def _apply(self, entry: Entry, prepared: Prepared) -> None:
        operations = self._operations(entry)

        def on_step(name: str, target: str) -> None:
            entry.record_step("step", name, target, TransactionState.APPLYING)

        try:
            _take(entry, TransactionState.PLANNED, TransactionState.APPLYING)
            end = WINDOW_END.set(entry.plan.deadline)
            try:
                operations.backend.apply(prepared.current, prepared.desired, on_step)
            finally:
                WINDOW_END.reset(end)
            entry.record_applied()
            seconds = entry.remaining_seconds() * VERIFY_SHARE
            if differing := operations.verify(operations.backend.read, prepared.desired, prepared.changes, seconds):
                raise ActionFailed("verification", "; ".join(differing))
            _take(entry, TransactionState.APPLYING, TransactionState.WAITING)
        except BaseException as error:
            undo(self.journal, entry, operations, error)
            raise

    def _pending(self, entry: Entry) -> PendingChange:
        return PendingChange(self.journal, entry, lambda: self._operations(entry), self.requester)

    def _operations(self, entry: Entry) -> Operations:
        return self._open(entry.plan.operations)

    def _open(self, reference: OperationsReference) -> Operations:
        key = repr(reference)
        if key not in self._opened:
            self._opened[key] = reference.open()
        return self._opened[key]

    def _busy(self) -> ActionBusy:
        for entry in self.journal.undecided():
            return busy(entry, entry.read().state)
        return busy_preparing()


def this_user() -> Requester:
    """Return the user of this process."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Requester(user=name, uid=uid)


def _steps(prepared: Prepared) -> tuple[Step, ...]:
    return tuple(Step(name=step.name, target=step.target) for step in prepared.steps)


def _take(entry: Entry, old: TransactionState, new: TransactionState) -> None:
    found = entry.change_state({old}, new)
    if found is not old:
        raise Overtaken(found or old)


def _unchanged(call: Callable[[], Any]) -> Any:
    """Return the result of what changes nothing; each of its failures is a refusal then."""
    try:
        return call()
    except ActionRefused:
        raise
    except (HostInfoError, OSError) as error:
        raise ActionRefused("network", f"{error}; nothing was changed") from error


def _report(entry: Entry) -> TransactionReport:
    try:
        return entry.report()
    except ActionRefused as error:
        return TransactionReport(
            id=entry.id,
            state=TransactionState.UNKNOWN,
            reason=str(error),
            requester=Requester(user=""),
            begun_at="",
            changed_at="",
            backend="",
            confirm_within_seconds=0.0,
            remaining_seconds=0.0,
        )
