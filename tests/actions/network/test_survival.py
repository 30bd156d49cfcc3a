"""Whatever dies at whichever moment, the network is as before or as confirmed, and the journal says which."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hostinfo.actions.network.clock import boottime
from hostinfo.errors import ActionBusy, ActionFailed, ActionRefused, ActionRolledBack
from hostinfo.model.report import Result, TransactionState
from tests.support import toy_network as toy
from tests.support.toy_actions import CHECKOUT
from tests.support.toy_transaction import AFTER, BEFORE, CHANGE, guards, kill_guards, run, wait_for

WINDOW = 1.5
LATENESS = 15.0
"""On a host where all cores are busy with other tests."""
WRITES = 7
"""States applying, waiting, confirming, confirmed; two steps; all steps applied."""
SYNCS = 4 + WRITES
"""Before these: plan, log, folder, folder above."""

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy.create(tmp_path, eth0=1500)


def control(folder: Path, name: str) -> None:
    (folder / "control" / name).touch()


def is_settled(folder: Path) -> bool:
    return not toy.open_action(folder).pending() and not guards(folder)


def check_state(folder: Path, expected: dict[str, str]) -> None:
    assert toy.read_files(folder) == expected
    assert toy.read_persistent(folder) == expected
    toy.open_action(folder).begin(toy.request(eth0=1300), 60).rollback()  # the next request is accepted
    for report in toy.open_action(folder).history()[:-1]:
        assert report.state is (TransactionState.CONFIRMED if expected == AFTER else TransactionState.ROLLED_BACK)


def test_the_numbers_of_writes_are_those_of_a_whole_transaction(folder: Path) -> None:
    line = [sys.executable, "-m", "tests.support.toy_transaction", str(folder), "60", "never", "0"]
    done = subprocess.run(line, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    assert done.stdout == f"{WRITES} writes, {SYNCS} syncs\n"
    assert wait_for(lambda: not guards(folder), LATENESS)
    check_state(folder, AFTER)


@pytest.mark.parametrize("mode", ["before", "torn", "visible", "after"])
@pytest.mark.parametrize("number", range(1, SYNCS + 1))
def test_killed_at_each_record_the_guard_alone_restores(folder: Path, mode: str, number: int) -> None:
    if mode in ("before", "torn") and number > WRITES:
        pytest.skip("no such write")
    assert run(folder, WINDOW, mode, number) == -signal.SIGKILL
    assert wait_for(lambda: is_settled(folder), WINDOW + LATENESS)
    check_state(folder, AFTER if mode in ("visible", "after") and number == SYNCS else BEFORE)


@pytest.mark.parametrize("where", ["kill eth0", "kill-after eth0", "kill eth1", "kill-after eth1", "kill-persist"])
def test_killed_in_each_step_the_guard_restores_long_before_the_deadline(folder: Path, where: str) -> None:
    control(folder, where)
    assert run(folder, 60) == -signal.SIGKILL
    assert wait_for(lambda: is_settled(folder), LATENESS)
    check_state(folder, BEFORE)


@pytest.mark.parametrize("where", ["kill eth0", "kill-after eth1", "kill-persist"])
def test_recovery_restores_if_the_guard_was_killed_as_well(folder: Path, where: str) -> None:
    control(folder, where)
    control(folder, "kill-restore")  # the guard dies in its first step of the rollback
    assert run(folder, 60) == -signal.SIGKILL
    assert wait_for(lambda: not guards(folder), LATENESS)
    action = toy.open_action(folder)
    with pytest.raises(ActionBusy, match="is rolling-back"):
        action.begin(CHANGE, 60)
    (report,) = action.recover()
    assert report.state is TransactionState.ROLLED_BACK
    check_state(folder, BEFORE)
    assert toy.open_action(folder).recover() == ()


def test_a_transaction_without_any_process_can_be_rolled_back_or_confirmed(folder: Path) -> None:
    action = toy.open_action(folder)
    for decide in ("commit", "rollback"):
        action.begin(toy.request(eth0=1300) if decide == "commit" else CHANGE, 60)
        kill_guards(folder)
        (found,) = toy.open_action(folder).pending()
        getattr(found, decide)()
        assert action.pending() == ()
    assert toy.read_files(folder) == {"eth0": "1300"}


def change_plan(folder: Path, **values: object) -> None:
    (path,) = (folder / "journal").glob("*/transaction.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_after_a_restart_of_the_machine_the_deadline_counts_no_more(folder: Path) -> None:
    """The boot_id is another one; the boot time may be less than that of the deadline by any amount."""
    pending = toy.open_action(folder).begin(CHANGE, 60)
    kill_guards(folder)
    change_plan(folder, boot_id="another", deadline=boottime() + 1e6)
    (found,) = toy.open_action(folder).pending()
    assert found.transaction.remaining_seconds == 0
    with pytest.raises(ActionBusy, match="its time is over"):
        toy.open_action(folder).begin(CHANGE, 60)
    with pytest.raises(ActionRolledBack, match="not confirmed before the machine was restarted"):
        toy.open_action(folder).find(pending.transaction.id).commit()
    check_state(folder, BEFORE)


def test_the_boot_rolls_back_what_was_not_confirmed(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 60)
    kill_guards(folder)
    change_plan(folder, boot_id="another")
    (report,) = toy.open_action(folder).recover()
    assert report.reason == "not confirmed before the machine was restarted"
    check_state(folder, BEFORE)


def test_the_boot_leaves_what_was_confirmed(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 60).commit()
    change_plan(folder, boot_id="another")
    assert toy.open_action(folder).recover() == ()
    check_state(folder, AFTER)


def test_a_recovery_that_fails_says_so_and_is_attempted_again(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 60)
    kill_guards(folder)
    control(folder, "no-restore")
    for _ in range(2):
        with pytest.raises(ActionFailed, match="the service does not answer"):
            toy.open_action(folder).recover()
        assert toy.open_action(folder).history()[-1].state is TransactionState.UNKNOWN
    (folder / "control/no-restore").unlink()
    toy.open_action(folder).recover()
    check_state(folder, BEFORE)


@pytest.mark.parametrize("tail", [b'{"state": "confirmed", "rea', b'\0\0\0"reason": null}\n', b"\xff\xfe"])
def test_a_torn_last_record_does_not_count(folder: Path, tail: bytes) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 60)
    log = next((folder / "journal").glob("*/log"))
    content = log.read_bytes()
    end = content.rstrip(b"\0")
    log.write_bytes(end + tail + content[len(end) + len(tail) :])
    assert pending.transaction.remaining_seconds > 0
    assert pending.rollback().result is Result.ROLLED_BACK
    assert toy.open_action(folder).history()[0].state is TransactionState.ROLLED_BACK
    assert log.read_bytes().rstrip(b"\0").endswith(b"}\n")


@pytest.mark.parametrize("damage", ["version", "text", "no-log", "middle", "state", "key", "type"])
def test_a_journal_that_cannot_be_read_is_never_ignored(folder: Path, damage: str) -> None:
    toy.open_action(folder).begin(CHANGE, 60)
    kill_guards(folder)
    (entry,) = (folder / "journal").glob("*-*")
    match damage:
        case "version":
            change_plan(folder, version=2)
        case "text":
            (entry / "transaction.json").write_text("{")
        case "no-log":
            (entry / "log").unlink()
        case "middle":
            (entry / "log").write_bytes(b"x" + (entry / "log").read_bytes())
        case "state":
            (entry / "log").write_bytes((entry / "log").read_bytes().replace(b"applying", b"dreaming"))
        case "key":
            change_plan(folder, unexpected=1)
        case "type":
            change_plan(folder, deadline="soon")
    action = toy.open_action(folder)
    for call in (lambda: action.begin(toy.request(eth0=1400), 60), action.pending):
        with pytest.raises(ActionRefused, match="delete the folder") as refusal:
            call()
        assert str(entry) in str(refusal.value)
    with pytest.raises(ActionFailed, match="delete the folder"):
        action.recover()
    assert action.history()[0].state is TransactionState.UNKNOWN
    assert toy.read_files(folder) == AFTER


def test_a_confirm_that_is_queued_before_the_deadline_wins_every_time(tmp_path: Path) -> None:
    """Four at a time; the work of the confirm is delayed beyond the deadline, as on a host without idle CPU time."""
    rounds, problems = 200, []

    def repeat(number: int) -> None:
        for _ in range(rounds // 4):
            parent = tmp_path / f"{number}-{time.monotonic_ns()}"
            parent.mkdir()
            outcome = confirm_at_the_last_moment(toy.create(parent, eth0=1500))
            if outcome != "committed":
                problems.append(outcome)

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def confirm_at_the_last_moment(folder: Path) -> str:
    outcomes: list[str] = []

    def confirm() -> None:
        try:
            outcomes.append(pending.commit().result)
        except Exception as error:
            outcomes.append(repr(error))

    action = toy.open_action(folder)
    pending = action.begin(CHANGE, 1.0)
    entry = action.journal.entries()[0]
    with action.journal.work(5):  # the confirm is queued, and cannot go on
        time.sleep(max(0.0, entry.remaining_seconds() - 0.1))
        thread = threading.Thread(target=confirm)
        thread.start()
        while not is_queued(folder):
            time.sleep(0.001)
        if not entry.remaining_seconds():
            outcomes.append("committed")  # this test was starved: not queued in time, so nothing is promised
        time.sleep(entry.remaining_seconds() + 0.1)
    thread.join()
    is_new = toy.read_files(folder) == AFTER
    return outcomes[0] if is_new == (outcomes[-1] == "committed") else f"{outcomes}, changed: {is_new}"


def is_queued(folder: Path) -> bool:
    import fcntl

    (path,) = (folder / "journal").glob("*/confirm.lock")
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_confirm_and_the_guard_at_the_same_moment_come_to_one_verdict(folder: Path) -> None:
    action = toy.open_action(folder)
    for number in range(30):
        pending = action.begin(CHANGE, 0.5)
        entry = action.journal.entries()[-1]
        time.sleep(max(0.0, entry.remaining_seconds() + (number - 15) / 1000))
        try:
            is_committed = pending.commit().result is Result.COMMITTED
        except ActionRolledBack:
            is_committed = False
        assert toy.read_files(folder) == (AFTER if is_committed else BEFORE)
        assert toy.read_persistent(folder) == (AFTER if is_committed else BEFORE)
        if is_committed:
            action.begin(toy.request(eth0=1500, eth1=None), 60).commit()


def test_a_guard_without_cpu_time_does_not_undo_what_was_confirmed(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 1.0)
    (guard,) = guards(folder)
    os.kill(guard, signal.SIGSTOP)
    time.sleep(1.5)
    assert pending.commit().result is Result.COMMITTED  # it arrived, so the network works
    os.kill(guard, signal.SIGCONT)
    assert wait_for(lambda: not guards(folder), LATENESS)
    check_state(folder, AFTER)


def test_a_guard_without_cpu_time_rolls_back_as_soon_as_it_has_some(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 1.0)
    (guard,) = guards(folder)
    os.kill(guard, signal.SIGSTOP)
    time.sleep(1.5)
    assert toy.read_files(folder) == AFTER
    os.kill(guard, signal.SIGCONT)
    assert wait_for(lambda: is_settled(folder), LATENESS)
    check_state(folder, BEFORE)


def test_a_back_end_that_hangs_is_overtaken_and_its_late_step_is_undone(folder: Path) -> None:
    control(folder, "hang eth1")
    errors: list[BaseException] = []

    def begin() -> None:
        try:
            toy.open_action(folder).begin(CHANGE, 1.0)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    try:
        assert wait_for(lambda: (folder / "running/eth0").read_text() == "9000", 5)
        assert wait_for(lambda: toy.read_files(folder) == BEFORE, 1 + 30 + LATENESS)
        assert wait_for(lambda: is_settled(folder), LATENESS)
        with pytest.raises(ActionBusy):  # the step that hangs may still take effect
            toy.open_action(folder).begin(toy.request(eth0=1400), 60)
    finally:
        (folder / "control/hang eth1").unlink()
        thread.join()
    (error,) = errors
    assert isinstance(error, ActionRolledBack)
    assert "not confirmed within 1 s" in str(error)
    check_state(folder, BEFORE)


def test_a_back_end_that_hangs_can_be_aborted(folder: Path) -> None:
    control(folder, "hang eth0")
    errors: list[BaseException] = []

    def begin() -> None:
        try:
            toy.open_action(folder).begin(CHANGE, 60)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    assert wait_for(lambda: any(one.report.steps for one in toy.open_action(folder).pending()), 5)
    timer = threading.Timer(0.5, (folder / "control/hang eth0").unlink)
    timer.start()
    (found,) = toy.open_action(folder).pending()
    with pytest.raises(ActionRefused, match="is applying; confirm it when that has ended"):
        raise_refusal(folder)
    assert found.rollback().result is Result.ROLLED_BACK
    thread.join()
    assert "requested by" in str(errors[0])
    check_state(folder, BEFORE)


def raise_refusal(folder: Path) -> None:
    """Confirm while the change is being applied: it must not wait for the lock of the back end."""
    (found,) = toy.open_action(folder).pending()
    found.commit()
