"""The contract of actions that can be undone, as a function."""

from __future__ import annotations

from typing import Any

from hostinfo.action import Pending, ReversibleAction
from hostinfo.errors import ActionRefused, ActionRolledBack
from hostinfo.model.report import Preview, Result, Transaction
from hostinfo.testing.assertions import (
    LATENESS_SECONDS,
    WINDOW_SECONDS,
    check_outcome,
    check_refusal,
    raises,
    wait_until,
)
from hostinfo.testing.examples import ReversibleExample


def check_reversible(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    """Check an action that can be undone; the host must be as ``revert`` leaves it.

    - ``preview`` changes nothing, and returns the same each time.
    - A refused request changes nothing, and the refusal has a message and no steps.
    - ``begin`` changes the host and returns a change that is pending for every process; there is one at a time.
    - ``rollback``, the end of the window and a failing step restore the host; ``commit`` raises ActionRolledBack then.
    - The end of the window restores the host also if the process that began the change was killed.
    - ``commit`` makes the change persistent; ``rollback`` is refused then. Both may be repeated.
    - A request that the host already fulfils has no changes, and nothing waits.
    """
    before = example.read_state()
    assert not action.pending(), "a change is pending before the check"
    _check_preview(action, example)
    _check_refusals(action, example)
    _check_rollback(action, example)
    _check_end_of_window(action, example)
    if example.failing is not None:
        _check_failure(action, example)
    _check_commit(action, example)
    assert _is_state(example, before), "the request that reverts the change does not restore the host"


def _check_preview(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    before = example.read_state()
    preview = action.preview(example.change)
    assert isinstance(preview, Preview), "preview: not a Preview"
    assert preview.changes, "preview: a request that changes the host has no changes"
    assert preview.steps, "preview: a request that changes the host has no steps"
    names = [step.name for step in preview.steps]
    assert len(names) == len(set(names)), "preview: names of steps are not unique"
    assert preview == action.preview(example.change), "preview: differs the second time"
    assert example.read_state() == before, "preview changed the host"
    assert not action.pending(), "preview left a change pending"


def _check_refusals(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    before = example.read_state()
    with raises(ActionRefused, "preview of a forbidden request") as refusals:
        action.preview(example.refused)
    with raises(ActionRefused, "begin of a forbidden request") as more:
        action.begin(example.refused, WINDOW_SECONDS)
    refusals += more
    for seconds in (-1.0, float("nan"), float("inf")):
        with raises(ActionRefused, f"begin with a window of {seconds} s") as more:
            action.begin(example.change, seconds)
        refusals += more
    for refusal in refusals:
        check_refusal(refusal)
    assert example.read_state() == before, "a refused request changed the host"
    assert not action.pending(), "a refused request left a change pending"


def _check_rollback(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    before = example.read_state()
    pending = _begin(action, example.change, WINDOW_SECONDS)
    assert example.read_state() != before, "begin: the host is as before"
    changed = example.read_state()
    with raises(ActionRefused, "begin while another change is pending") as refusals:
        action.begin(example.change, WINDOW_SECONDS)
    check_refusal(refusals[0])
    assert example.read_state() == changed, "begin while another change is pending changed the host"
    elsewhere = example.reopen().pending()
    assert len(elsewhere) == 1, f"pending: another process sees {len(elsewhere)} changes instead of 1"
    (found,) = elsewhere
    assert found.transaction.id == pending.transaction.id, "pending: another process sees another transaction"
    assert found.transaction.changes == pending.transaction.changes, "pending: another process sees other changes"
    for one in (found, pending):  # also a repeated rollback
        check_outcome(one.rollback(), Result.ROLLED_BACK)
        assert example.read_state() == before, "rollback: the host is not as before"
    _check_is_rolled_back(action, pending)


def _check_end_of_window(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    before = example.read_state()
    seconds = example.shortest_window_seconds
    pending = _begin(action, example.change, seconds)
    assert wait_until(lambda: _is_state(example, before), seconds + LATENESS_SECONDS), (
        "not rolled back after its window"
    )
    assert wait_until(lambda: not action.pending(), LATENESS_SECONDS), "still pending after its window"
    _check_is_rolled_back(action, pending)
    example.begin_and_die(seconds)
    is_restored = wait_until(lambda: _is_state(example, before), seconds + LATENESS_SECONDS)
    assert is_restored, "not rolled back after its window, because the process that began it was killed"
    assert wait_until(lambda: not action.pending(), LATENESS_SECONDS), "still pending after its window"


def _check_failure(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    before = example.read_state()
    with raises(ActionRolledBack, "begin of a request that fails half-way") as failures:
        action.begin(example.failing, WINDOW_SECONDS)
    assert failures[0].steps_done, "a request that fails half-way: the error has no steps"
    assert failures[0].detail, "a request that fails half-way: the error has no message"
    assert example.read_state() == before, "a request that fails half-way: the host is not as before"
    assert not action.pending(), "a request that fails half-way is pending"


def _check_commit(action: ReversibleAction[Any], example: ReversibleExample) -> None:
    pending = _begin(action, example.change, WINDOW_SECONDS)
    changed = example.read_state()
    for one in (pending, pending):
        check_outcome(one.commit(), Result.COMMITTED)
        assert example.read_state() == changed, "commit changed the host"
        assert not action.pending(), "commit: still pending"
    with raises(ActionRefused, "rollback after commit") as refusals:
        pending.rollback()
    check_refusal(refusals[0])
    assert example.read_state() == changed, "a refused rollback changed the host"
    preview = example.reopen().preview(example.change)
    assert not preview.changes, "preview: changes for a request that the host fulfils"
    assert not preview.steps, "preview: steps for a request that the host fulfils"
    unchanged = action.begin(example.change, WINDOW_SECONDS)
    assert not unchanged.transaction.changes, "begin: changes for a request that the host fulfils"
    assert not action.pending(), "begin: pending although the host fulfils the request"
    assert unchanged.commit().result is Result.UNCHANGED, "commit: reports a change although there was none"
    assert example.read_state() == changed, "a request that the host fulfils changed it"
    _begin(action, example.revert, WINDOW_SECONDS).commit()


def _begin(action: ReversibleAction[Any], request: Any, seconds: float) -> Pending:
    preview = action.preview(request)
    pending = action.begin(request, seconds)
    transaction = pending.transaction
    assert isinstance(transaction, Transaction), "begin: the result has no Transaction"
    assert transaction.changes == preview.changes, "begin: other changes than in the preview"
    names = [step.name for step in transaction.steps_done]
    assert names == [step.name for step in preview.steps], "begin: other steps than in the preview"
    assert transaction.confirm_within_seconds == seconds, "begin: another window than requested"
    assert 0 <= transaction.remaining_seconds <= seconds, "begin: the remaining time is not within the window"
    return pending


def _check_is_rolled_back(action: ReversibleAction[Any], pending: Pending) -> None:
    with raises(ActionRolledBack, "commit after the rollback") as failures:
        pending.commit()
    assert failures[0].detail, "commit after the rollback: the error has no message"
    assert not action.pending(), "still pending after the rollback"


def _is_state(example: ReversibleExample, state: object) -> bool:
    return example.read_state() == state
