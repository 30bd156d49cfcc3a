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


class TransactionState(StrEnum):
    """How far a transaction is."""

    PLANNED = "planned"
    """Recorded; nothing was changed yet."""
    APPLYING = "applying"
    """Steps are being carried out, or their result is being verified."""
    WAITING = "waiting"
    """Applied and verified; it waits for confirmation."""
    CONFIRMING = "confirming"
    """Confirmed in time; it is being made persistent."""
    CONFIRMED = "confirmed"
    """Confirmed and persistent."""
    ROLLING_BACK = "rolling-back"
    """The former state is being restored."""
    ROLLED_BACK = "rolled-back"
    """The former state was restored and verified."""
    UNKNOWN = "unknown"
    """The rollback failed: neither the former nor the new state can be relied on."""


@record
class Requester:
    """Who requested a change."""

    user: str
    """Name of the user, or the number if there is no name."""
    uid: int | None = None
    """User ID on this host; None: the user is not one of this host."""
    peer: str | None = None
    """Connection by which the request came; None: it was made in this process."""
    on_behalf_of: str | None = None
    """User of another system for whom this user acts, as this user states; None: the user acts for itself."""


@record
class TransactionReport:
    """A transaction from its beginning to its end, as it is recorded."""

    id: str
    """Name of the transaction, unique on this host."""
    state: TransactionState
    """How far it is."""
    reason: str | None = None
    """Why it was rolled back, or why its state is unknown; None: neither."""
    requester: Requester
    """Who began it."""
    begun_at: str
    """Date and time (UTC) of its beginning by the wall clock."""
    changed_at: str
    """Date and time (UTC) of the last change of its state."""
    backend: str
    """Network service that was changed."""
    confirm_within_seconds: float
    """Length of the confirmation window; 0: it was confirmed without waiting."""
    remaining_seconds: float
    """Time left when this was read; 0: it is decided, or is being rolled back."""
    changes: tuple[Change, ...] = ()
    """Differences that were requested."""
    steps: tuple[Step, ...] = ()
    """Steps that were attempted; the one that failed, or did not end, has an ``error``."""
    rollback_steps: tuple[Step, ...] = ()
    """Steps of the rollback, as far as they were recorded."""
