"""The transport without a broker: this process listens and runs the exchanges, as the first of their users."""

from __future__ import annotations

import logging
import uuid
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from hostinfo import Unavailable

from ..amqp.event_loop import EventLoop
from ..amqp.outgoing_queue import OutgoingQueue
from ..amqp.proton_library import load_proton
from ..codec.errors import DecodeError, EncodeError
from ..codec.message_codec import decode, encode
from ..interface import ConnectionState, ignore_message
from ..security.server import ServerSecurity
from ..urls import parse_url
from .admission import Admission, source_of
from .broker import EmbeddedBroker
from .client_connection import ClientConnection
from .descriptors import connection_limits
from .listener import Listener
from .login_failures import LoginFailures
from .memory_budget import Owner

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from ...qmf.wire.message import Message
    from ..interface import MessageHandler, StateHandler
    from ..options import TransportOptions
    from .message_queue import MessageQueue

_logger = logging.getLogger(__name__)
CLOSE_SECONDS = 2.0
CLOSE_POLL_SECONDS = 0.05
LOG_SECONDS = 60.0


class EmbeddedTransport:
    """A `Transport` whose broker runs in this process; one thread serves the listener and all clients."""

    def __init__(self, options: TransportOptions) -> None:
        """Raise Unavailable for wrong options."""
        if options.listen is None:
            raise Unavailable("listen", "no address to listen on")
        if options.queue is not None:
            raise Unavailable("queue", "a listening agent has no queues; connect to a broker")
        self._options = options
        self._url = parse_url(options.listen)
        self._security = ServerSecurity(options, self._url)
        self._loop = EventLoop("hostinfo-listen")
        self._broker = EmbeddedBroker(options, self._loop, f"{options.name}-{uuid.uuid4().hex}", self._security)
        inbox = Owner(self._broker.budget, guaranteed=2 * options.max_message_bytes)
        self._queue = self._broker.new_queue(inbox, self._on_queued)
        self._subscriptions: dict[tuple[str, str], None] = {}
        self._admission: Admission[ClientConnection] = Admission(options.max_connections, options.max_connections)
        self._login_failures = LoginFailures()
        self._closed_pending = 0
        self._listener: Listener | None = None
        self._on_message: MessageHandler = ignore_message
        self._outgoing = OutgoingQueue(self._loop, self._publish)
        self._invalid = 0

    @property
    def url(self) -> str:
        """Where it listens; after `start` with the port that the kernel chose, if port 0 was given."""
        return str(self._url)

    @property
    def dropped(self) -> int:
        """Messages that no queue had room for, and those that could not be encoded or decoded."""
        return self._broker.budget.dropped + self._invalid + self._outgoing.dropped

    @property
    def client_count(self) -> int:
        """Accepted connections."""
        return len(self._admission)

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive the messages of an exchange with this key; on the direct exchange no client may have it too."""
        self._subscriptions[exchange, key] = None
        self._loop.call_soon(lambda: self._bind(exchange, key))

    def start(
        self, on_message: MessageHandler, on_state: StateHandler, on_unroutable: MessageHandler = ignore_message
    ) -> None:
        """Listen; raise Unavailable when the address is in use or not this host's."""
        del on_unroutable
        load_proton()
        self._on_message = on_message
        self._admission.max_open, self._admission.max_pending = connection_limits(self._options.max_connections)
        self._listener = listener = Listener(self._loop, self._url, self._on_accept)
        self._url = listener.url
        self._security.open()
        self._loop.call_soon(listener.start)
        self._loop.call_soon(lambda: on_state(ConnectionState.CONNECTED, f"listening on {self._url}"))
        self._loop.start()

    @property
    def reports_unroutable(self) -> bool:
        """False: only the clients get that outcome."""
        return False

    def settle(self, message: Message) -> None:
        """Do nothing: there are no queues that others have made."""

    def reply_to(self, key: str) -> str:
        """Return the reply address of a subscribed key."""
        exchange = next((name for name, bound in self._subscriptions if bound == key), self._broker.exchanges.topic)
        return f"{exchange}/{key}"

    def send(self, message: Message) -> bool:
        """Route a message; one without a receiver is not even encoded."""
        return self._outgoing.put(message)

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread."""
        self._loop.call_later(seconds, call)

    def close(self) -> None:
        """Send what the clients take at once, disconnect them, and end the thread."""
        if not self._loop.is_started:
            self._loop.stop()
        self._loop.call_soon(self._close)
        self._loop.join(CLOSE_SECONDS + 1)
        self._security.close()

    # -- in the loop's thread

    def _bind(self, exchange: str, key: str) -> None:
        exchanges = self._broker.exchanges
        exchanges.bind(exchange, key, self._queue)
        if exchange == exchanges.direct:
            exchanges.reserve(key)

    def _publish(self, message: Message) -> bool:
        exchanges = self._broker.exchanges
        if exchanges.has_route(message.address, message.subject):
            try:
                data = encode(message, address=message.address)
            except EncodeError as error:
                self._invalid += 1
                _logger.warning("message to %s not sent: %s", message.address[:100], error)
                return False
            exchanges.publish(message.address, message.subject, data, message.ttl_ms)
        return True

    def _on_queued(self, queue: MessageQueue) -> None:
        self._loop.call_soon(lambda: self._receive(queue))

    def _receive(self, queue: MessageQueue) -> None:
        item = queue.take()
        if item is None:
            return
        try:
            message = decode(item[0], address=item[1])
        except DecodeError as error:
            self._invalid += 1
            _logger.info("%s", error)
            return
        self._on_message(message)

    def _on_accept(self, sock: socket.socket, address: str, port: int) -> None:
        source = source_of(address)
        surplus = self._admission.connection_to_close(source)
        if surplus is not None:
            self._log_surplus(surplus)
            surplus.abort()
        try:
            client = ClientConnection(
                self._broker, sock, f"{address}:{port}", self._admission.open, partial(self._on_end, source)
            )
        except Exception:  # a certificate that was removed
            sock.close()
            raise
        self._admission.add(client, source)
        delay_seconds = self._login_failures.delay_seconds(source, monotonic())
        if delay_seconds:
            self._loop.call_later(delay_seconds, client.start)
        else:
            client.start()

    def _on_end(self, source: str, client: ClientConnection, refused: str | None) -> None:
        self._admission.remove(client)
        count = self._login_failures.add(source, monotonic()) if refused is not None else 0
        if refused is None or not count:
            return
        fields = {"audit": "1", "method": "login", "address": client.address, "result": f"refused: {refused}"}
        times = f" ({count} times)" if count > 1 else ""
        _logger.warning(
            "audit: call=login of %s%s result=%r", client.address, times, fields["result"], extra={"fields": fields}
        )

    def _log_surplus(self, client: ClientConnection) -> None:
        """Log the first of many at once, and then every LOG_SECONDS their number: a flood must not fill the log."""
        self._closed_pending += 1
        if self._closed_pending == 1:
            _logger.warning(
                "%s: closed, %d connections have not logged in", client.address, self._admission.max_pending
            )
            self._loop.call_later(LOG_SECONDS, self._log_closed_pending)

    def _log_closed_pending(self) -> None:
        if self._closed_pending > 1:
            _logger.warning("%d connections were closed before they logged in", self._closed_pending)
        self._closed_pending = 0

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for client in self._admission.clients:
            client.close()
        self._stop_when_disconnected(int(CLOSE_SECONDS / CLOSE_POLL_SECONDS))

    def _stop_when_disconnected(self, polls: int) -> None:
        if len(self._admission) and polls:
            self._loop.call_later(CLOSE_POLL_SECONDS, lambda: self._stop_when_disconnected(polls - 1))
            return
        for client in self._admission.clients:
            client.abort()
        self._loop.stop()
