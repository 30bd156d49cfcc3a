"""The transport to a broker: keeps one connection alive, in one thread.

While it is not connected, messages are dropped and counted: no burst of outdated ones follows a reconnection. Those
with an id are kept, and sent again after a reconnection.
"""

from __future__ import annotations

import uuid
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from hostinfo import Unavailable
from hostinfo.lowlevel.backoff import Backoff

from ...qmf.wire.addresses import topic_exchange
from ..amqp.event_loop import EventLoop, Timer
from ..amqp.outgoing_queue import OutgoingQueue
from ..amqp.proton_library import load_proton
from ..interface import ConnectionState, ignore_message
from ..security.client import ClientSecurity
from .address_schemes import AddressScheme, choose_address_scheme
from .connection import BrokerConnection, ConnectionPath
from .connection_actions import Receipt
from .connector import Connector
from .kept_messages import RESEND_SECONDS, KeptMessages
from .return_spread import ReturnSpread

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...qmf.wire.message import Message
    from ..interface import MessageHandler, StateHandler
    from ..options import TransportOptions
    from .connect_attempt import ConnectedSocket

FIRST_RETRY_SECONDS = 0.5
MAX_FAILURES_AFTER_REFUSED = 1
STABLE_AFTER_SECONDS = 10.0
KEPT_AFTER_SECONDS = 1.0
"""What is sent again follows what the owner sends on CONNECTED: an agent's heartbeat comes before its events."""
ATTACH_TIMEOUT_SECONDS = 15.0
CLOSE_SECONDS = 3.0
MAX_REASON_CHARACTERS = 300
UNAUTHORIZED = "amqp:unauthorized-access"


class BrokerTransport:
    """A `Transport` to one of several brokers, in turn.

    Its states::

        WAITING --delay over--> CONNECTING --socket--> ATTACHING --messages to itself came back--> CONNECTED
           ^                        |                      |                                           |
           +------------------------+----------------------+-----------------lost----------------------+

    Every state ends with `close`. The delay grows with each failure until a connection has lasted for
    STABLE_AFTER_SECONDS.
    """

    def __init__(self, options: TransportOptions, loop: EventLoop | None = None) -> None:
        """Raise Unavailable for wrong options. `loop`: run in this one, which its owner starts and stops."""
        load_proton()
        self._options = options
        self._security = ClientSecurity(options)
        self._loop = loop or EventLoop("hostinfo-amqp")
        self._connector = Connector(options, self._loop, self._security.mechanisms_for)
        self._backoff = Backoff(FIRST_RETRY_SECONDS, options.retry_seconds)
        self._spread = ReturnSpread(options.spread_seconds)
        self._container = f"{options.name}-{uuid.uuid4().hex}"
        self._connections = 0
        self._subscriptions: dict[tuple[str, str], None] = {}
        self._connection: BrokerConnection | None = None
        self._is_connected = self._is_closing = False
        scheme = options.address_scheme if options.address_scheme != "auto" else "qpidd"
        self._scheme: AddressScheme = choose_address_scheme(scheme, None)
        self._on_message: MessageHandler = ignore_message
        self._on_state: StateHandler = lambda _state, _text: None
        self._on_unroutable: MessageHandler = ignore_message
        self._connection_timer: Timer | None = None
        self._outgoing = OutgoingQueue(self._loop, self._send)
        self._kept = KeptMessages()
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Messages that were not sent, and received ones that were not decodable."""
        return self._dropped + self._outgoing.dropped + (self._connection.dropped if self._connection else 0)

    @property
    def path(self) -> ConnectionPath:
        """What is between the broker and this client; raise Unavailable without a connection."""
        connection = self._connection
        if connection is None:
            raise Unavailable("AMQP", "not connected")
        return connection.path

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive the messages of an exchange with this key, also after reconnections."""
        self._loop.call_soon(lambda: self._subscribe(exchange, key))

    def start(
        self, on_message: MessageHandler, on_state: StateHandler, on_unroutable: MessageHandler = ignore_message
    ) -> None:
        """Begin to connect; errors are reported to `on_state`."""
        self._on_message, self._on_state, self._on_unroutable = on_message, on_state, on_unroutable
        self._loop.call_soon(self._connect)
        self._loop.start()

    @property
    def reports_unroutable(self) -> bool:
        """Whether this broker reports requests that it could deliver to no queue."""
        return self._scheme.reports_unroutable

    def reply_to(self, key: str) -> str:
        """Return the reply address of a subscribed key; valid from CONNECTED on, as it differs by broker."""
        exchange = next((name for name, bound in tuple(self._subscriptions) if bound == key), None)
        return self._scheme.reply_to(exchange or topic_exchange(self._options.domain), key)

    def send(self, message: Message) -> bool:
        """Send when connected, or keep a message with an id; return False when the message was dropped."""
        if not self._is_connected and message.message_id is None:
            self._dropped += 1
            return False
        return self._outgoing.put(message)

    def settle(self, message: Message) -> None:
        """Remove a message from its queue; do nothing if the connection by which it came has ended."""
        self._loop.call_soon(partial(self._settle, message.receipt))

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread."""
        self._loop.call_later(seconds, call)

    def close(self) -> None:
        """Send what the broker takes within CLOSE_SECONDS, disconnect, and end the thread."""
        if not self._loop.is_started:
            self._loop.stop()
        self._loop.call_soon(self._close)
        self._loop.join(CLOSE_SECONDS + 1)

    # -- in the loop's thread

    def _subscribe(self, exchange: str, key: str) -> None:
        self._subscriptions[exchange, key] = None
        if self._connection is not None:
            self._connection.subscribe(exchange, key)

    def _settle(self, receipt: object) -> None:
        if self._connection is not None and isinstance(receipt, Receipt):
            self._connection.settle(receipt)

    def _send(self, message: Message) -> bool:
        is_kept = message.message_id is not None
        if is_kept:
            self._kept.add(message, monotonic())
        if self._connection is None or not self._is_connected:
            self._dropped += not is_kept
            return is_kept
        return self._connection.send(message)

    def _connect(self) -> None:
        if not self._is_closing:
            self._connector.start(self._on_socket, self._on_connect_failed)

    def _on_connect_failed(self, text: str, retry_soon: bool) -> None:
        self._schedule_reconnect(ConnectionState.DISCONNECTED, text, retry_soon=retry_soon)

    def _on_socket(self, connected: ConnectedSocket) -> None:
        if self._is_closing:
            connected.sock.close()
            return
        wait_seconds = self._spread.wait_seconds()
        if wait_seconds:
            connected.sock.close()  # the broker would not wait so long for a login
            self._loop.call_later(wait_seconds, self._connect)
            return
        self._connections += 1
        try:
            connection = self._connection = BrokerConnection(
                self._options,
                self._loop,
                self._security,
                connected,
                container=f"{self._container}-{self._connections}",
                subscriptions=self._subscriptions.keys(),
                on_ready=self._on_ready,
                on_message=self._on_message,
                on_unroutable=self._on_unroutable,
                on_confirmed=self._kept.confirm,
                on_end=self._on_end,
            )
        except Exception as error:
            connected.sock.close()
            self._schedule_reconnect(ConnectionState.DISCONNECTED, str(error))
            return
        self._set_connection_timer(ATTACH_TIMEOUT_SECONDS, lambda: self._on_attach_timeout(connection))

    def _on_ready(self) -> None:
        if self._connection is None:
            return
        self._scheme = self._connection.scheme
        self._is_connected = True
        self._spread.connected()
        self._set_connection_timer(STABLE_AFTER_SECONDS, self._backoff.reset)
        self._on_state(ConnectionState.CONNECTED, f"{self._connection.url} ({self._scheme.name})")
        self._loop.call_later(KEPT_AFTER_SECONDS, partial(self._send_kept, self._connection))

    def _send_kept(self, connection: BrokerConnection) -> None:
        """Send what the last connection did not; and after an outage, what may be lost with the broker."""
        if connection is not self._connection:
            return
        for message in self._kept.unconfirmed(monotonic()):
            connection.send(message)
        if self._connections > 1:
            self._kept.on_lost(monotonic())  # those of the outage too: consoles may not be back yet
            for seconds in RESEND_SECONDS:
                self._loop.call_later(seconds, partial(self._send_lost, connection, seconds))

    def _send_lost(self, connection: BrokerConnection, seconds: float) -> None:
        if connection is not self._connection:
            return
        self._kept.on_lost(monotonic())
        for message in self._kept.all_lost(monotonic()):
            connection.send(message)
        if seconds == RESEND_SECONDS[-1]:
            self._kept.on_resent()

    def _set_connection_timer(self, seconds: float, call: Callable[[], None]) -> None:
        """Replace the timer of the present connection: until it must be ready, then until it counts as stable."""
        if self._connection_timer is not None:
            self._connection_timer.cancel()
        self._connection_timer = self._loop.call_later(seconds, call)

    def _on_attach_timeout(self, connection: BrokerConnection) -> None:
        connection.fail(f"the broker did not attach the subscriptions within {ATTACH_TIMEOUT_SECONDS:.0f} s")

    def _on_end(self, condition: str, text: str) -> None:
        connection, self._connection = self._connection, None
        was_connected, self._is_connected = self._is_connected, False
        if was_connected:
            self._kept.on_lost(monotonic())
        if self._connection_timer is not None:
            self._connection_timer.cancel()
        if connection is not None:
            self._dropped += connection.dropped
        if self._is_closing:
            if was_connected:
                self._on_state(ConnectionState.DISCONNECTED, "closed")
            self._loop.stop()
            return
        is_refused = condition == UNAUTHORIZED or _is_authentication_error(text)
        state = ConnectionState.REFUSED if is_refused else ConnectionState.DISCONNECTED
        url = f"{connection.url}: " if connection is not None else ""
        reason = " ".join(text.split())[:MAX_REASON_CHARACTERS]  # RabbitMQ sends a stack trace
        self._schedule_reconnect(state, url + (reason or "the peer closed the connection"))

    def _schedule_reconnect(self, state: ConnectionState, text: str, *, retry_soon: bool = False) -> None:
        """Report the state, and connect after a delay: random, so that a fleet does not reconnect all at once.

        `retry_soon`, because the attempt cost only a few packets, limits the delay to `retry_refused_seconds`, so that
        a restarted broker is found soon; the next failure of another kind counts as an early one.
        """
        if self._is_closing:
            self._loop.stop()
            return
        self._spread.lost()
        if retry_soon:
            delay = self._backoff.next_delay(self._options.retry_refused_seconds)
            self._backoff.failures = min(self._backoff.failures, MAX_FAILURES_AFTER_REFUSED)
        else:
            delay = self._backoff.next_delay()
        self._loop.call_later(delay, self._connect)
        self._on_state(state, text)

    def _close(self) -> None:
        self._is_closing = True
        self._connector.cancel()
        if self._connection is None:
            self._loop.stop()
            return
        self._loop.call_later(CLOSE_SECONDS, self._loop.stop)
        self._connection.close()


def _is_authentication_error(text: str) -> bool:
    """Whether the reason of a lost connection is a failed login or a certificate (OpenSSL's words)."""
    lowered = text.lower()
    return any(word in lowered for word in ("authent", "certificate", "unknown ca", "alert"))
