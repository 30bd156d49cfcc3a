"""The contract of actions, as functions that raise AssertionError where an implementation breaks it.

A check changes the host that it runs on, and restores it. Run it where that is harmless: in a temporary folder, a
network namespace or a virtual machine.
"""

from __future__ import annotations

from typing import Any

from hostinfo.action import KINDS, Actions, IrreversibleAction, TimedAction
from hostinfo.errors import ActionRefused
from hostinfo.model.report import Preview, Result
from hostinfo.testing.assertions import (
    LATENESS_SECONDS,
    WINDOW_SECONDS,
    check_outcome,
    check_refusal,
    raises,
    wait_until,
)
from hostinfo.testing.examples import IrreversibleExample, ReversibleExample, TimedExample
from hostinfo.testing.reversible_contract import check_reversible


def check_actions(
    actions: Actions,
    *,
    network: ReversibleExample | None = None,
    identify: TimedExample | None = None,
    power: IrreversibleExample | None = None,
    enrol: IrreversibleExample | None = None,
) -> None:
    """Check the table, and every action for which there is an example.

    - Every kind has an entry, or a reason why it has none.
    - Every entry keeps the contract of its protocol: see ``check_reversible``, ``check_irreversible``, ``check_timed``.
    """
    assert actions.name, "a table of actions has a name"
    for kind in KINDS:
        is_offered, has_reason = getattr(actions, kind) is not None, bool(actions.unsupported_reasons.get(kind))
        assert is_offered or has_reason, f"{kind}: neither offered nor a reason why it is unsupported"
        assert not (is_offered and has_reason), f"{kind}: offered, and a reason why it is unsupported"
    assert set(actions.unsupported_reasons) <= set(KINDS), "reasons for kinds that do not exist"
    for kind, example in (("network", network), ("identify", identify), ("power", power), ("enrol", enrol)):
        assert example is None or getattr(actions, kind) is not None, f"{kind}: an example, and it is not offered"
    if actions.network is not None and network is not None:
        check_reversible(actions.network, network)
    if actions.identify is not None and identify is not None:
        check_timed(actions.identify, identify)
    if actions.power is not None and power is not None:
        check_irreversible(actions.power, power)
    if actions.enrol is not None and enrol is not None:
        check_irreversible(actions.enrol, enrol)


def check_irreversible(action: IrreversibleAction[Any], example: IrreversibleExample) -> None:
    """Check an action that cannot be undone, and carry it out.

    - ``preview`` changes nothing, and returns the same each time.
    - A refused request changes nothing, and the refusal has a message and no steps.
    - ``run`` changes the host and reports its steps.
    """
    before = example.read_state()
    preview = action.preview(example.request)
    assert isinstance(preview, Preview), "preview: not a Preview"
    assert preview.steps, "preview: no steps"
    assert preview == action.preview(example.request), "preview: differs the second time"
    for attempt in (action.preview, action.run):
        with raises(ActionRefused, "a forbidden request") as refusals:
            attempt(example.refused)
        check_refusal(refusals[0])
    assert example.read_state() == before, "preview or a refused request changed the host"
    outcome = action.run(example.request)
    check_outcome(outcome, Result.DONE)
    assert example.read_state() != before, "run: the host is as before"


def check_timed(action: TimedAction[Any], example: TimedExample) -> None:
    """Check an action that ends by itself.

    - ``start`` activates it, and ``stop`` ends it; a second ``stop`` reports ``unchanged``.
    - It ends when its time is over.
    - A refused request, and a time that is not positive or not finite, activate nothing.
    """
    assert not example.is_active(), "active before the check"
    for request, seconds in (
        (example.refused, WINDOW_SECONDS), (example.request, 0.0), (example.request, -1.0),
        (example.request, float("nan")), (example.request, float("inf")),
    ):  # fmt: skip
        with raises(ActionRefused, f"a forbidden request, or {seconds} s") as refusals:
            action.start(request, seconds)
        check_refusal(refusals[0])
        assert not example.is_active(), f"active after a refusal ({seconds} s)"
    check_outcome(action.start(example.request, WINDOW_SECONDS), Result.STARTED)
    assert example.is_active(), "start: not active"
    check_outcome(action.stop(example.request), Result.STOPPED)
    assert not example.is_active(), "stop: still active"
    assert action.stop(example.request).result is Result.UNCHANGED, "stop: nothing was active, and it reports a change"
    check_outcome(action.start(example.request, example.shortest_seconds), Result.STARTED)
    is_over = wait_until(lambda: not example.is_active(), example.shortest_seconds + LATENESS_SECONDS)
    assert is_over, "still active after its time"
