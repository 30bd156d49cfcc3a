"""The action table: what can be changed on this host.

Facts and actions are separate tables, as drivers report and actions change. ``HostInfo.actions()`` returns an
``Actions`` with one entry per kind of action. An entry implements one of three protocols:

- ``ReversibleAction`` (network): ``preview``, then ``begin``, which returns a ``Pending`` to commit or to roll back;
- ``IrreversibleAction`` (power, enrol): ``preview``, then ``run``;
- ``TimedAction`` (identify): ``start`` and ``stop``; it always ends by itself.

Requests are records of the model, as are the reports (``hostinfo.model.report``). Every method may raise:

- ActionRefused: a rule forbids the request, and nothing was changed;
- ActionFailed: something was changed; the message states what is true now;
- ActionRolledBack: it was changed and undone.

``hostinfo.testing.check_actions`` checks that an implementation keeps this contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from hostinfo.model.report import Outcome, Preview, Transaction
from hostinfo.record import field, record

Request_contra = TypeVar("Request_contra", contravariant=True)

KINDS = ("network", "identify", "power", "enrol")
"""The kinds of actions; each is an entry of the table."""


class Pending(Protocol):
    """A change that was applied and is rolled back unless it is confirmed in time."""

    @property
    def transaction(self) -> Transaction:
        """The transaction; its remaining time is read with every access."""
        ...

    def commit(self) -> Outcome:
        """Confirm the change and make it persistent, in one step.

        If it is committed already, return the same outcome. ActionRolledBack: it was rolled back before.
        """
        ...

    def rollback(self) -> Outcome:
        """Undo the change.

        If it is rolled back already, return the same outcome. ActionRefused: it was committed before.
        """
        ...


class ReversibleAction(Protocol[Request_contra]):
    """An action that can be undone."""

    def preview(self, request: Request_contra) -> Preview:
        """Return what a request would do, without changing anything."""
        ...

    def begin(self, request: Request_contra, confirm_within_seconds: float) -> Pending:
        """Apply a request, to be confirmed within this time.

        The switch that rolls back (and that survives this process) is armed before the first step. After the last step
        the host is read again; only what is true there counts. If a step fails, those before it are undone, and
        ActionRolledBack names them. If the host already is as requested, the result has no changes and nothing waits.
        One transaction at a time: ActionRefused while another one waits.
        """
        ...

    def pending(self) -> tuple[Pending, ...]:
        """Return the changes that wait for confirmation, including those of other processes and of earlier runs."""
        ...


class IrreversibleAction(Protocol[Request_contra]):
    """An action that cannot be undone."""

    def preview(self, request: Request_contra) -> Preview:
        """Return what a request would do, without changing anything."""
        ...

    def run(self, request: Request_contra) -> Outcome:
        """Carry out a request."""
        ...


class TimedAction(Protocol[Request_contra]):
    """An action that ends by itself."""

    def start(self, request: Request_contra, seconds: float) -> Outcome:
        """Start for so many seconds; it ends then even if this process does not live any more."""
        ...

    def stop(self, request: Request_contra) -> Outcome:
        """End it now. If it is not running, the result is ``unchanged``."""
        ...


@record
class Actions:
    """What can be changed on one host: one entry per kind of action.

    Where an entry is None, ``unsupported_reasons`` has the reason under its name.
    """

    name: str
    """Which host this is, for messages."""
    network: ReversibleAction[Any] | None = None
    """Changes of links, addresses and routes."""
    identify: TimedAction[Any] | None = None
    """Blinking and beeping, to find the host or a part of it."""
    power: IrreversibleAction[Any] | None = None
    """Shutting down and restarting."""
    enrol: IrreversibleAction[Any] | None = None
    """Getting a key or a certificate."""
    unsupported_reasons: Mapping[str, str] = field(default_factory=dict)
    """Kind -> why the entry is None."""


def no_actions(name: str, reason: str) -> Actions:
    """Return a table without entries, with one reason for every kind."""
    return Actions(name=name, unsupported_reasons=dict.fromkeys(KINDS, reason))
