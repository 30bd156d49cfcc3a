"""Assertions that the checks of all actions share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hostinfo.errors import ActionError
from hostinfo.model.report import Outcome, Result

WINDOW_SECONDS = 60.0
"""A time that does not end during a check."""
LATENESS_SECONDS = 10.0
"""How long after its time something may end by itself."""


def check_outcome(outcome: Outcome, result: Result) -> None:
    """Check that an action reports this result, and what it did."""
    assert isinstance(outcome, Outcome), f"{result}: not an Outcome"
    assert outcome.result is result, f"{outcome.result}: expected {result}"
    assert any(step.error is None for step in outcome.steps), f"{result}: no step that succeeded"


def check_refusal(refusal: ActionError) -> None:
    """Check that a refusal has a message, and nothing was done before it."""
    assert refusal.detail, "a refusal has no message"
    assert not refusal.steps_done, "a refusal has steps: something was changed"


@contextmanager
def raises(kind: type[ActionError], what: str) -> Iterator[list[ActionError]]:
    """Assert that the block raises an error of this class, and put it into the list."""
    caught: list[ActionError] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    except ActionError as error:
        raise AssertionError(f"{what}: expected {kind.__name__}, got {error.kind}: {error}") from error
    else:
        raise AssertionError(f"{what}: expected {kind.__name__}")


def wait_until(is_over: Callable[[], bool], seconds: float) -> bool:
    """Return whether something became true within this time."""
    deadline = time.monotonic() + seconds
    while not is_over():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
