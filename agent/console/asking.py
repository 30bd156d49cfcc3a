"""Asks many agents at once, a bounded number at a time, until all answered or the deadline comes."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Self

from ..qmf import (
    Failure,
    Indication,
    Message,
    MethodResult,
    PendingRequest,
    Query,
    RequestBuilder,
    SchemaId,
    SchemaV1,
    SubscribeResponse,
)
from .answers import Answer
from .post import Post

WINDOW = 256
"""Requests under way at once: what waits for this console at a broker is bounded, and the oldest would go."""
PATIENCE_SECONDS = 1.0
"""An agent that is silent for so long no longer keeps others from being asked."""
PAUSE_SECONDS = 0.05
BROKER = "broker"

Build = Callable[[RequestBuilder, str], Message]
Progress = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One request: whom to ask, and how to write it once its correlation id is known."""

    agent: str
    build: Build
    is_repeatable: bool = True
    stream: "SimpleQueue[Indication] | None" = None

    @classmethod
    def query(cls, agent: str, query: Query) -> Self:
        """Ask for objects, ids or schemas."""
        return cls(agent, lambda requests, correlation: requests.query(agent, query, correlation))

    @classmethod
    def schema_v1(cls, agent: str, schema_id: SchemaId) -> Self:
        """Ask for a schema in the old way."""
        return cls(agent, lambda requests, correlation: requests.schema_v1(agent, schema_id, int(correlation)))

    @classmethod
    def subscribe(cls, agent: str, query: Query, interval_ms: int, stream: "SimpleQueue[Indication]") -> Self:
        """Subscribe; what the agent then tells goes to the stream."""
        return cls(
            agent,
            lambda requests, correlation: requests.subscribe(agent, query, correlation, interval_ms=interval_ms),
            stream=stream,
        )

    @classmethod
    def refresh(cls, agent: str, subscription_id: str) -> Self:
        """Keep a subscription."""
        return cls(agent, lambda requests, correlation: requests.refresh(agent, subscription_id, correlation))


@dataclass(slots=True)
class _Sent:
    index: int
    request: PendingRequest
    since: float
    connection: int


def ask(
    post: Post, jobs: Iterable[Job], seconds: float, on_answer: Progress = lambda _answer: None
) -> list[tuple[Answer, str]]:
    """Give the answer to each job with its correlation id, in their order.

    Who did not answer has one that is not complete. What may be repeated is, after the connection was lost and came
    back.
    """
    asking = _Asking(post, list(jobs), monotonic() + seconds, on_answer)
    try:
        asking.run()
    finally:
        asking.end()
    return asking.answers


class _Asking:
    def __init__(self, post: Post, jobs: list[Job], deadline: float, on_answer: Progress) -> None:
        self._post, self._jobs, self._deadline, self._on_answer = post, jobs, deadline, on_answer
        self._waiting = deque(range(len(jobs)))
        self._sent: dict[str, _Sent] = {}
        self._done: SimpleQueue[PendingRequest] = SimpleQueue()
        self.answers = [(Answer(agent=job.agent), "") for job in jobs]

    def run(self) -> None:
        """Send and collect."""
        while self._waiting or self._sent:
            left = self._deadline - monotonic()
            if left <= 0:
                return
            self._repeat()
            self._send()
            self._collect(min(left, PAUSE_SECONDS if self._waiting else 0.5))

    def end(self) -> None:
        """Wait for nobody any longer; what came of unfinished answers is kept."""
        for sent in self._sent.values():
            self._post.drop(sent.request)
            answer = Answer(
                agent=self._jobs[sent.index].agent, items=tuple(sent.request.items), dropped=sent.request.dropped
            )
            self.answers[sent.index] = answer, sent.request.correlation
        self._sent.clear()

    def _send(self) -> None:
        now = monotonic()
        young = sum(now - sent.since < PATIENCE_SECONDS for sent in self._sent.values()) if self._waiting else 0
        while self._waiting and young < WINDOW:
            index = self._waiting[0]
            job = self._jobs[index]
            request = self._post.expect("" if job.agent == BROKER else job.agent, self._done, job.stream)
            connection = self._post.connections
            if not self._post.transport.send(job.build(self._post.requests, request.correlation)):
                self._post.drop(request)  # not connected: later
                return
            self._waiting.popleft()
            self._sent[request.correlation] = _Sent(index, request, now, connection)
            young += 1

    def _collect(self, seconds: float) -> None:
        try:
            request = self._done.get(timeout=seconds)
            while True:
                self._take(request)
                request = self._done.get_nowait()
        except Empty:
            return

    def _take(self, request: PendingRequest) -> None:
        sent = self._sent.pop(request.correlation, None)
        if sent is None:
            return
        answer = _answer(self._jobs[sent.index].agent, request)
        self.answers[sent.index] = answer, request.correlation
        self._on_answer(answer)

    def _repeat(self) -> None:
        """Ask again what was asked on a connection that is gone."""
        connection = self._post.connections
        for sent in [sent for sent in self._sent.values() if sent.connection != connection]:
            if self._jobs[sent.index].is_repeatable:
                self._post.drop(sent.request)
                del self._sent[sent.request.correlation]
                self._waiting.appendleft(sent.index)


def _answer(agent: str, request: PendingRequest) -> Answer:
    result = request.result
    items = (*request.items, result.schema) if isinstance(result, SchemaV1) else tuple(request.items)
    return Answer(
        agent=agent,
        items=items,
        arguments=result.arguments if isinstance(result, MethodResult) else None,
        failure=result if isinstance(result, Failure) else None,
        subscribed=result if isinstance(result, SubscribeResponse) else None,
        is_complete=True,
        dropped=request.dropped,
    )
