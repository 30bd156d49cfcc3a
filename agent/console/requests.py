"""Requests to many agents at once, a bounded number in flight, until all have responded or the deadline passes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Self

from ..qmf import (
    Failure,
    Message,
    MethodResult,
    PendingRequest,
    Query,
    RequestBuilder,
    SchemaId,
    SchemaV1,
    SubscribeResponse,
)
from .dispatcher import Dispatcher, Stream
from .responses import Response

WINDOW = 256
"""Requests in flight: it bounds what waits for this console at a broker, which drops the oldest messages first."""
REPLY_WINDOW_SECONDS = 1.0
"""A request without response for so long no longer counts as in flight, so that it does not delay others."""
RETRY_SECONDS = 0.05
WAIT_SECONDS = 0.5

Build = Callable[[RequestBuilder, str], Message]
Callback = Callable[[Response], None]


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A request: its agent, and how to build the message once its correlation id is known."""

    agent: str
    build: Build
    is_repeatable: bool = True
    """Whether it may be sent again after the connection was lost."""
    stream: Stream | None = None

    @classmethod
    def query(cls, agent: str, query: Query) -> Self:
        """Query objects, ids or schemas."""
        return cls(agent, lambda requests, correlation: requests.query(agent, query, correlation))

    @classmethod
    def schema_v1(cls, agent: str, schema_id: SchemaId) -> Self:
        """Request a schema with QMFv1."""
        return cls(agent, lambda requests, correlation: requests.schema_v1(agent, schema_id, int(correlation)))

    @classmethod
    def subscribe(cls, agent: str, query: Query, interval_ms: int, stream: Stream) -> Self:
        """Subscribe; the stream gets the indications."""
        return cls(
            agent,
            lambda requests, correlation: requests.subscribe(agent, query, correlation, interval_ms=interval_ms),
            stream=stream,
        )

    @classmethod
    def refresh(cls, agent: str, subscription_id: str) -> Self:
        """Extend a subscription."""
        return cls(agent, lambda requests, correlation: requests.refresh(agent, subscription_id, correlation))


@dataclass(slots=True)
class _Sent:
    index: int
    request: PendingRequest
    since: float
    connection: int


def send_requests(
    dispatcher: Dispatcher,
    specs: Iterable[RequestSpec],
    seconds: float,
    callback: Callback = lambda _response: None,
) -> list[tuple[Response, str]]:
    """Send requests; return each response with its correlation id, in the order of the requests.

    A response that was not received in time is incomplete. If the connection is lost and restored, repeatable requests
    are sent again. `callback` gets each response as it completes.
    """
    batch = _RequestBatch(dispatcher, list(specs), monotonic() + seconds, callback)
    try:
        batch.run()
    finally:
        batch.finish()
    return batch.responses


class _RequestBatch:
    def __init__(self, dispatcher: Dispatcher, specs: list[RequestSpec], deadline: float, callback: Callback) -> None:
        self._dispatcher, self._specs, self._deadline, self._callback = dispatcher, specs, deadline, callback
        self._waiting = deque(range(len(specs)))
        self._sent: dict[str, _Sent] = {}
        self._completed: SimpleQueue[PendingRequest] = SimpleQueue()
        self.responses = [(Response(agent=spec.agent), "") for spec in specs]

    def run(self) -> None:
        """Send and collect until all have responded or the deadline passes."""
        while self._waiting or self._sent:
            left = self._deadline - monotonic()
            if left <= 0:
                return
            self._requeue_lost()
            self._send()
            self._collect(min(left, RETRY_SECONDS if self._waiting else WAIT_SECONDS))

    def finish(self) -> None:
        """Cancel what is in flight; keep the received parts of incomplete responses."""
        for sent in self._sent.values():
            self._dispatcher.cancel(sent.request)
            agent = self._specs[sent.index].agent
            response = Response(agent=agent, items=tuple(sent.request.items), dropped=sent.request.dropped)
            self.responses[sent.index] = response, sent.request.correlation
        self._sent.clear()

    def _send(self) -> None:
        now = monotonic()
        in_flight = sum(now - sent.since < REPLY_WINDOW_SECONDS for sent in self._sent.values()) if self._waiting else 0
        while self._waiting and in_flight < WINDOW:
            index = self._waiting[0]
            spec = self._specs[index]
            request = self._dispatcher.register(spec.agent, self._completed, spec.stream)
            connection = self._dispatcher.connections
            if not self._dispatcher.transport.send(spec.build(self._dispatcher.requests, request.correlation)):
                self._dispatcher.cancel(request)  # not connected: try again later
                return
            self._waiting.popleft()
            self._sent[request.correlation] = _Sent(index, request, now, connection)
            in_flight += 1

    def _collect(self, seconds: float) -> None:
        try:
            request = self._completed.get(timeout=seconds)
            while True:
                self._complete(request)
                request = self._completed.get_nowait()
        except Empty:
            return

    def _complete(self, request: PendingRequest) -> None:
        sent = self._sent.pop(request.correlation, None)
        if sent is None:
            return
        response = _response(self._specs[sent.index].agent, request)
        self.responses[sent.index] = response, request.correlation
        self._callback(response)

    def _requeue_lost(self) -> None:
        """Send again what was sent over a connection that was lost."""
        connection = self._dispatcher.connections
        for sent in [sent for sent in self._sent.values() if sent.connection != connection]:
            if self._specs[sent.index].is_repeatable:
                self._dispatcher.cancel(sent.request)
                del self._sent[sent.request.correlation]
                self._waiting.appendleft(sent.index)


def _response(agent: str, request: PendingRequest) -> Response:
    result = request.result
    items = (*request.items, result.schema) if isinstance(result, SchemaV1) else tuple(request.items)
    return Response(
        agent=agent,
        items=items,
        arguments=result.arguments if isinstance(result, MethodResult) else None,
        failure=result if isinstance(result, Failure) else None,
        subscribed=result if isinstance(result, SubscribeResponse) else None,
        is_complete=True,
        dropped=request.dropped,
    )
