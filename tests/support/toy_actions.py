"""Actions that really change something, and nothing that matters: files of one folder.

``python -m tests.support.toy_actions rollback FOLDER ID SECONDS`` is the switch that rolls back when it is not stopped.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from hostinfo.action import Actions, Pending
from hostinfo.errors import ActionFailed, ActionRefused, ActionRolledBack
from hostinfo.model.report import Change, Outcome, Preview, Result, Step, Transaction
from hostinfo.record import record, replace

CHECKOUT = Path(__file__).resolve().parents[2]


@record
class SetFiles:
    """The desired state: file name -> content; None: no such file."""

    files: Mapping[str, str | None]


@record
class File:
    """One file by its name."""

    name: str


def open_actions(folder: Path) -> Actions:
    return Actions(
        name="toy",
        network=ToyFiles(folder),
        identify=ToyLamp(folder),
        power=ToyDelete(folder),
        unsupported_reasons={"enrol": "a folder has no identity"},
    )


class ToyFiles:
    """Sets the content of files; the journal of a transaction is a file as well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def preview(self, request: SetFiles) -> Preview:
        for name in request.files:
            check_name(name)
        differing = [name for name, content in request.files.items() if self.content(name) != content]
        return Preview(
            changes=tuple(Change(path=name, old=self.content(name), new=request.files[name]) for name in differing),
            steps=tuple(Step(name=f"write {name}", target=str(self.folder / name)) for name in differing),
        )

    def begin(self, request: SetFiles, confirm_within_seconds: float) -> Pending:
        check_seconds(confirm_within_seconds)
        with self.locked():
            if self.pending():
                raise ActionRefused("toy", "another change is pending; commit it or roll it back first")
            preview = self.preview(request)
            transaction = Transaction(
                id=uuid4().hex,
                changes=preview.changes,
                confirm_within_seconds=confirm_within_seconds,
                remaining_seconds=confirm_within_seconds,
            )
            if preview.changes:
                self.write_journal(transaction, "pending", time.monotonic() + confirm_within_seconds)
                self.arm(transaction)
                self.apply(transaction, preview.steps)
        return ToyPending(self, transaction.id, unchanged=None if preview.changes else transaction)

    def pending(self) -> tuple[Pending, ...]:
        names = [path.stem.removeprefix(".journal-") for path in sorted(self.folder.glob(".journal-*.json"))]
        return tuple(ToyPending(self, name) for name in names if self.is_pending(name))

    def is_pending(self, name: str) -> bool:
        return self.journal(name).exists() and self.read_journal(name)[1] == "pending"

    def arm(self, transaction: Transaction) -> None:
        """Start the process that rolls back at the end of the window."""
        start_detached("rollback", self.folder, transaction.id, transaction.confirm_within_seconds)

    def apply(self, transaction: Transaction, steps: tuple[Step, ...]) -> None:
        done: list[Step] = []
        for step, change in zip(steps, transaction.changes, strict=True):
            try:
                self.write(change.path, change.new)
            except OSError as error:
                self.undo(transaction, f"{step.name}: {error.strerror}", done)
            done.append(step)
            self.write_journal(replace(transaction, steps_done=tuple(done)), "pending")

    def undo(self, transaction: Transaction, reason: str, done: list[Step]) -> None:
        """Restore the files after a step failed, and raise the error of the action."""
        names = tuple(step.name for step in done)
        try:
            self.restore(replace(transaction, changes=transaction.changes[: len(done)]))
        except OSError as error:
            raise ActionFailed("toy", f"{reason}; rollback failed: {error}", names) from error
        self.write_journal(transaction, "rolled-back")
        raise ActionRolledBack("toy", f"{reason}; the files are as before", names)

    def restore(self, transaction: Transaction) -> None:
        for change in transaction.changes:
            self.write(change.path, change.old)

    def content(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text() if path.is_file() else None

    def write(self, name: str, content: str | None) -> None:
        if content is None:
            (self.folder / name).unlink(missing_ok=True)
        else:
            (self.folder / name).write_text(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def journal(self, name: str) -> Path:
        return self.folder / f".journal-{name}.json"

    def write_journal(self, transaction: Transaction, state: str, deadline: float | None = None) -> None:
        if deadline is None:
            deadline = self.read_journal(transaction.id)[2]
        document = {
            "changes": [[change.path, change.old, change.new] for change in transaction.changes],
            "steps": [[step.name, step.target] for step in transaction.steps_done],
            "window": transaction.confirm_within_seconds,
            "state": state,
            "deadline": deadline,
        }
        new = self.journal(transaction.id).with_suffix(".new")
        new.write_text(json.dumps(document))
        new.replace(self.journal(transaction.id))

    def read_journal(self, name: str) -> tuple[Transaction, str, float]:
        document = json.loads(self.journal(name).read_text())
        transaction = Transaction(
            id=name,
            changes=tuple(Change(path=path, old=old, new=new) for path, old, new in document["changes"]),
            steps_done=tuple(Step(name=step, target=target) for step, target in document["steps"]),
            confirm_within_seconds=document["window"],
            remaining_seconds=max(0.0, document["deadline"] - time.monotonic()),
        )
        return transaction, document["state"], document["deadline"]


class ToyPending:
    def __init__(self, action: ToyFiles, name: str, unchanged: Transaction | None = None) -> None:
        self.action = action
        self.id = name
        self.unchanged = unchanged

    @property
    def transaction(self) -> Transaction:
        return self.unchanged or self.action.read_journal(self.id)[0]

    def commit(self) -> Outcome:
        if self.unchanged:
            return Outcome(result=Result.UNCHANGED)
        with self.action.locked():
            transaction, state, _ = self.action.read_journal(self.id)
            if state == "rolled-back":
                raise ActionRolledBack("toy", f"transaction {self.id} was rolled back; the files are as before")
            self.action.write_journal(transaction, "committed")
        return Outcome(result=Result.COMMITTED, steps=transaction.steps_done, transaction=self.id)

    def rollback(self) -> Outcome:
        if self.unchanged:
            return Outcome(result=Result.UNCHANGED)
        with self.action.locked():
            transaction, state, _ = self.action.read_journal(self.id)
            if state == "committed":
                raise ActionRefused("toy", f"transaction {self.id} was committed; request the former state instead")
            if state == "pending":
                self.action.restore(transaction)
                self.action.write_journal(transaction, "rolled-back")
        return Outcome(result=Result.ROLLED_BACK, steps=transaction.steps_done, transaction=self.id)


class ToyDelete:
    """Deletes a file, which cannot be undone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def preview(self, request: File) -> Preview:
        path = self.folder / check_name(request.name)
        step = Step(name=f"delete {request.name}", target=str(path))
        return Preview(changes=(Change(path=request.name, old="present"),), steps=(step,), affected=(str(path),))

    def run(self, request: File) -> Outcome:
        preview = self.preview(request)
        (self.folder / request.name).unlink()
        return Outcome(result=Result.DONE, steps=preview.steps)


class ToyLamp:
    """A lamp is on while its file exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, request: File, seconds: float) -> Outcome:
        check_seconds(seconds)
        path = self.folder / f"lamp-{check_name(request.name)}"
        path.touch()
        self.arm(path.name, seconds)
        return Outcome(result=Result.STARTED, steps=(Step(name="switch on", target=str(path)),))

    def arm(self, name: str, seconds: float) -> None:
        """Start the process that switches off at the end."""
        start_detached("off", self.folder, name, seconds)

    def stop(self, request: File) -> Outcome:
        path = self.folder / f"lamp-{check_name(request.name)}"
        if not path.exists():
            return Outcome(result=Result.UNCHANGED)
        path.unlink()
        return Outcome(result=Result.STOPPED, steps=(Step(name="switch off", target=str(path)),))


def check_name(name: str) -> str:
    if "/" in name:
        raise ActionRefused(f"toy: {name}", "rule 'own-folder' allows names without a slash only")
    return name


def check_seconds(seconds: float) -> None:
    if not (math.isfinite(seconds) and seconds > 0):
        raise ActionRefused(f"toy: {seconds} s", "rule 'ends' allows a positive number of seconds only")


def start_detached(*words: Any) -> None:
    """Start this program so that it outlives its parent."""
    line = [sys.executable, "-m", __name__, *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run(["sh", "-c", 'setsid "$@" >/dev/null 2>&1 &', "sh", *line], check=True, env=environment)


def main(verb: str, folder: str, name: str, seconds: str) -> None:
    """Wait until the time is over, or nothing is left to do; then do it."""
    action, lamp = ToyFiles(Path(folder)), Path(folder) / name
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        time.sleep(0.05)
        if not (lamp.exists() if verb == "off" else action.is_pending(name)):
            return
    if verb == "off":
        lamp.unlink(missing_ok=True)
    elif action.is_pending(name):
        with suppress(ActionRefused):  # it may be committed at this moment
            ToyPending(action, name).rollback()


if __name__ == "__main__":
    main(*sys.argv[1:])
