"""The agent carries the exchanges itself: a listener that needs no broker, with the agent as its local peer."""

import errno
import logging
import socket
import uuid
from collections.abc import Callable
from typing import Any

from hostinfo import Unavailable

from ...qmf.wire.message import Message
from .. import ConnectionState
from ..amqp.engine import Engine
from ..amqp.event_loop import EventLoop
from ..amqp.outgoing_queue import OutgoingQueue
from ..amqp.proton_library import load
from ..codec.errors import DecodeError, EncodeError
from ..codec.message_codec import decode, encode
from ..options import TransportOptions
from ..security.mechanisms import ServerSecurity
from ..urls import Url, parse_url
from .broker import EmbeddedBroker
from .client_connection import ClientConnection
from .exchanges import Queue

_logger = logging.getLogger(__name__)
BACKLOG = 512
MAX_FRAME = 1 << 14
SESSIONS = 8
PAUSE_SECONDS = 1.0
CLOSE_SECONDS = 2.0


class EmbeddedTransport:
    """A `Transport` whose broker is this process."""

    def __init__(self, options: TransportOptions) -> None:
        if options.listen is None:
            raise Unavailable("listen", "no address to listen on")
        self._options = options
        self._url = parse_url(options.listen)
        self._security = ServerSecurity(options, self._url)
        self._loop = EventLoop("hostinfo-listen")
        self._node = EmbeddedBroker(options, self._loop, f"{options.name}-{uuid.uuid4().hex}", self._security.user_of)
        self._queue = Queue(self._node.budget, self._deliver, options.max_queue_messages, options.max_queue_bytes)
        self._subscribed: dict[tuple[str, str], None] = {}
        self._peers: set[ClientConnection] = set()
        self._listener: socket.socket | None = None
        self._on_message: Callable[[Message], None] = lambda _message: None
        self._handover = OutgoingQueue(self._loop, self._publish)
        self._faulty = 0

    @property
    def url(self) -> str:
        """Where it listens; with the real port when 0 was asked for."""
        return str(self._url)

    @property
    def dropped(self) -> int:
        """Messages that no queue had room for, and those that nobody could decode."""
        return self._node.budget.dropped + self._faulty + self._handover.dropped

    @property
    def peers(self) -> int:
        """How many are connected."""
        return len(self._peers)

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive what is sent to an exchange under a key; on the direct exchange nobody else may have that key."""
        self._subscribed[exchange, key] = None
        self._loop.call(lambda: self._bind(exchange, key))

    def start(self, on_message: Callable[[Message], None], on_state: Callable[[ConnectionState, str], None]) -> None:
        """Listen; Unavailable when the address is taken or not ours."""
        load()
        self._on_message = on_message
        self._listener = listener = _listen(self._url)
        self._url = Url(self._url.host, listener.getsockname()[1], self._url.is_tls)
        self._loop.call(lambda: self._loop.watch(listener, self._accept, read=True, write=False))
        self._loop.call(lambda: on_state(ConnectionState.CONNECTED, f"listening on {self._url}"))
        self._loop.start()

    def reply_to(self, key: str) -> str:
        """The reply address for a key subscribed to."""
        exchange = next((name for name, bound in self._subscribed if bound == key), self._node.exchanges.topic)
        return f"{exchange}/{key}"

    def send(self, message: Message) -> bool:
        """Route a message; one that reaches nobody costs next to nothing."""
        return self._handover.put(message)

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread."""
        self._loop.after(seconds, call)

    def close(self) -> None:
        """Send what waits, as far as it goes at once, say goodbye, end."""
        if not self._loop.is_started:
            self._loop.stop()
        self._loop.call(self._close)
        self._loop.join(CLOSE_SECONDS + 1)
        self._security.close()

    def _bind(self, exchange: str, key: str) -> None:
        exchanges = self._node.exchanges
        exchanges.bind(exchange, key, self._queue)
        if exchange == exchanges.direct:
            exchanges.reserve(key)

    def _publish(self, message: Message) -> bool:
        exchanges = self._node.exchanges
        if exchanges.reaches(message.address, message.subject):
            try:
                data = encode(message, address=message.address)
            except EncodeError as error:
                self._faulty += 1
                _logger.warning("message to %s not sent: %s", message.address[:100], error)
                return False
            exchanges.publish(message.address, message.subject, data, message.ttl_ms)
        return True

    def _deliver(self, queue: Queue) -> None:
        self._loop.call(lambda: self._drain(queue))

    def _drain(self, queue: Queue) -> None:
        item = queue.take()
        if item is None:
            return
        try:
            message = decode(item[0], address=item[1])
        except DecodeError as error:
            self._faulty += 1
            _logger.info("%s", error)
            return
        self._on_message(message)

    def _accept(self, _read: bool, _write: bool) -> None:
        listener = self._listener
        if listener is None:
            return
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self._loop.watch(listener, self._accept, read=False, write=False)
                self._loop.after(PAUSE_SECONDS, lambda: self._resume(listener))
            return
        if len(self._peers) >= self._options.max_connections:
            _logger.warning("%s: refused, %d peers are connected", address[0], len(self._peers))
            sock.close()
            return
        self._welcome(sock, f"{address[0]}:{address[1]}")

    def _welcome(self, sock: socket.socket, address: str) -> None:
        proton = load()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport: Any = proton.Transport(proton.Transport.SERVER)
        transport.max_frame_size = MAX_FRAME
        transport.channel_max = SESSIONS - 1
        transport.idle_timeout = 2 * self._options.heartbeat_seconds
        self._security.prepare(transport)
        peer = ClientConnection(self._node, address)
        engine = Engine(self._loop, sock, transport, peer, lambda name, text: self._gone(peer, name, text))
        self._peers.add(peer)
        peer.started(engine)
        engine.start()

    def _gone(self, peer: ClientConnection, name: str, text: str) -> None:
        _logger.info("%s: gone%s", peer.address, f" ({text}, {name})" if text else "")
        self._peers.discard(peer)
        peer.gone()

    def _resume(self, listener: socket.socket) -> None:
        if self._listener is listener:
            self._loop.watch(listener, self._accept, read=True, write=False)

    def _close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            self._loop.watch(listener, self._accept, read=False, write=False)
            listener.close()
        for peer in tuple(self._peers):
            peer.pump()
            peer.engine.close()
        self._end_when_empty(int(CLOSE_SECONDS / 0.05))

    def _end_when_empty(self, tries: int) -> None:
        if self._peers and tries:
            self._loop.after(0.05, lambda: self._end_when_empty(tries - 1))
            return
        for peer in tuple(self._peers):
            peer.engine.drop()
        self._loop.stop()


def _listen(url: Url) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            url.host, url.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(str(url), f"cannot listen: {error.strerror or error}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise Unavailable(str(url), f"cannot listen: {error.strerror or error}") from error
    return sock
