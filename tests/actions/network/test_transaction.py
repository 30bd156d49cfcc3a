"""A transaction on a toy back end: it keeps the contract of reversible actions, and judges by what it reads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hostinfo.action import Actions
from hostinfo.errors import ActionBusy, ActionError, ActionFailed, ActionRefused, ActionRolledBack
from hostinfo.model.report import Requester, Result, TransactionState
from hostinfo.testing import ReversibleExample, check_actions
from tests.support import toy_network as toy
from tests.support.toy_actions import CHECKOUT

BEGIN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from tests.support import toy_network as toy
toy.open_action(Path(sys.argv[1])).begin(toy.request(eth0=9000, eth1=9000), float(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""
CHANGE = toy.request(eth0=9000, eth1=9000)
BEFORE = {"eth0": "1500"}
AFTER = {"eth0": "9000", "eth1": "9000"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy.create(tmp_path, eth0=1500)


def control(folder: Path, name: str) -> None:
    (folder / "control" / name).touch()


def begin_and_die(folder: Path, seconds: float) -> None:
    line = [sys.executable, "-c", BEGIN_AND_DIE, str(folder), str(seconds)]
    assert subprocess.run(line, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL


def test_it_keeps_the_contract(folder: Path) -> None:
    example = ReversibleExample(
        change=CHANGE,
        revert=toy.request(eth0=1500, eth1=None),
        refused=toy.request(eth0=9000, eth1=1),
        failing=toy.request(aaa=9000, directory=9000),
        read_state=lambda: toy.read_files(folder),
        reopen=lambda: toy.open_action(folder),
        begin_and_die=lambda seconds: begin_and_die(folder, seconds),
        shortest_window_seconds=1.0,
    )
    reason = "not a network"
    reasons = {"identify": reason, "power": reason, "enrol": reason}
    actions = Actions(name="toy", network=toy.open_action(folder), unsupported_reasons=reasons)
    check_actions(actions, network=example)


def test_a_commit_is_persistent_and_a_rollback_is_not(folder: Path) -> None:
    action = toy.open_action(folder)
    action.begin(CHANGE, 60).rollback()
    assert toy.read_persistent(folder) == BEFORE
    pending = action.begin(CHANGE, 60)
    assert toy.read_persistent(folder) == BEFORE
    assert pending.commit().result is Result.COMMITTED
    assert toy.read_persistent(folder) == AFTER


def test_a_second_request_is_busy_and_names_who_since_when_and_the_time_left(folder: Path) -> None:
    who = Requester(user="alice", uid=1000, peer="console host1")
    first = toy.open_action(folder, requester=who).begin(CHANGE, 60)
    with pytest.raises(ActionBusy) as refusal:
        toy.open_action(folder).begin(toy.request(eth0=1400), 60)
    assert refusal.value.transaction == first.transaction.id
    assert refusal.value.requester == "alice (console host1)"
    assert refusal.value.since is not None
    assert refusal.value.remaining_seconds is not None
    assert 50 < refusal.value.remaining_seconds <= 60
    assert "waits for confirmation for another" in str(refusal.value)
    (found,) = toy.open_action(folder).pending()  # who may, can abort the first one
    found.rollback()
    toy.open_action(folder).begin(toy.request(eth0=1400), 60).rollback()


@pytest.mark.parametrize("invalid", [toy.request(eth0=1), toy.request(unsupported=1500)])
def test_an_invalid_request_leaves_nothing(folder: Path, invalid: object) -> None:
    action = toy.open_action(folder)
    with pytest.raises(ActionRefused):
        action.begin(invalid, 60)
    assert action.history() == ()
    assert action.pending() == ()
    action.begin(CHANGE, 60).commit()


def test_the_default_window_is_60_seconds(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE)
    assert pending.transaction.confirm_within_seconds == 60
    pending.rollback()


@pytest.mark.parametrize("seconds", [0.05, 3601])
def test_a_window_outside_the_limits_is_refused(folder: Path, seconds: float) -> None:
    with pytest.raises(ActionRefused, match="a confirmation window is"):
        toy.open_action(folder).begin(CHANGE, seconds)
    assert toy.read_files(folder) == BEFORE


def test_a_change_of_the_management_path_needs_a_window_or_force(folder: Path) -> None:
    action = toy.open_action(folder)
    control(folder, "management eth1")
    assert action.preview(CHANGE).affected == ("whoever is connected over eth1",)
    with pytest.raises(ActionRefused, match="this may cut off whoever is connected over eth1; give a window"):
        action.begin(CHANGE, 0)
    assert toy.read_files(folder) == BEFORE
    assert action.begin(CHANGE, 0, is_forced=True).commit().result is Result.COMMITTED


def test_a_change_without_a_window_is_committed_at_once(folder: Path) -> None:
    action = toy.open_action(folder)
    pending = action.begin(CHANGE, 0)
    assert action.pending() == ()
    assert pending.commit().result is Result.COMMITTED
    assert toy.read_persistent(folder) == AFTER


def test_a_step_that_fails_is_undone_at_once_and_named(folder: Path) -> None:
    control(folder, "fail eth1")
    action = toy.open_action(folder)
    with pytest.raises(ActionRolledBack) as failure:
        action.begin(CHANGE, 60)
    assert str(failure.value) == "network: set eth1: Operation not permitted; the network is as before"
    assert failure.value.steps_done == ("set eth0",)
    assert toy.read_files(folder) == BEFORE
    (report,) = action.history()
    assert report.state is TransactionState.ROLLED_BACK
    assert [step.error for step in report.steps] == [None, "set eth1: Operation not permitted"]
    assert [step.name for step in report.rollback_steps] == ["restore eth0"]


def test_a_step_without_effect_is_found_by_reading_again(folder: Path) -> None:
    control(folder, "ignore eth1")
    with pytest.raises(ActionRolledBack, match="is absent instead of 9000; the network is as before"):
        toy.open_action(folder).begin(CHANGE, 2)
    assert toy.read_files(folder) == BEFORE


def test_a_change_that_was_lost_before_its_confirm_is_rolled_back(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 60)
    (folder / "running" / "eth1").write_text("1400")
    with pytest.raises(ActionRolledBack, match="is 1400 instead of 9000"):
        pending.commit()
    assert toy.read_files(folder) == BEFORE
    with pytest.raises(ActionRolledBack):
        pending.commit()


def test_a_change_that_cannot_be_persistent_is_rolled_back(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 60)
    control(folder, "no-persist")
    with pytest.raises(ActionRolledBack, match="No space left on device"):
        pending.commit()
    assert toy.read_files(folder) == BEFORE
    assert toy.read_persistent(folder) == BEFORE


@pytest.mark.parametrize("how", ["no-restore", "restore-ignored"])
def test_a_rollback_that_fails_leaves_the_state_unknown_and_can_be_repeated(folder: Path, how: str) -> None:
    action = toy.open_action(folder)
    pending = action.begin(CHANGE, 60)
    control(folder, how)
    with pytest.raises(ActionFailed, match="the state of the network is unknown") as failure:
        pending.rollback()
    assert failure.value.steps_done == ("set eth0", "set eth1")
    assert action.history()[-1].state is TransactionState.UNKNOWN
    with pytest.raises(ActionFailed):
        pending.commit()
    (folder / "control" / how).unlink()
    assert action.find(pending.transaction.id).rollback().result is Result.ROLLED_BACK
    assert toy.read_files(folder) == BEFORE


def test_an_old_rollback_that_failed_is_not_repeated_over_a_newer_change(folder: Path) -> None:
    action = toy.open_action(folder)
    pending = action.begin(CHANGE, 60)
    control(folder, "no-restore")
    with pytest.raises(ActionFailed):
        pending.rollback()
    (folder / "control" / "no-restore").unlink()
    action.begin(toy.request(eth0=1400), 60).commit()
    with pytest.raises(ActionRefused, match="is newer than"):
        pending.rollback()
    assert toy.read_files(folder)["eth0"] == "1400"


def test_the_history_is_bounded_and_reports_who_and_what(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hostinfo.actions.network.journal.HISTORY", 3)
    action = toy.open_action(folder, requester=Requester(user="alice"))
    for mtu in range(1400, 1406):
        action.begin(toy.request(eth0=mtu), 60).commit()
    history = action.history()
    assert len(history) == 4  # the newest is added after the others were counted
    assert [report.changes[0].new for report in history] == ["1402", "1403", "1404", "1405"]
    assert {report.requester.user for report in history} == {"alice"}
    assert {report.backend for report in history} == {"toy"}
    assert sorted(os.listdir(folder / "journal")) == sorted([report.id for report in history] + ["lock", "work.lock"])


def test_the_journal_is_for_its_owner_only(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 60).rollback()
    modes = {path.relative_to(folder): path.stat().st_mode & 0o077 for path in (folder / "journal").rglob("*")}
    assert set(modes.values()) == {0}
    assert (folder / "journal").stat().st_mode & 0o777 == 0o700
    (folder / "journal").chmod(0o777)
    with pytest.raises(ActionRefused, match="others may write there"):
        toy.open_action(folder).begin(CHANGE, 60)
    with pytest.raises(ActionRefused, match="others may write there"):  # what is undone may be another's code
        toy.open_action(folder).recover()


def test_who_may_replace_the_journal_is_not_trusted(folder: Path) -> None:
    """The folder above: its owner could put another journal there."""
    toy.open_action(folder).begin(CHANGE, 60).rollback()
    folder.chmod(0o770)
    for verb in ("history", "recover"):
        with pytest.raises(ActionRefused, match="others may write there; make it owned by root, with mode 0755"):
            getattr(toy.open_action(folder), verb)()
    if os.geteuid() == 0:
        folder.chmod(0o755)
        os.chown(folder, 60001, 60001)
        with pytest.raises(ActionRefused, match="make it owned by root"):
            toy.open_action(folder).begin(CHANGE, 60)
        os.chown(folder, 0, 0)
        os.chown(folder / "journal", 60001, 60001)
        with pytest.raises(ActionRefused, match="make it owned by this user"):
            toy.open_action(folder).recover()


def test_an_unknown_id_is_refused(folder: Path) -> None:
    with pytest.raises(ActionRefused, match="no such transaction"):
        toy.open_action(folder).find("7-0000")


@pytest.mark.parametrize(
    "call", [lambda pending: pending.commit(), lambda pending: pending.rollback(), lambda pending: pending.transaction]
)
def test_a_request_without_a_difference_is_not_recorded(folder: Path, call: Callable[[object], object]) -> None:
    action = toy.open_action(folder)
    call(action.begin(toy.request(eth0=1500), 60))
    assert action.history() == ()


def test_the_busy_error_keeps_its_fields_in_a_pickle() -> None:
    import copy
    import pickle

    error: ActionError = ActionBusy("network", "busy", "1-abcd", "alice", "now", 3.0)
    found = pickle.loads(pickle.dumps(error))
    assert vars(found) == vars(error) == vars(copy.copy(error))
