"""The journal of all transactions: one folder per transaction, the newest of which may be undecided."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hostinfo.errors import ActionBusy, ActionRefused
from hostinfo.model.report import Requester, TransactionState
from hostinfo.record import replace

from .append_log import create_log
from .clock import wall_clock
from .config_file import sync_folder
from .journal_entry import FINISHED, Entry, Plan
from .lock import hold
from .record_json import to_json

ROOT = "/var/lib/hostinfo/network"
HISTORY = 50
"""Finished transactions that are kept: enough to explain an incident of the last weeks, in a few MB."""
SERVICE_HINT = ", or install hostinfo-actions.socket"
"""For users who are not root."""
NAME = re.compile(r"[0-9]{1,12}-[0-9a-f]{4}")
LOG_BYTES = 16 * 1024
"""Space for the changes of state, which must not fail on a full disk."""
STEP_BYTES = 1024
"""Space per planned step: itself and its rollback, with the longest names (15 characters of a link, or a path)."""


class Journal:
    """The transactions under a folder, which only its owner may enter."""

    def __init__(self, root: str = ROOT) -> None:
        self.root = root

    def entries(self) -> tuple[Entry, ...]:
        """Return all transactions, oldest first; none if there never was one. ActionRefused: no permission."""
        try:
            self._refuse_untrusted()
            names = os.listdir(self.root)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ActionRefused(self.root, f"{error.strerror}; run as root{SERVICE_HINT}") from error
        names = sorted((name for name in names if NAME.fullmatch(name)), key=_number)
        return tuple(Entry(self.root, name) for name in names)

    def undecided(self) -> tuple[Entry, ...]:
        """Return the transactions that changed something and are neither confirmed nor rolled back.

        ActionRefused: one of them is unreadable, so that what it changed is not known.
        """
        settled = FINISHED | {TransactionState.PLANNED}
        return tuple(entry for entry in self.entries() if entry.read().state not in settled)

    @contextmanager
    def work(self, seconds: float) -> Iterator[bool]:
        """Hold the lock of who changes the network; return whether it could be taken within this time.

        It is held while the back end works, which may hang; so the guard goes on without it after some time.
        """
        with hold(self.path("work.lock"), seconds) as is_locked:
            yield is_locked

    def path(self, name: str) -> str:
        """Return the path of a file that all transactions share."""
        return os.path.join(self.root, name)

    def prepare(self) -> None:
        """Create the folder and its locks. ActionRefused: no permission, a full disk, or others may write there."""
        try:
            os.makedirs(self.root, mode=0o700, exist_ok=True)
            self._refuse_untrusted()
            for name in ("lock", "work.lock"):
                os.close(os.open(self.path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise ActionRefused(
                self.root, f"{error.strerror}; changes of the network need root{SERVICE_HINT}"
            ) from error

    def _refuse_untrusted(self) -> None:
        """Raise ActionRefused if others could replace what is undone: the guard and the boot run it as root.

        The folder belongs to this user, the one above to this user or root. OSError: it cannot be read.
        """
        status, above = os.stat(self.root), os.stat(os.path.dirname(os.path.abspath(self.root)))
        if (os.geteuid() == 0 and status.st_uid != 0) or status.st_mode & 0o022:
            raise ActionRefused(self.root, "others may write there; make it owned by this user, with mode 0700")
        is_shared = above.st_uid not in (0, os.geteuid()) or above.st_mode & 0o022
        if is_shared and not above.st_mode & stat.S_ISVTX:
            folder = os.path.dirname(os.path.abspath(self.root))
            raise ActionRefused(folder, "others may write there; make it owned by root, with mode 0755")

    def refuse_if_busy(self) -> None:
        """Raise ActionBusy while another transaction is undecided. The caller holds the lock of ``work``.

        A transaction that was only planned has no process any more then, and has changed nothing: it is ended.
        """
        for entry in self.entries():
            state = entry.read().state
            if state is TransactionState.PLANNED:
                entry.change_state({state}, TransactionState.ROLLED_BACK, "it ended before its first step")
            elif state not in FINISHED:
                raise busy(entry, state)

    def add(self, plan: Plan) -> Entry:
        """Write a plan to the disk under a new name. OSError: the disk is full, or fails; nothing is left then."""
        for name in os.listdir(self.root):
            if name.startswith(".new-"):
                shutil.rmtree(self.path(name), ignore_errors=True)
        numbers = [_number(entry.id) for entry in self.entries()]
        plan = replace(plan, id=f"{max(numbers, default=0) + 1}-{os.urandom(2).hex()}")
        draft = self.path(f".new-{plan.id}")
        try:
            os.mkdir(draft, 0o700)
            _write(os.path.join(draft, "transaction.json"), to_json(plan))
            create_log(os.path.join(draft, "log"), LOG_BYTES + STEP_BYTES * len(plan.steps))
            os.mkfifo(os.path.join(draft, "wake"), 0o600)
            os.close(os.open(os.path.join(draft, "confirm.lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            sync_folder(draft)
            os.rename(draft, self.path(plan.id))
            sync_folder(self.root)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return Entry(self.root, plan.id)

    def prune(self) -> None:
        """Delete the oldest finished transactions above the limit."""
        finished = [entry for entry in self.entries() if entry.read().state in FINISHED]
        for entry in finished[:-HISTORY]:
            draft = self.path(f".new-{entry.id}")  # so that an interrupted deletion leaves no half of it
            with suppress(OSError):
                os.rename(self.path(entry.id), draft)
                shutil.rmtree(draft)


def busy(entry: Entry, state: TransactionState) -> ActionBusy:
    """Return the error for who must wait for another transaction."""
    plan, remaining = entry.plan, entry.remaining_seconds()
    who = requester_name(plan.requester) + (f" ({plan.requester.peer})" if plan.requester.peer else "")
    if state is TransactionState.WAITING and remaining:
        what = f"waits for confirmation for another {remaining:.0f} s; confirm it or roll it back first"
    elif remaining:
        what = f"is {state}; wait until it is decided, or roll it back"
    else:
        what = f"is {state} and its time is over; roll it back first"
    detail = f"busy: transaction {entry.id} of {who}, since {plan.begun_at}, {what}"
    return ActionBusy("network", detail, entry.id, who, plan.begun_at, remaining)


def requester_name(requester: Requester) -> str:
    """Return who requested a change: the user, and for whom."""
    return requester.user + (f" for {requester.on_behalf_of}" if requester.on_behalf_of else "")


def busy_preparing() -> ActionBusy:
    """Return the error for who must wait for a process that is not far enough to be recorded."""
    return ActionBusy("network", f"busy: another process prepares or ends a change ({wall_clock()}); try again")


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def _write(path: str, document: Any) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(json.dumps(document).encode())
        file.flush()
        os.fsync(descriptor)
