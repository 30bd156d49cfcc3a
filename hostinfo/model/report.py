"""What an action would do, what it did, and what waits for confirmation."""

from __future__ import annotations

from enum import StrEnum

from hostinfo.record import record


class Result(StrEnum):
    """How an action ended."""

    UNCHANGED = "unchanged"
    """The host already was as requested."""
    COMMITTED = "committed"
    """The change was confirmed and is persistent."""
    ROLLED_BACK = "rolled-back"
    """The change was undone."""
    DONE = "done"
    """An action that cannot be undone was carried out."""
    STARTED = "started"
    """An action that ends by itself was started."""
    STOPPED = "stopped"
    """An action that ends by itself was ended early."""


@record
class Change:
    """One difference between the host as it is and as requested."""

    path: str
    """What differs, such as bond0.mtu."""
    old: str | None = None
    """Present value; None: it does not exist yet."""
    new: str | None = None
    """Requested value; None: it is removed."""


@record
class Step:
    """One step of an action, planned or carried out."""

    name: str
    """What is done, unique within the action: create bond0."""
    target: str
    """What it acts on: a path, a link, a service."""
    error: str | None = None
    """Why it failed; None: it is planned, or was carried out."""


@record
class Preview:
    """What a request would do."""

    changes: tuple[Change, ...] = ()
    """Differences that would be made; empty: the host already is as requested."""
    steps: tuple[Step, ...] = ()
    """Steps in the order in which they would be carried out."""
    affected: tuple[str, ...] = ()
    """Who would lose connectivity or be stopped: peers, guests, services."""


@record
class Transaction:
    """A change that was applied and waits for confirmation."""

    id: str
    """Name of the transaction, unique on this host."""
    changes: tuple[Change, ...] = ()
    """Differences that were made; empty: the host already was as requested, and nothing waits."""
    steps_done: tuple[Step, ...] = ()
    """Steps that were carried out, in this order."""
    confirm_within_seconds: float
    """Length of the confirmation window."""
    remaining_seconds: float
    """Time left when this was read; 0: the change is being rolled back."""


@record
class Outcome:
    """What an action did."""

    result: Result
    """How it ended."""
    steps: tuple[Step, ...] = ()
    """Steps that were attempted, in this order; those that failed have an ``error``."""
    transaction: str | None = None
    """Name of the transaction; None: the action has none."""
