"""Examples of requests for the checks of actions, and how to see from outside what is true on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hostinfo.action import ReversibleAction
from hostinfo.record import record


@record
class ReversibleExample:
    """Requests for a reversible action, and how to see from outside what is true on the host."""

    change: Any
    """A request that changes the host."""
    revert: Any
    """The request that changes the host back."""
    refused: Any
    """A request that a rule forbids."""
    failing: Any = None
    """A request that fails after its first step; None: there is none."""
    read_state: Callable[[], object]
    """Returns what the action changes, read by other means than the action."""
    reopen: Callable[[], ReversibleAction[Any]]
    """Returns the action as another process, or this one after a restart, opens it."""
    begin_and_die: Callable[[float], None]
    """Begins ``change`` with this window in another process, which is killed as soon as ``begin`` returned."""
    shortest_window_seconds: float = 1.0
    """A confirmation window that the action accepts and a check can wait for."""


@record
class IrreversibleExample:
    """Requests for an irreversible action, and how to see from outside what is true on the host."""

    request: Any
    """A request that changes the host."""
    refused: Any
    """A request that a rule forbids."""
    read_state: Callable[[], object]
    """Returns what the action changes, read by other means than the action."""


@record
class TimedExample:
    """Requests for a timed action, and how to see from outside whether it is active."""

    request: Any
    """A request that is accepted."""
    refused: Any
    """A request that a rule forbids."""
    is_active: Callable[[], bool]
    """Whether it is active, found by other means than the action."""
    shortest_seconds: float = 1.0
    """A time that the action accepts and a check can wait for."""
