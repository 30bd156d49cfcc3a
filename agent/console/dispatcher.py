"""The console's input and output: one thread parses what the transport receives, and delivers it to queues.

The transport's thread only puts a message into a queue: parsing 10,000 objects takes a second, in which the connection
must stay alive. The dispatcher's thread calls no one: each recipient has a queue.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from queue import Empty, Full, Queue, SimpleQueue
from time import monotonic, monotonic_ns

from hostinfo import Unavailable

from ..qmf import Agent, Indication, Message, PendingRequest, RequestBuilder, SchemaId, parse_agent_message
from ..qmf.wire.addresses import CHECK_PREFIX, HEARTBEAT_BINDING, direct_exchange, topic_exchange, unique_key
from ..transport import ConnectionState
from .console_state import Completed, ConsoleState, Delivery, Notified, Streamed, Unroutable
from .responses import Notification

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..transport import Transport

_logger = logging.getLogger(__name__)
INBOX_LIMIT = 50_000
LISTENER_LIMIT = 10_000
EXPIRE_SECONDS = 1.0
JOIN_SECONDS = 5.0
Waiter = SimpleQueue[PendingRequest]
Stream = SimpleQueue[Indication]


class Dispatcher:
    """Sends requests and delivers what is received; every method may be called from any thread.

    ::

        created ── start(): the transport connects, the thread runs ──▶ running ── close() ──▶ closed
                                                                          │ ▲
                                               a message: ConsoleState decides, its deliveries go to queues

    ``ConsoleState`` holds the states of the connection, the agents and the requests; a lock guards it.
    """

    def __init__(self, transport: Transport, domain: str) -> None:
        self.transport = transport
        self.domain = domain
        self.dropped = 0
        """Messages and notifications that a full queue did not take."""
        self._key = unique_key("direct-console")
        self._lock = threading.Condition()  # notified when the connection changes
        self._state = ConsoleState()
        self._waiters: dict[str, Waiter] = {}
        self._streams: dict[str, Stream] = {}
        self._listeners: list[Queue[Notification]] = []
        self._bound: set[str] = set()
        self._inbox: SimpleQueue[Message | Unroutable | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hostinfo-console", daemon=True)

    def start(self) -> None:
        """Start to connect, and start the thread."""
        self.transport.subscribe(topic_exchange(self.domain), self._key)
        self.transport.subscribe(direct_exchange(self.domain), unique_key(CHECK_PREFIX))
        self.bind(HEARTBEAT_BINDING)
        self.transport.start(self._on_message, self._on_connection, self._on_unroutable)
        self._thread.start()

    def close(self) -> None:
        """Disconnect, and end the thread."""
        self.transport.close()
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(JOIN_SECONDS)

    def bind(self, key: str) -> None:
        """Receive what agents publish under this key."""
        with self._lock:
            if key in self._bound:
                return
            self._bound.add(key)
        self.transport.subscribe(topic_exchange(self.domain), key)

    def connect(self, seconds: float, tries: int) -> None:
        """Wait for the connection; raise Unavailable with the reason if there is none."""
        if self._thread.ident is None:
            raise Unavailable("console", "it is not started; use it as a context manager: with Console(…) as console")
        with self._lock:
            self._lock.wait_for(lambda: self._state.is_connect_finished(tries), seconds)
            if self._state.connection is not ConnectionState.CONNECTED:
                raise Unavailable("AMQP", self._state.reason or f"no connection within {seconds:g} s")

    # -- requests

    @property
    def connections(self) -> int:
        """Number of connections so far."""
        return self._state.connections

    @property
    def requests(self) -> RequestBuilder:
        """A builder of requests to be answered here; do not keep it, brokers differ in their form of addresses."""
        return RequestBuilder(self.transport.reply_to(self._key), domain=self.domain)

    def register(self, agent: str, waiter: Waiter, stream: Stream | None = None) -> PendingRequest:
        """Register a request: `waiter` gets it when it is complete, `stream` the indications of a subscription."""
        with self._lock:
            request = self._state.register(agent, is_stream=stream is not None)
            self._waiters[request.correlation] = waiter
            if stream is not None:
                self._streams[request.correlation] = stream
        return request

    def cancel(self, request: PendingRequest) -> None:
        """Forget a request and its stream."""
        with self._lock:
            self._state.cancel(request)
            self._waiters.pop(request.correlation, None)
            self._streams.pop(request.correlation, None)

    def end_stream(self, correlation: str) -> None:
        """Ignore further indications for a subscription."""
        with self._lock:
            self._state.end_stream(correlation)
            self._streams.pop(correlation, None)

    # -- agents

    @property
    def located_ns(self) -> int:
        """When the last locate response was received, by `monotonic_ns`; 0: none yet."""
        return self._state.located_ns

    def agents(self) -> list[Agent]:
        """Return all known agents."""
        with self._lock:
            return list(self._state.agents)

    def agent(self, name: str) -> Agent | None:
        """Return the agent of this name."""
        with self._lock:
            return self._state.agents.get(name)

    def classes(self, agent: str) -> list[SchemaId]:
        """Return the classes of the objects that an agent without v2 schemas has sent."""
        with self._lock:
            return self._state.classes(agent)

    @property
    def unroutable_locates(self) -> int:
        """Number of locate requests that the broker could deliver to no agent at all."""
        return self._state.unroutable_locates

    def is_idle(self) -> bool:
        """Whether everything received has been parsed."""
        return self._inbox.empty()

    # -- listeners

    def add_listener(self, limit: int = LISTENER_LIMIT) -> Queue[Notification]:
        """Return a queue that gets all notifications from now on; it drops and counts them when it is full."""
        queue: Queue[Notification] = Queue(limit)
        with self._lock:
            self._listeners.append(queue)
        return queue

    def remove_listener(self, queue: Queue[Notification]) -> None:
        """Put no more notifications into a queue."""
        with self._lock, suppress(ValueError):
            self._listeners.remove(queue)

    # -- the transport's thread

    def _on_message(self, message: Message) -> None:
        if self._inbox.qsize() < INBOX_LIMIT:
            self._inbox.put(message)
        else:
            self.dropped += 1

    def _on_unroutable(self, message: Message) -> None:
        if message.correlation is not None:
            self._inbox.put(Unroutable(message.correlation))

    def _on_connection(self, state: ConnectionState, reason: str) -> None:
        with self._lock:
            self._state.on_connection(state, reason)
            self._lock.notify_all()

    # -- the dispatcher's thread

    def _run(self) -> None:
        expired = monotonic()
        while True:
            with suppress(Empty):
                message = self._inbox.get(timeout=EXPIRE_SECONDS)
                if message is None:
                    return
                if isinstance(message, Unroutable):
                    with self._lock:
                        self._deliver(self._state.on_unroutable(message))
                    continue
                try:
                    self._handle(message)
                except Exception:
                    _logger.exception("internal error while handling a message of %s", message.agent)
            if monotonic() - expired > EXPIRE_SECONDS:
                expired = monotonic()
                with self._lock:
                    self._deliver(self._state.expire(monotonic_ns()))

    def _handle(self, message: Message) -> None:
        with self._lock:
            message = self._state.with_sender(message)
            if self._state.received_events.is_repeated(message):
                return
        parsed = parse_agent_message(message)  # without the lock: this may take a second
        if parsed is not None:
            with self._lock:
                self._deliver(self._state.on_message(parsed, monotonic_ns()))

    def _deliver(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            match delivery:
                case Completed(request):
                    self._waiters.pop(request.correlation).put(request)
                case Streamed(correlation, indication):
                    self._streams[correlation].put(indication)
                case Notified(notification):
                    self._notify(notification)

    def _notify(self, notification: Notification) -> None:
        for listener in self._listeners:
            try:
                listener.put_nowait(notification)
            except Full:
                self.dropped += 1
