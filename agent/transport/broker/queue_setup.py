"""The queue of one connection to a broker whose queues its clients declare: pure decisions over plain values.

All bindings of the connection lead to one queue, which only this connection may consume, and which ends with it. The
requests are sent without waiting for each other: the broker executes them in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connection_actions import Action, AttachReceiver, Fail, OpenManagement, ReportRepaired, Request
from .management import ManagementRequest, bind, declare_exchange, declare_queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class QueueSetup:
    """Declares the exchanges, the queue and its bindings; then the queue's receiver is attached.

    An exchange that this user may not declare may exist all the same: that is an error only if a binding fails.
    """

    def __init__(self, queue: str, receiver: AttachReceiver, exchanges: Mapping[str, str]) -> None:
        """`exchanges`: the names with their types."""
        self._queue, self._receiver = queue, receiver
        self._exchanges = {declare_exchange(name, kind) for name, kind in exchanges.items()}
        self._waiting: dict[int, ManagementRequest] = {}
        """Requests without response, by number, in the order in which they were sent."""
        self._numbers = 0
        self._refusals: list[str] = []
        self._is_attached = self._is_repairing = False

    def start(self, subscriptions: Iterable[tuple[str, str]]) -> list[Action]:
        """Open the management node, and declare everything for these pairs of exchange and key."""
        exchanges = sorted(self._exchanges, key=lambda request: request.path)
        bindings = [bind(exchange, key, self._queue) for exchange, key in subscriptions]
        requests = [*exchanges, declare_queue(self._queue), *bindings]
        return [OpenManagement(), *map(self._request, requests)]

    def subscribe(self, exchange: str, key: str) -> list[Action]:
        """Add a binding."""
        return [self._request(bind(exchange, key, self._queue))]

    def repair(self, subscriptions: Iterable[tuple[str, str]]) -> list[Action]:
        """Declare these bindings again; no more than a request for each if they are there."""
        requests = [bind(exchange, key, self._queue) for exchange, key in subscriptions]
        self._is_repairing = bool(requests)
        return [self._request(request) for request in requests] or [ReportRepaired()]

    def on_response(self, number: int, status: int, text: str) -> list[Action]:
        """Note the response to a request: an HTTP status, and the text of an error."""
        request = self._waiting.pop(number, None)
        if request is None:
            return []
        if not 200 <= status < 300:
            refusal = f"the broker did not {request.purpose}: {text or status}"
            if request not in self._exchanges:
                return [Fail("amqp:not-allowed", "; ".join([refusal, *self._refusals]))]
            self._refusals.append(refusal)
        return self._attach_when_done()

    def on_end(self, reason: str) -> list[Action]:
        """Note that the broker ended the session, as RabbitMQ does when it refuses a request; send the others again."""
        if not self._waiting:
            return [Fail("amqp:session", f"the broker ended the management session: {reason}")]
        refused, *others = self._waiting.values()
        refusal = f"the broker did not {refused.purpose}: {reason}"
        if refused not in self._exchanges:
            return [Fail("amqp:not-allowed", "; ".join([refusal, *self._refusals]))]
        self._refusals.append(refusal)
        self._waiting.clear()
        return [OpenManagement(), *map(self._request, others)]

    def _request(self, request: ManagementRequest) -> Request:
        self._numbers += 1
        self._waiting[self._numbers] = request
        return Request(self._numbers, request.method, request.path, request.body)

    def _attach_when_done(self) -> list[Action]:
        if self._waiting:
            return []
        if self._is_attached:
            repaired, self._is_repairing = self._is_repairing, False
            return [ReportRepaired()] if repaired else []
        self._is_attached = True
        return [self._receiver]
