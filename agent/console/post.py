"""The console's letter box: one thread reads what the transport hands over, and gives it to who waits for it.

The transport's thread does no more than to put a message into the box: reading 10,000 objects takes a second, in which
the connection must stay alive. Nor does the box's thread call anybody: who waits has a queue of his own.
"""

import logging
import threading
import uuid
from contextlib import suppress
from dataclasses import replace
from queue import Empty, Full, Queue, SimpleQueue
from time import monotonic, monotonic_ns

from hostinfo import Unavailable

from ..qmf import (
    Agent,
    AgentAnnouncement,
    AgentTable,
    AgentTransition,
    Indication,
    Message,
    PendingRequest,
    PendingRequests,
    RequestBuilder,
    SchemaId,
    parse_agent_message,
)
from ..qmf.schema.v1 import SCHEMA_RESPONSE_MAGIC
from ..qmf.wire.addresses import HEARTBEAT_BINDING, topic_exchange
from ..qmf.wire.message import AGENT_KEY
from ..transport import ConnectionState
from .answers import AgentNews, Life

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..transport import Transport

_logger = logging.getLogger(__name__)
MAX_WAITING = 50_000
MAX_CLASSES = 4_096
News = AgentNews | Indication
_LIVES = {
    AgentTransition.ADDED: Life.ADDED,
    AgentTransition.RESTARTED: Life.RESTARTED,
    AgentTransition.SCHEMA_CHANGED: Life.SCHEMA_CHANGED,
    AgentTransition.REFRESHED: Life.REFRESHED,
}


class Post:
    """Sends requests, and sorts what comes back. Every method may be called from any thread."""

    def __init__(self, transport: "Transport", domain: str) -> None:
        self.transport = transport
        self.domain = domain
        self.dropped = 0
        self.connections = 0  # made so far: answers asked for on an earlier one may never come
        self.located_at = 0.0  # when the last answer to a locate request came
        self._key = f"direct-console.{uuid.uuid4()}"
        self._changed = threading.Condition()
        self._state: ConnectionState | None = None
        self._reason = ""
        self._failures = 0
        self._agents = AgentTable()
        self._pending = PendingRequests()
        self._waiters: dict[str, tuple[str, SimpleQueue[PendingRequest]]] = {}  # correlation: whom was asked, who waits
        self._streams: dict[str, SimpleQueue[Indication]] = {}
        self._listeners: list[Queue[News]] = []
        self._classes: dict[str, dict[SchemaId, None]] = {}
        self._bound: set[str] = set()
        self._box: SimpleQueue[Message | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hostinfo-console", daemon=True)

    def start(self) -> None:
        """Connect, and begin to read."""
        self.transport.subscribe(topic_exchange(self.domain), self._key)
        self.bind(HEARTBEAT_BINDING)
        self.transport.start(self._put, self._told)
        self._thread.start()

    def close(self) -> None:
        """Disconnect, and end the thread."""
        self.transport.close()
        self._box.put(None)
        if self._thread.is_alive():
            self._thread.join(5)

    def bind(self, key: str) -> None:
        """Receive what agents tell everybody under this key."""
        with self._changed:
            if key in self._bound:
                return
            self._bound.add(key)
        self.transport.subscribe(topic_exchange(self.domain), key)

    def connect(self, seconds: float, tries: int) -> None:
        """Wait for the connection; Unavailable says why there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_settled(tries), seconds)
            if self._state is not ConnectionState.CONNECTED:
                raise Unavailable("AMQP", self._reason or f"no connection within {seconds:g} s")

    def _is_settled(self, tries: int) -> bool:
        return self._state in (ConnectionState.CONNECTED, ConnectionState.REFUSED) or self._failures >= tries

    @property
    def requests(self) -> RequestBuilder:
        """Builds messages that are answered here; made anew each time: another broker may write addresses otherwise."""
        return RequestBuilder(self.transport.reply_to(self._key), domain=self.domain)

    def expect(
        self, agent: str, waiter: "SimpleQueue[PendingRequest]", stream: "SimpleQueue[Indication] | None" = None
    ) -> PendingRequest:
        """Announce a request; when it is complete it goes to `waiter`, indications that belong to it to `stream`."""
        with self._changed:
            request = self._pending.register(agent)
            self._waiters[request.correlation] = (agent, waiter)
            if stream is not None:
                self._streams[request.correlation] = stream
        return request

    def drop(self, request: PendingRequest) -> None:
        """Wait for a request no longer, nor for what belongs to it."""
        with self._changed:
            self._pending.cancel(request)
            self._waiters.pop(request.correlation, None)
            self._streams.pop(request.correlation, None)

    def end_stream(self, correlation: str) -> None:
        """Take no more indications for a subscription."""
        with self._changed:
            self._streams.pop(correlation, None)

    def agents(self) -> list[Agent]:
        """Give all agents that live, as far as known."""
        with self._changed:
            return list(self._agents)

    def agent(self, name: str) -> Agent | None:
        """Find an agent by its name."""
        with self._changed:
            return self._agents.get(name)

    def classes(self, agent: str) -> list[SchemaId]:
        """Give the classes of what an agent without v2 schema sent so far."""
        with self._changed:
            return list(self._classes.get(agent, ()))

    def is_idle(self) -> bool:
        """Tell whether all that came is read."""
        return self._box.empty()

    def listen(self, most: int = 10_000) -> "Queue[News]":
        """Give a queue that gets all news from now on; what it has no room for is dropped and counted."""
        queue: Queue[News] = Queue(most)
        with self._changed:
            self._listeners.append(queue)
        return queue

    def unlisten(self, queue: "Queue[News]") -> None:
        """Fill a queue no longer."""
        with self._changed, suppress(ValueError):
            self._listeners.remove(queue)

    # -- the transport's thread

    def _put(self, message: Message) -> None:
        if self._box.qsize() < MAX_WAITING:
            self._box.put(message)
        else:
            self.dropped += 1

    def _told(self, state: ConnectionState, reason: str) -> None:
        with self._changed:
            self._state, self._reason = state, reason
            self._failures = 0 if state is ConnectionState.CONNECTED else self._failures + 1
            self.connections += state is ConnectionState.CONNECTED
            self._changed.notify_all()

    # -- the box's thread

    def _work(self) -> None:
        aged = monotonic()
        while True:
            with suppress(Empty):
                message = self._box.get(timeout=1.0)
                if message is None:
                    return
                try:
                    self._take(message)
                except Exception:
                    _logger.exception("fault while reading a message of %s", message.agent)
            if monotonic() - aged > 1.0:
                aged = monotonic()
                self._age()

    def _take(self, message: Message) -> None:
        received = parse_agent_message(self._named(message))
        if received is None:
            return
        now = monotonic_ns()
        with self._changed:
            if isinstance(received, AgentAnnouncement):
                self._see(received, now)
                return
            self._agents.touch(received.agent, now)
            if isinstance(received, Indication):
                self._indicate(received)
                return
            done = self._pending.complete(received)
            if done is None:
                return
            _, waiter = self._waiters.pop(done.correlation, ("", None))
            self._learn(received.agent, done.items)
        if waiter is not None:
            waiter.put(done)

    def _named(self, message: Message) -> Message:
        """A broker's v1 schema does not say whose it is: it is that of who was asked."""
        raw = message.binary_body
        if message.agent is not None or raw is None or not raw.startswith(SCHEMA_RESPONSE_MAGIC):
            return message
        with self._changed:
            asked, _ = self._waiters.get(str(int.from_bytes(raw[4:8], "big")), ("", None))
        return replace(message, properties={**message.properties, AGENT_KEY: asked or "broker"})

    def _see(self, seen: AgentAnnouncement, now: int) -> None:
        change = self._agents.update(seen, now)
        if seen.is_locate_response:
            self.located_at = monotonic()
        agent = self._agents.get(seen.agent)
        if agent is not None and change in _LIVES:
            self._tell(AgentNews(agent=replace(agent), life=_LIVES[change]))

    def _indicate(self, indication: Indication) -> None:
        stream = self._streams.get(indication.correlation or "")
        if stream is not None:
            stream.put(indication)
            return
        self._learn(indication.agent, indication.items)
        self._tell(indication)

    def _learn(self, agent: str, items: object) -> None:
        known = self._agents.get(agent)
        if (known is not None and known.capability >= 1) or not isinstance(items, list | tuple):
            return
        for item in items:
            schema_id = getattr(item, "schema_id", None)
            if isinstance(schema_id, SchemaId) and len(self._classes) < MAX_CLASSES:
                classes = self._classes.setdefault(agent, {})
                if schema_id.hash is not None and len(classes) < MAX_CLASSES:
                    classes.pop(schema_id, None)  # equal but for the hash
                    classes[schema_id] = None

    def _age(self) -> None:
        with self._changed:
            for agent in self._agents.expire(monotonic_ns()):
                self._classes.pop(agent.name, None)
                self._tell(AgentNews(agent=agent, life=Life.LOST))

    def _tell(self, news: News) -> None:
        for listener in self._listeners:
            try:
                listener.put_nowait(news)
            except Full:
                self.dropped += 1
