"""The contract of actions: a toy that changes files keeps it, and the checks find every way to break it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hostinfo.action import Actions
from hostinfo.errors import ActionError, ActionFailed, ActionRefused, ActionRolledBack
from hostinfo.model.report import Result
from hostinfo.output.json import to_builtins, to_json
from hostinfo.record import replace
from hostinfo.testing import (
    IrreversibleExample,
    ReversibleExample,
    TimedExample,
    check_actions,
    check_irreversible,
    check_reversible,
    check_timed,
)
from tests.support import broken_actions as broken
from tests.support.toy_actions import CHECKOUT, File, SetFiles, ToyDelete, ToyFiles, ToyLamp, open_actions

CHANGE = SetFiles(files={"one": "new", "two": "new"})
BEGIN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from tests.support import broken_actions, toy_actions
action = getattr(broken_actions, sys.argv[1])(Path(sys.argv[2]))
action.begin(toy_actions.SetFiles(files={'one': 'new', 'two': 'new'}), float(sys.argv[3]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one").write_text("old")
    (tmp_path / "victim").write_text("present")
    (tmp_path / "directory").mkdir()
    return tmp_path


def read_state(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file() and path.name[0] != "."}


def reversible_example(folder: Path, kind: type[ToyFiles] = ToyFiles) -> ReversibleExample:
    def begin_and_die(seconds: float) -> None:
        line = [sys.executable, "-c", BEGIN_AND_DIE, kind.__name__, str(folder), str(seconds)]
        assert subprocess.run(line, cwd=CHECKOUT, check=False).returncode == -9

    return ReversibleExample(
        change=CHANGE,
        revert=SetFiles(files={"one": "old", "two": None}),
        refused=SetFiles(files={"one": "new", "/etc/passwd": ""}),
        failing=SetFiles(files={"one": "new", "directory": "new"}),
        read_state=lambda: read_state(folder),
        reopen=lambda: kind(folder),
        begin_and_die=begin_and_die,
        shortest_window_seconds=0.3,
    )


def irreversible_example(folder: Path) -> IrreversibleExample:
    return IrreversibleExample(
        request=File(name="victim"), refused=File(name="/etc/passwd"), read_state=lambda: read_state(folder)
    )


def timed_example(folder: Path) -> TimedExample:
    return TimedExample(
        request=File(name="red"),
        refused=File(name="../red"),
        is_active=(folder / "lamp-red").exists,
        shortest_seconds=0.3,
    )


def test_the_toy_keeps_the_contract(folder: Path) -> None:
    check_actions(
        open_actions(folder),
        network=reversible_example(folder),
        identify=timed_example(folder),
        power=irreversible_example(folder),
    )


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never happens need not be waited for long."""
    for module in ("reversible_contract", "action_contract"):
        monkeypatch.setattr(f"hostinfo.testing.{module}.LATENESS_SECONDS", 1.0)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (broken.PreviewChangesTheHost, "preview: differs the second time"),
        (broken.PreviewHasNoChanges, "preview: a request that changes the host has no changes"),
        (broken.RefusalComesTooLate, "a refused request changed the host"),
        (broken.RefusalHasNoMessage, "a refusal has no message"),
        (broken.TwoChangesAtOnce, "begin while another change is pending: expected ActionRefused"),
        (broken.OnlyThisProcessKnows, "pending: another process sees 0 changes instead of 1"),
        (broken.NoSwitch, "not rolled back after its window"),
        (broken.SwitchDiesWithTheProcess, "not rolled back after its window, because the process"),
        (broken.RollbackRestoresNothing, "rollback: the host is not as before"),
        (broken.FailureIsNotUndone, "a request that fails half-way: the host is not as before"),
        (broken.FailureHasNoSteps, "a request that fails half-way: the error has no steps"),
        (broken.BeginReportsOtherSteps, "begin: other steps than in the preview"),
        (broken.CommitAfterRollback, "commit after the rollback: expected ActionRolledBack"),
        (broken.RollbackAfterCommit, "rollback after commit: expected ActionRefused"),
    ],
)
def test_a_reversible_action_that_breaks_the_contract_is_found(
    folder: Path, kind: type[ToyFiles], message: str
) -> None:
    with pytest.raises(AssertionError) as failure:
        check_reversible(kind(folder), reversible_example(folder, kind))
    assert message in str(failure.value)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (broken.DeletePreviewDeletes, "preview or a refused request changed the host"),
        (broken.DeleteDoesNothing, "run: the host is as before"),
    ],
)
def test_an_irreversible_action_that_breaks_the_contract_is_found(
    folder: Path, kind: type[ToyDelete], message: str
) -> None:
    with pytest.raises(AssertionError) as failure:
        check_irreversible(kind(folder), irreversible_example(folder))
    assert message in str(failure.value)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (broken.LampStaysOn, "still active after its time"),
        (broken.LampWithoutLimit, "a forbidden request, or 0.0 s: expected ActionRefused"),
        (broken.LampIgnoresStop, "stop: still active"),
    ],
)
def test_a_timed_action_that_breaks_the_contract_is_found(folder: Path, kind: type[ToyLamp], message: str) -> None:
    with pytest.raises(AssertionError) as failure:
        check_timed(kind(folder), timed_example(folder))
    assert message in str(failure.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda actions: replace(actions, unsupported_reasons={}), "enrol: neither offered nor a reason"),
        (lambda actions: replace(actions, network=None), "network: neither offered nor a reason"),
        (lambda actions: replace(actions, name=""), "a table of actions has a name"),
        (
            lambda actions: replace(actions, unsupported_reasons={"enrol": "none", "power": "none"}),
            "power: offered, and a reason why it is unsupported",
        ),
        (
            lambda actions: replace(actions, unsupported_reasons={"enrol": "none", "beep": "none"}),
            "reasons for kinds that do not exist",
        ),
    ],
)
def test_a_table_that_breaks_the_contract_is_found(
    folder: Path, change: Callable[[Actions], Actions], message: str
) -> None:
    with pytest.raises(AssertionError) as failure:
        check_actions(change(open_actions(folder)))
    assert message in str(failure.value)


def test_reports_are_json(folder: Path) -> None:
    action = ToyFiles(folder)
    pending = action.begin(CHANGE, 60)
    for report in (action.preview(SetFiles(files={"three": "3"})), pending.transaction, pending.rollback()):
        assert json.loads(to_json(report)) == to_builtins(report)
    outcome = to_builtins(pending.rollback())
    assert outcome["result"] == "rolled-back"
    assert [step["name"] for step in outcome["steps"]] == ["write one", "write two"]


def test_an_error_names_the_steps_that_were_applied(folder: Path) -> None:
    with pytest.raises(ActionRolledBack) as failure:
        ToyFiles(folder).begin(SetFiles(files={"one": "new", "directory": "new"}), 60)
    assert failure.value.steps_done == ("write one",)
    assert str(failure.value) == "toy: write directory: Is a directory; the files are as before"


def test_a_refusal_names_the_rule(folder: Path) -> None:
    with pytest.raises(ActionRefused, match="rule 'own-folder' allows names without a slash only"):
        ToyFiles(folder).preview(SetFiles(files={"/etc/passwd": ""}))


def test_a_change_stays_pending_when_its_process_ends(folder: Path) -> None:
    reversible_example(folder).begin_and_die(60.0)
    (pending,) = ToyFiles(folder).pending()
    assert read_state(folder)["one"] == "new"
    assert 0 < pending.transaction.remaining_seconds < 60
    assert pending.commit().result is Result.COMMITTED
    assert ToyFiles(folder).pending() == ()
    assert read_state(folder)["one"] == "new"


@pytest.mark.parametrize("kind", [ActionError, ActionRefused, ActionFailed, ActionRolledBack])
def test_errors_of_actions_keep_their_steps_in_a_pickle(kind: type[ActionError]) -> None:
    error = pickle.loads(pickle.dumps(kind("toy", "failed", ("write one",))))
    assert (type(error), str(error), error.steps_done) == (kind, "toy: failed", ("write one",))
