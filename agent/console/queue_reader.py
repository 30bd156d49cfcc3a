"""Read what agents publish from a queue or stream of the broker, which an operator has made."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from queue import Empty, Queue
from time import monotonic, monotonic_ns
from types import TracebackType
from typing import Self

from hostinfo import Unavailable

from ..qmf import Agent, AgentAnnouncement, DataObject, Indication, Message, Query, parse_agent_message
from ..transport import ConnectionState, TransportOptions, open_transport
from .received_events import ReceivedEvents
from .responses import Update, UpdateKind

OBJECTS_LIMIT = 100_000
"""Objects whose last values are kept, to show what changed: those of 10,000 nodes with ten each."""
AGENTS_LIMIT = 100_000
POLL_SECONDS = 0.2


class QueueReader:
    """Yields the indications of a queue one after the other.

    A message stays in the queue until ``done`` is called for it, so that none is lost with the reader: the broker then
    gives it to another. A stream keeps its messages, and is read from the offset of the options. No agent gets a
    request: agents are known by the heartbeats that are in the queue as well.
    """

    def __init__(self, options: TransportOptions) -> None:
        """`options.queue` names the queue."""
        self.agents: OrderedDict[str, Agent] = OrderedDict()
        """The agents whose heartbeats were in the queue."""
        self._received = ReceivedEvents()
        self._transport = open_transport(options)
        self._messages: Queue[Message] = Queue()  # the broker sends no more than the link's credit
        self._changed = threading.Condition()
        self._current: Message | None = None
        self._state: tuple[ConnectionState, str] | None = None

    def __enter__(self) -> Self:
        """Start to connect."""
        self._transport.start(self._messages.put, self._on_state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self._transport.close()

    def connect(self, seconds: float) -> None:
        """Wait for the connection; raise Unavailable with the reason if there is none at the first attempt."""
        with self._changed:
            self._changed.wait_for(lambda: self._state is not None, seconds)
            if self._state is None or self._state[0] is not ConnectionState.CONNECTED:
                reason = self._state[1] if self._state else f"no connection within {seconds:g} s"
                raise Unavailable("AMQP", reason)

    def read(self, seconds: float | None) -> Iterator[Indication]:
        """Yield the events and objects of agents, for so many seconds (None: for ever)."""
        end = None if seconds is None else monotonic() + seconds
        while end is None or monotonic() < end:
            left = POLL_SECONDS if end is None else min(POLL_SECONDS, max(0.01, end - monotonic()))
            try:
                message = self._messages.get(timeout=left)
            except Empty:
                continue
            match parse_agent_message(message):
                case Indication() if self._received.is_repeated(message):
                    pass
                case Indication() as indication:
                    self._current = message
                    yield indication
                    continue
                case AgentAnnouncement() as announcement:
                    _remember(self.agents, announcement.agent, Agent(announcement, monotonic_ns()), AGENTS_LIMIT)
            self._transport.settle(message)

    def done(self) -> None:
        """Remove the message of the last indication from the queue; a stream keeps it."""
        if self._current is not None:
            self._transport.settle(self._current)
            self._current = None

    def _on_state(self, state: ConnectionState, text: str) -> None:
        with self._changed:
            self._state = (state, text)
            self._changed.notify_all()


class ObjectChanges:
    """Reports which objects of a query were added, changed or deleted, by what agents publish about them."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._known: OrderedDict[tuple[str, str], dict[str, object]] = OrderedDict()

    def updates(self, indication: Indication) -> Iterator[Update]:
        """Yield the updates of one indication; an object that was not seen before counts as added."""
        for item in indication.items:
            if not isinstance(item, DataObject) or not self._query.matches(item):
                continue
            key = (indication.agent, str(item.object_id))
            values = dict(item.values)
            old = self._known.get(key)
            if item.is_deleted:
                self._known.pop(key, None)
                yield Update(agent=indication.agent, item=item, kind=UpdateKind.DELETED)
                continue
            _remember(self._known, key, values, OBJECTS_LIMIT)
            changed = (
                values if old is None else {name: value for name, value in values.items() if old.get(name) != value}
            )
            if old is None or changed:
                kind = UpdateKind.ADDED if old is None else UpdateKind.CHANGED
                yield Update(agent=indication.agent, item=item, kind=kind, changed=changed)


def _remember(known: OrderedDict, key: object, value: object, limit: int) -> None:  # type: ignore[type-arg]
    """Keep a value, and forget the one that was updated longest ago if there are too many."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > limit:
        known.popitem(last=False)
