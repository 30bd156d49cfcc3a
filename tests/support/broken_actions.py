"""Toy actions that each break the contract in one way."""

from __future__ import annotations

import threading
from pathlib import Path

from hostinfo.action import Pending
from hostinfo.errors import ActionRefused, ActionRolledBack
from hostinfo.model.report import Outcome, Preview, Result, Step, Transaction
from hostinfo.record import replace
from tests.support.toy_actions import File, SetFiles, ToyDelete, ToyFiles, ToyLamp, ToyPending, check_name


class PreviewChangesTheHost(ToyFiles):
    def preview(self, request: SetFiles) -> Preview:
        preview = super().preview(request)
        for change in preview.changes:
            self.write(change.path, change.new)
        return preview


class PreviewHasNoChanges(ToyFiles):
    def preview(self, request: SetFiles) -> Preview:
        return replace(super().preview(request), changes=())


class RefusalComesTooLate(ToyFiles):
    def preview(self, request: SetFiles) -> Preview:
        for name, content in request.files.items():
            if "/" in name:
                self.write("one", "half done")
            check_name(name)
            del content
        return super().preview(request)


class RefusalHasNoMessage(ToyFiles):
    def preview(self, request: SetFiles) -> Preview:
        try:
            return super().preview(request)
        except ActionRefused as error:
            raise ActionRefused(error.source, "") from error


class TwoChangesAtOnce(ToyFiles):
    def begin(self, request: SetFiles, confirm_within_seconds: float) -> Pending:
        if self.pending() and confirm_within_seconds > 0:
            return self.pending()[0]
        return super().begin(request, confirm_within_seconds)


class OnlyThisProcessKnows(ToyFiles):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.began = False

    def begin(self, request: SetFiles, confirm_within_seconds: float) -> Pending:
        self.began = True
        return super().begin(request, confirm_within_seconds)

    def pending(self) -> tuple[Pending, ...]:
        return super().pending() if self.began else ()


class NoSwitch(ToyFiles):
    def arm(self, transaction: Transaction) -> None:
        pass


class SwitchDiesWithTheProcess(ToyFiles):
    def arm(self, transaction: Transaction) -> None:
        timer = threading.Timer(transaction.confirm_within_seconds, ToyPending(self, transaction.id).rollback)
        timer.daemon = True
        timer.start()


class RollbackRestoresNothing(ToyFiles):
    def restore(self, transaction: Transaction) -> None:
        pass


class FailureIsNotUndone(ToyFiles):
    def undo(self, transaction: Transaction, reason: str, done: list[Step]) -> None:
        self.write_journal(transaction, "rolled-back")
        raise ActionRolledBack("toy", reason, tuple(step.name for step in done))


class FailureHasNoSteps(ToyFiles):
    def undo(self, transaction: Transaction, reason: str, done: list[Step]) -> None:
        try:
            super().undo(transaction, reason, done)
        except ActionRolledBack as error:
            raise ActionRolledBack(error.source, error.detail) from error


class BeginReportsOtherSteps(ToyFiles):
    def apply(self, transaction: Transaction, steps: tuple[Step, ...]) -> None:
        super().apply(transaction, steps)
        self.write_journal(replace(transaction, steps_done=steps[:1]), "pending")


class LatePending(ToyPending):
    """Commits what was rolled back, and rolls back what was committed."""

    def commit(self) -> Outcome:
        try:
            return super().commit()
        except ActionRolledBack:
            return Outcome(result=Result.COMMITTED, steps=self.transaction.steps_done)


class CommitAfterRollback(ToyFiles):
    def begin(self, request: SetFiles, confirm_within_seconds: float) -> Pending:
        pending = super().begin(request, confirm_within_seconds)
        return LatePending(self, pending.transaction.id) if pending.transaction.changes else pending


class UndoingPending(ToyPending):
    def rollback(self) -> Outcome:
        try:
            return super().rollback()
        except ActionRefused:
            self.action.restore(self.transaction)
            return Outcome(result=Result.ROLLED_BACK, steps=self.transaction.steps_done)


class RollbackAfterCommit(ToyFiles):
    def begin(self, request: SetFiles, confirm_within_seconds: float) -> Pending:
        pending = super().begin(request, confirm_within_seconds)
        return UndoingPending(self, pending.transaction.id) if pending.transaction.changes else pending


class DeletePreviewDeletes(ToyDelete):
    def preview(self, request: File) -> Preview:
        preview = super().preview(request)
        (self.folder / request.name).unlink(missing_ok=True)
        return preview


class DeleteDoesNothing(ToyDelete):
    def run(self, request: File) -> Outcome:
        return Outcome(result=Result.DONE, steps=self.preview(request).steps)


class LampStaysOn(ToyLamp):
    def arm(self, name: str, seconds: float) -> None:
        pass


class LampWithoutLimit(ToyLamp):
    def start(self, request: File, seconds: float) -> Outcome:
        return super().start(request, seconds if 0 < seconds < 1e9 else 60.0)


class LampIgnoresStop(ToyLamp):
    def stop(self, request: File) -> Outcome:
        del request
        return Outcome(result=Result.STOPPED, steps=(Step(name="switch off", target="lamp"),))
