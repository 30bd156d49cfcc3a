"""Changes of the network by way of the service, for users who are not root."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hostinfo.action import Pending
from hostinfo.errors import ActionFailed, ActionRefused, HostInfoError
from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Change, Outcome, Preview, Step, Transaction, TransactionReport, TransactionState
from hostinfo.record import record, replace
from hostinfo.varlink import client
from hostinfo.varlink.errors import Disconnected, ProtocolError, VarlinkError

from ..network.document import parse_state, to_document
from ..network.pending import Unchanged
from ..network.record_json import from_json
from ..network.transaction import DEFAULT_SECONDS
from . import INTERFACE, SOCKET, UNIT
from .errors import from_varlink

READ_SECONDS = 60.0
"""Longest wait for the reply to a call that changes nothing."""
DECIDE_SECONDS = 180.0
"""Longest wait for a commit or rollback: it may wait for a process that hangs, verify, and restore."""
BEGIN_SECONDS = 300.0
"""Longest wait for the end of the steps of a change, and of their rollback, in addition to the window."""
DECIDED = (TransactionState.CONFIRMED, TransactionState.ROLLED_BACK, TransactionState.UNKNOWN)


@record
class ServicePreview:
    """What a request would do, as ``NetworkAction.prepare`` returns it."""

    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    cut_off: tuple[str, ...]
    affected: tuple[str, ...]


class ServiceNetwork:
    """Changes the network by way of the service; implements ``hostinfo.action.ReversibleAction``.

    ``peers`` are the addresses of those who must still reach the host, ``on_behalf_of`` is the user of another system
    for whom this one acts. Every method may raise ActionRefused: the service is not reachable, or its policy does not
    allow the call.
    """

    def __init__(self, path: str = SOCKET, *, peers: Sequence[str] = (), on_behalf_of: str | None = None) -> None:
        self.path = path
        self._peers = list(peers)
        self._on_behalf_of = on_behalf_of

    def preview(self, request: Any) -> Preview:
        """Return what a request would do, without changing anything."""
        found = self.prepare(request)
        cut_off = tuple(f"whoever is connected over {link}" for link in found.cut_off)
        return Preview(changes=found.changes, steps=found.steps, affected=(*cut_off, *found.affected))

    def prepare(self, request: Any) -> ServicePreview:
        """Return what a request would do, with the links of the management path."""
        reply = self.call("PreviewNetwork", {"state": to_document(request), "peers": self._peers})
        return from_json(ServicePreview, reply)

    def begin(
        self, request: Any, confirm_within_seconds: float = DEFAULT_SECONDS, *, is_forced: bool = False
    ) -> Pending:
        """Apply a request, to be confirmed within this time."""
        if not 0 <= confirm_within_seconds < float("inf"):  # JSON has neither infinity nor NaN
            raise ActionRefused(f"{confirm_within_seconds:g} s", "a confirmation window is a number of seconds")
        parameters = {
            "state": to_document(request),
            "confirm_within_seconds": confirm_within_seconds,
            "is_forced": is_forced,
            "peers": self._peers,
            "on_behalf_of": self._on_behalf_of,
        }
        reply = self.call("BeginNetwork", parameters, BEGIN_SECONDS + confirm_within_seconds, is_change=True)
        transaction = from_json(Transaction, reply["transaction"])
        return ServicePending(self, transaction) if transaction.changes else Unchanged(confirm_within_seconds)

    def pending(self) -> tuple[ServicePending, ...]:
        """Return the transaction that is undecided, if there is one."""
        reports = self.call("PendingNetwork", {})["transactions"]
        return tuple(self._pending(from_json(TransactionReport, report)) for report in reports)

    def find(self, name: str) -> ServicePending:
        """Return a transaction of any state by its ID. ActionRefused: there is none of this ID."""
        return self._pending(self.report(name))

    def history(self) -> tuple[TransactionReport, ...]:
        """Return all transactions that are recorded, oldest first."""
        reports = self.call("NetworkHistory", {})["transactions"]
        return tuple(from_json(TransactionReport, report) for report in reports)

    def read(self) -> NetworkState:
        """Return the state in force, complete."""
        return parse_state(self.call("GetNetwork", {})["state"], "network state")

    def report(self, name: str) -> TransactionReport:
        """Return what is recorded of a transaction now."""
        return from_json(TransactionReport, self.call("GetNetworkTransaction", {"id": name})["report"])

    def recover(self) -> tuple[TransactionReport, ...]:
        """Refuse: what was not confirmed before a restart is rolled back by root, at boot."""
        raise ActionRefused("recover", "it needs root")

    def decide(self, method: str, name: str) -> Outcome:
        """Commit or roll back a transaction."""
        parameters = {"id": name, "on_behalf_of": self._on_behalf_of}
        return from_json(Outcome, self.call(method, parameters, DECIDE_SECONDS, is_change=True)["outcome"])

    def call(
        self, method: str, parameters: Mapping[str, Any], seconds: float = READ_SECONDS, *, is_change: bool = False
    ) -> dict[str, Any]:
        """Call a method of the service. ActionError: what it replied, or why it did not reply."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._run(lambda: client.call(self.path, f"{INTERFACE}.{method}", given, seconds), is_change=is_change)

    def follow(self, name: str) -> client.Client:
        """Return a connection on which reports of a transaction arrive. OSError, Disconnected: no service."""
        connection = client.Client(self.path, READ_SECONDS)
        connection.send(f"{INTERFACE}.GetNetworkTransaction", {"id": name}, more=True)
        return connection

    def _run(self, call: Callable[[], dict[str, Any]], *, is_change: bool) -> dict[str, Any]:
        try:
            return call()
        except VarlinkError as error:
            raise from_varlink(error) from error
        except TimeoutError as error:
            problem: HostInfoError = ActionRefused(self.path, "the service did not reply in time")
            if is_change:
                problem = _unknown(self.path, "the service did not reply in time")
            raise problem from error
        except OSError as error:
            detail = f"{error.strerror or error}; changes need root, or `systemctl enable --now {UNIT}`"
            raise ActionRefused(self.path, detail) from error
        except (Disconnected, ProtocolError) as error:
            detail = str(error) or "the service closed the connection"
            raise (_unknown(self.path, detail) if is_change else ActionRefused(self.path, detail)) from error

    def _pending(self, report: TransactionReport) -> ServicePending:
        transaction = Transaction(
            id=report.id,
            changes=report.changes,
            steps_done=tuple(step for step in report.steps if step.error is None),
            confirm_within_seconds=report.confirm_within_seconds,
            remaining_seconds=report.remaining_seconds,
        )
        return ServicePending(self, transaction)


class ServicePending:
    """A transaction to confirm or to roll back; implements ``hostinfo.action.Pending``."""

    def __init__(self, network: ServiceNetwork, transaction: Transaction) -> None:
        self._network = network
        self._transaction = transaction
        self._connection: client.Client | None = None
        self._report: TransactionReport | None = None
        self._report_time = 0.0

    @property
    def transaction(self) -> Transaction:
        """The transaction; its remaining time is read with every access."""
        report = self._network.report(self._transaction.id)
        return replace(self._transaction, remaining_seconds=report.remaining_seconds)

    @property
    def report(self) -> TransactionReport:
        """Its state as the service last reported it; the first access subscribes to its changes."""
        if self._report is None or self._report.state not in DECIDED:
            self._receive()
        assert self._report is not None  # noqa: S101 - _receive sets it, or raises
        if self._report.state is not TransactionState.WAITING:
            return self._report
        elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) - self._report_time
        return replace(self._report, remaining_seconds=max(0.0, self._report.remaining_seconds - elapsed))

    def commit(self) -> Outcome:
        """Confirm the change and make it persistent."""
        return self._network.decide("CommitNetwork", self._transaction.id)

    def rollback(self) -> Outcome:
        """Undo the change."""
        return self._network.decide("RollbackNetwork", self._transaction.id)

    def _receive(self) -> None:
        """Take all reports that have arrived; where that fails, read one. The service may have restarted."""
        try:
            if self._connection is None:
                self._connection = self._network.follow(self._transaction.id)
                self._take(client.result(self._connection.receive(READ_SECONDS)))
            while self._report is None or self._report.state not in DECIDED:
                self._take(client.result(self._connection.receive(0)))
        except TimeoutError:  # nothing has changed
            if self._report is not None:
                return
        except (OSError, VarlinkError, Disconnected, ProtocolError):
            self._report = None
        self.close()
        if self._report is None:
            self._take(self._network.call("GetNetworkTransaction", {"id": self._transaction.id}))

    def _take(self, reply: Mapping[str, Any]) -> None:
        self._report = from_json(TransactionReport, reply["report"])
        self._report_time = time.clock_gettime(time.CLOCK_BOOTTIME)

    def close(self) -> None:
        """End the subscription."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        self.close()


def _unknown(path: str, detail: str) -> ActionFailed:
    return ActionFailed(path, f"{detail}; see `hostinfo network status` and `history` for what became of the change")
