"""The journal of one transaction: a folder with what was planned, and a log of what was done.

``transaction.json`` is complete when the folder appears, and never changes. ``log`` has one line per step and change of
state. Every change of state is decided under the lock of the journal by comparing with the state found there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from hostinfo.errors import ActionFailed, ActionRefused
from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Change, Requester, Step, TransactionReport, TransactionState
from hostinfo.record import record, replace

from .append_log import append, read_log
from .clock import boot_id, boottime, wall_clock
from .lock import hold, is_held
from .operations import OperationsReference
from .record_json import from_json

VERSION = 1
"""Of the format. Another version is refused, never ignored."""
LOCK_SECONDS = 10.0
"""Longest wait for the lock of the journal; it is held for one write to the disk."""
FINISHED = frozenset({TransactionState.CONFIRMED, TransactionState.ROLLED_BACK, TransactionState.UNKNOWN})
"""States that need no guard any more."""


@record
class Plan:
    """What was recorded before the first step."""

    version: int = VERSION
    """Format of the journal."""
    id: str
    """Name of the transaction."""
    requester: Requester
    """Who began it."""
    begun_at: str
    """Wall clock, for people."""
    boot_id: str
    """Boot to which the deadline belongs."""
    network_namespace: str
    """Network namespace that is changed, unique within the boot."""
    deadline: float
    """End of the window in seconds since boot (CLOCK_BOOTTIME)."""
    window_seconds: float
    """Length of the window; 0: it is confirmed without waiting."""
    backend: str
    """Name of the back end."""
    operations: OperationsReference
    """How the guard opens the back end."""
    request: Any
    """What was requested, as JSON."""
    before: NetworkState
    """State before the first step."""
    desired: NetworkState
    """State after the last step."""
    changes: tuple[Change, ...]
    """Their differences."""
    steps: tuple[Step, ...]
    """Steps of the plan."""
    snapshot: Mapping[str, Any]
    """What the back end needs to restore the state before."""


@record
class Progress:
    """What the log of a transaction says."""

    state: TransactionState = TransactionState.PLANNED
    changed_at: str
    reason: str | None = None
    steps: tuple[Step, ...] = ()
    rollback_steps: tuple[Step, ...] = ()

    @property
    def steps_done(self) -> tuple[str, ...]:
        """Return the names of the steps that were carried out."""
        return tuple(step.name for step in self.steps if step.error is None)


class Entry:
    """One transaction in the journal."""

    def __init__(self, root: str, name: str) -> None:
        self.root = root
        self.id = name
        self._plan: Plan | None = None

    def path(self, name: str) -> str:
        """Return the path of a file of this transaction."""
        return os.path.join(self.root, self.id, name)

    @property
    def plan(self) -> Plan:
        """What was recorded before the first step. ActionRefused: it is unreadable, or of another version."""
        if self._plan is None:
            with _readable(self):
                with open(self.path("transaction.json"), "rb") as file:
                    document = json.load(file)
                if isinstance(document, dict) and document.get("version") != VERSION:
                    raise ValueError(f"format {document.get('version')!r}, this version of hostinfo knows {VERSION}")
                self._plan = from_json(Plan, document)
        return self._plan

    def read(self) -> Progress:
        """Return what is recorded now. ActionRefused: it is unreadable, or of another version."""
        with _readable(self):
            return read_progress(read_log(self.path("log")), self.plan.begun_at)

    def is_of_this_boot(self) -> bool:
        """Whether the machine was not restarted since the transaction began."""
        return self.plan.boot_id == boot_id()

    def refuse_elsewhere(self) -> None:
        """Raise ActionRefused in another network namespace: that one would be verified and restored instead."""
        if self.is_of_this_boot() and self.plan.network_namespace != network_namespace():
            detail = (
                f"transaction {self.id} belongs to network namespace {self.plan.network_namespace}; decide it there"
            )
            raise ActionRefused("network", f"{detail}, for example with ip netns exec or nsenter")

    def remaining_seconds(self) -> float:
        """Return the time until the deadline; 0: it is over, or the machine was restarted."""
        return max(0.0, self.plan.deadline - boottime()) if self.is_of_this_boot() else 0.0

    def change_state(
        self,
        allowed: Collection[TransactionState],
        new: TransactionState,
        reason: str | None = None,
        *,
        unless_confirm_is_queued: bool = False,
    ) -> TransactionState | None:
        """Record a new state if the present one is allowed, and return the state found.

        None: a confirm is queued, and was given precedence; nothing was recorded.
        """
        with self._decide():
            found = self.read().state
            if found not in allowed:
                return found
            if unless_confirm_is_queued and is_held(self.path("confirm.lock")):
                return None
            self._append({"state": new.value, "reason": reason})
            return found

    def record_step(self, kind: str, name: str, target: str, expected: TransactionState) -> None:
        """Record a step (``step`` or ``undo``) before it is carried out. Overtaken: another process has decided."""
        with self._decide():
            found = self.read().state
            if found is not expected:
                raise Overtaken(found)
            self._append({kind: name, "target": target})

    def record_failure(self, error: str) -> None:
        """Record why the last step of the rollback failed, if that is possible."""
        with suppress(OSError), self._decide():
            self._append({"undo_error": error})

    def record_applied(self) -> None:
        """Record that all steps were carried out; they are verified next."""
        with self._decide():
            self._append({"applied": True})

    @contextmanager
    def queue_confirm(self) -> Iterator[None]:
        """Announce a confirm: from now on the guard waits for it. The announcement ends with the process."""
        with hold(self.path("confirm.lock"), LOCK_SECONDS, is_shared=True):
            yield

    def wake_guard(self) -> None:
        """Wake the guard, if it runs, to read the state again."""
        with suppress(OSError):  # ENXIO: no guard
            descriptor = os.open(self.path("wake"), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(descriptor, b"\n")
            finally:
                os.close(descriptor)

    def report(self) -> TransactionReport:
        """Return the transaction for people and programs."""
        plan, progress = self.plan, self.read()
        return TransactionReport(
            id=self.id,
            state=progress.state,
            reason=progress.reason,
            requester=plan.requester,
            begun_at=plan.begun_at,
            changed_at=progress.changed_at,
            backend=plan.backend,
            confirm_within_seconds=plan.window_seconds,
            remaining_seconds=self.remaining_seconds() if progress.state is TransactionState.WAITING else 0.0,
            changes=plan.changes,
            steps=progress.steps,
            rollback_steps=progress.rollback_steps,
        )

    def _append(self, entry: Mapping[str, Any]) -> None:
        append(self.path("log"), {**entry, "at": wall_clock(), "boottime": boottime(), "boot_id": boot_id()})

    @contextmanager
    def _decide(self) -> Iterator[None]:
        with hold(os.path.join(self.root, "lock"), LOCK_SECONDS) as is_locked:
            if not is_locked:
                raise ActionFailed(self.id, f"the lock of the journal was not free within {LOCK_SECONDS:.0f} s")
            yield


def network_namespace() -> str:
    """Return the network namespace of this process."""
    return os.readlink("/proc/self/ns/net")


class Overtaken(Exception):
    """Another process changed the state of the transaction while a step was carried out."""

    def __init__(self, state: TransactionState) -> None:
        super().__init__(f"the transaction is {state} already")


def read_progress(log: list[dict[str, Any]], begun_at: str) -> Progress:
    """Return the present state from the records of the log. ValueError: an unknown record."""
    progress = Progress(changed_at=begun_at)
    is_applied = False
    for line in log:
        match line:
            case {"state": state}:
                if state == "rolling-back" and progress.steps and not is_applied and not progress.rollback_steps:
                    steps = (*progress.steps[:-1], replace(progress.steps[-1], error=line["reason"]))
                    progress = replace(progress, steps=steps)
                new, reason = TransactionState(state), line["reason"] or progress.reason
                progress = replace(progress, state=new, reason=reason, changed_at=line["at"])
            case {"step": name, "target": target}:
                progress = replace(progress, steps=(*progress.steps, Step(name=name, target=target)))
            case {"undo": name, "target": target}:
                undone = (*progress.rollback_steps, Step(name=name, target=target))
                progress = replace(progress, rollback_steps=undone)
            case {"undo_error": error}:
                if progress.rollback_steps:
                    last = replace(progress.rollback_steps[-1], error=error)
                    progress = replace(progress, rollback_steps=(*progress.rollback_steps[:-1], last))
            case {"applied": _}:
                is_applied = True
            case _:
                raise ValueError(f"unknown record {sorted(line)}")
    return progress


@contextmanager
def _readable(entry: Entry) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ActionRefused(error.filename or entry.id, "permission denied; run as root") from error
    except (OSError, ValueError, KeyError) as error:
        raise ActionRefused(
            os.path.join(entry.root, entry.id),
            f"this transaction is not readable: {error}; roll it back with the version of hostinfo that wrote it, or "
            "check that the network is as wanted and delete the folder",
        ) from error
