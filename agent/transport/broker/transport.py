"""A connection to a broker that keeps itself alive, in one thread.

While it is not connected, messages are dropped and counted: after a reconnection no burst of stale news follows.
"""

import logging
import random
import uuid
from collections.abc import Callable

from ...qmf.wire.message import Message
from .. import ConnectionState
from ..amqp.event_loop import EventLoop, Timer
from ..amqp.outgoing_queue import OutgoingQueue
from ..amqp.proton_library import load
from ..options import TransportOptions
from ..security.mechanisms import ClientSecurity
from .address_schemes import AddressScheme, choose_address_scheme
from .connection import BrokerConnection
from .connector import ConnectedSocket, Connector

_logger = logging.getLogger(__name__)
FIRST_RETRY_SECONDS = 0.5
REFUSED_ATTEMPTS = 1
STEADY_SECONDS = 10.0
ATTACH_SECONDS = 15.0
CLOSE_SECONDS = 3.0
TEXT = 300
UNAUTHORISED = "amqp:unauthorized-access"


class BrokerTransport:
    """A `Transport` by brokers; `loop`: somebody else's thread to run in, who starts and ends it."""

    def __init__(self, options: TransportOptions, loop: EventLoop | None = None) -> None:
        load()
        self._options = options
        self._security = ClientSecurity(options)
        self._loop = loop or EventLoop("hostinfo-amqp")
        self._connecting = Connector(options, self._loop, self._security.check)
        self._container = f"{options.name}-{uuid.uuid4().hex}"
        self._subscribed: dict[tuple[str, str], None] = {}
        self._client: BrokerConnection | None = None
        self._is_connected = self._is_closing = False
        self._attempt = self._connection = 0
        self._scheme: AddressScheme = choose_address_scheme(
            options.address_scheme if options.address_scheme != "auto" else "qpidd", None
        )
        self._on_message: Callable[[Message], None] = lambda _message: None
        self._on_state: Callable[[ConnectionState, str], None] = lambda _state, _text: None
        self._steady: Timer | None = None
        self._handover = OutgoingQueue(self._loop, self._send)
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Messages that were not sent, and received ones that nobody could decode."""
        return self._dropped + self._handover.dropped + (self._client.dropped if self._client else 0)

    @property
    def scheme(self) -> str:
        """How this broker writes addresses; known once connected."""
        return self._scheme.name

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive what is sent to an exchange under a key, also after reconnections."""
        self._loop.call(lambda: self._subscribe(exchange, key))

    def start(self, on_message: Callable[[Message], None], on_state: Callable[[ConnectionState, str], None]) -> None:
        """Begin to connect; what goes wrong is told to `on_state`, and tried again."""
        self._on_message, self._on_state = on_message, on_state
        self._loop.call(self._connect)
        self._loop.start()

    def reply_to(self, key: str) -> str:
        """The reply address for a key subscribed to; ask when connected, it differs between brokers."""
        exchange = next((name for name, bound in tuple(self._subscribed) if bound == key), None)
        return self._scheme.reply_to(exchange or f"qmf.{self._options.domain}.topic", key)

    def send(self, message: Message) -> bool:
        """Send when connected; False when not, or when too much waits for the transport's thread."""
        if not self._is_connected:
            self._dropped += 1
            return False
        return self._handover.put(message)

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread."""
        self._loop.after(seconds, call)

    def close(self) -> None:
        """Send what waits, as far as the broker takes it in a moment, disconnect, end the thread."""
        if not self._loop.is_started:
            self._loop.stop()
        self._loop.call(self._close)
        self._loop.join(CLOSE_SECONDS + 1)

    # -- in the loop's thread

    def _subscribe(self, exchange: str, key: str) -> None:
        self._subscribed[exchange, key] = None
        if self._client is not None and self._is_connected:
            self._client.subscribe(exchange, key)

    def _send(self, message: Message) -> bool:
        if self._client is None or not self._is_connected:
            self._dropped += 1
            return False
        return self._client.send(message)

    def _connect(self) -> None:
        if not self._is_closing:
            self._connecting.next(self._reached, self._unreached)

    def _unreached(self, text: str, is_refused: bool) -> None:
        self._again(ConnectionState.DISCONNECTED, text, is_refused=is_refused)

    def _reached(self, found: ConnectedSocket) -> None:
        """A socket is connected: speak AMQP over it."""
        if self._is_closing:
            self._connecting.discard(found)
            return
        self._connection += 1
        try:
            self._client = BrokerConnection(
                self._options,
                self._loop,
                self._security,
                found,
                container=f"{self._container}-{self._connection}",
                on_open=self._opened,
                on_message=self._received,
                on_end=self._ended,
            )
        except Exception as error:
            self._connecting.discard(found)
            self._again(ConnectionState.DISCONNECTED, str(error))
            return
        client = self._client
        self._loop.after(ATTACH_SECONDS, lambda: self._too_slow(client))

    def _opened(self, scheme: AddressScheme) -> None:
        self._scheme = scheme
        if self._client is not None:
            self._client.attach(tuple(self._subscribed), self._attached)

    def _attached(self) -> None:
        client = self._client
        if client is None or self._is_connected:
            return
        self._is_connected = True
        self._steady = self._loop.after(STEADY_SECONDS, self._is_steady)
        self._on_state(ConnectionState.CONNECTED, f"{client.url} ({self._scheme.name})")

    def _received(self, message: Message) -> None:
        self._on_message(message)

    def _too_slow(self, client: BrokerConnection) -> None:
        if client is self._client and not self._is_connected:
            client.fail("the peer did not open what was asked for in time")

    def _is_steady(self) -> None:
        self._attempt = 0

    def _ended(self, name: str, text: str) -> None:
        client, self._client = self._client, None
        was_connected, self._is_connected = self._is_connected, False
        if self._steady is not None:
            self._steady.cancel()
        if client is not None:
            self._dropped += client.dropped
        if self._is_closing:
            if was_connected:
                self._on_state(ConnectionState.DISCONNECTED, "closed")
            self._loop.stop()
            return
        url = f"{client.url}: " if client is not None else ""
        state = (
            ConnectionState.REFUSED if name == UNAUTHORISED or _is_about_trust(text) else ConnectionState.DISCONNECTED
        )
        told = " ".join(text.split())[:TEXT] or "the peer closed the connection"  # RabbitMQ sends Erlang's stack
        self._again(state, url + told)

    def _again(self, state: ConnectionState, text: str, *, is_refused: bool = False) -> None:
        """Tell, and try again after a wait drawn from zero to a limit that doubles up to `retry_seconds`.

        Where the host is there and only its broker is not, a try costs it next to nothing, and the limit is
        `retry_refused_seconds`: a broker that starts anew is found soon.
        """
        if self._is_closing:
            self._loop.stop()
            return
        limit = min(self._options.retry_seconds, FIRST_RETRY_SECONDS * 2 ** min(self._attempt, 16))
        self._attempt += 1
        if is_refused:  # what fails after its return counts from the start
            limit, self._attempt = min(limit, self._options.retry_refused_seconds), min(self._attempt, REFUSED_ATTEMPTS)
        self._loop.after(random.uniform(0.0, limit), self._connect)  # noqa: S311  # a fleet's jitter is no secret
        self._on_state(state, text)

    def _close(self) -> None:
        self._is_closing = True
        self._connecting.cancel()
        if self._client is None:
            self._loop.stop()
            return
        self._loop.after(CLOSE_SECONDS, self._loop.stop)
        self._client.finish()


def _is_about_trust(text: str) -> bool:
    """Tell a certificate that one end does not like (OpenSSL's words) and a failed login from a lost connection."""
    lowered = text.lower()
    return any(word in lowered for word in ("authent", "certificate", "unknown ca", "alert"))
