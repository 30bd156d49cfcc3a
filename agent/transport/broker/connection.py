"""One connection to a broker from its open to its end: subscriptions, senders, credit.

Three sessions, because RabbitMQ ends the whole session for one address that it does not like: subscriptions, exchanges,
and what strangers named as their reply-to queue.
"""

import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ...qmf.wire.addresses import direct_exchange, topic_exchange
from ...qmf.wire.message import Message
from ...qmf.wire.topic import TopicPattern
from ..amqp.binding_filters import binding_filter
from ..amqp.engine import Engine
from ..amqp.event_loop import EventLoop
from ..amqp.proton_library import load, top_up
from ..codec.errors import DecodeError
from ..codec.message_codec import decode, encode
from ..options import TransportOptions
from ..security.mechanisms import ClientSecurity
from .address_schemes import AddressScheme, choose_address_scheme
from .connector import ConnectedSocket
from .sender import Sender

_logger = logging.getLogger(__name__)
CREDIT = 200
SENDERS = 64
MAX_FRAME = 1 << 16
MAX_MESSAGE = 16 << 20
CLOSE_POLL_SECONDS = 0.02


class BrokerConnection:
    """The handler of one connection's events; `on_end(condition, text)` is called once, whatever happens."""

    def __init__(
        self,
        options: TransportOptions,
        loop: EventLoop,
        security: ClientSecurity,
        found: ConnectedSocket,
        *,
        container: str,
        on_open: Callable[[AddressScheme], None],
        on_message: Callable[[Message], None],
        on_end: Callable[[str, str], None],
    ) -> None:
        proton = load()
        self.url = str(found.url)
        self.dropped = 0
        self._options, self._loop, self._on_open, self._on_message = options, loop, on_open, on_message
        self._exchanges = {topic_exchange(options.domain), direct_exchange(options.domain), "amq.direct"}
        self._scheme = AddressScheme()
        self._receivers: dict[Any, tuple[str, TopicPattern | None]] = {}
        self._waiting: set[Any] = set()
        self._attached: Callable[[], None] = lambda: None
        self._sessions: dict[str, Any] = {}
        self._outlets: OrderedDict[str | None, Sender] = OrderedDict()
        self._names = itertools.count(1)
        self._user_id: str | None = None
        transport: Any = proton.Transport()
        transport.max_frame_size = MAX_FRAME
        transport.idle_timeout = 2 * options.heartbeat_seconds
        self._engine = engine = Engine(loop, found.sock, transport, self, on_end)
        engine.connection.container = container
        engine.connection.hostname = found.url.host
        engine.connection.properties = {proton.symbol("product"): "hostinfo-agent"}
        self._user_id = security.prepare(transport, engine.connection, found.url)
        engine.connection.open()
        loop.call(engine.start)

    def attach(self, subscriptions: tuple[tuple[str, str], ...], attached: Callable[[], None]) -> None:
        """Ask for the subscriptions; `attached` is called when the broker gave them all."""
        self._attached = attached
        for exchange, key in subscriptions:
            self.subscribe(exchange, key)
        if not self._waiting:
            attached()

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive by a link of its own."""
        proton = load()
        link = self._session("subscriptions").receiver(f"{self._engine.connection.container}-{next(self._names)}")
        link.source.address = self._scheme.source(exchange, key)
        link.snd_settle_mode = proton.Link.SND_SETTLED
        if self._scheme.has_filter:
            is_topic = exchange == topic_exchange(self._options.domain)
            link.source.filter.put_dict(binding_filter(key, is_topic=is_topic))
        self._receivers[link] = (exchange, TopicPattern(key) if self._scheme.is_filtered_here else None)
        self._waiting.add(link)
        link.open()
        link.flow(CREDIT)
        self._engine.process()

    def send(self, message: Message) -> bool:
        """Send, or keep for the moment until the broker gives credit; False when neither was possible."""
        is_exchange = message.address in self._exchanges
        target = self._scheme.target(message, is_exchange=is_exchange)
        try:
            if message.user_id is None and self._user_id is not None:
                from dataclasses import replace

                message = replace(message, user_id=self._user_id)
            data = encode(
                message,
                address=target.to,
                subject=target.subject,
                as_sequence=self._scheme.lists_are_sequences,
            )
        except Exception as error:
            _logger.warning("message to %s not sent: %s", message.address[:100], error)
            self.dropped += 1
            return False
        taken = self._outlet(target.address, is_exchange=is_exchange).send(data, message.ttl_ms)
        self._engine.process()
        return taken

    def finish(self) -> None:
        """Close once what waits is sent."""
        self._close_when_empty()

    def fail(self, text: str) -> None:
        """Close with an error."""
        self._engine.fail("amqp:internal-error", text)

    # -- proton's events

    def on_room(self) -> None:
        """The socket took bytes."""
        for outlet in self._outlets.values():
            outlet.pump()

    def on_connection_remote_open(self, event: Any) -> None:
        """The broker took us; it says what it is."""
        try:
            properties = event.connection.remote_properties
        except Exception:  # a peer's bytes
            properties = None
        self._scheme = choose_address_scheme(
            self._options.address_scheme, properties if isinstance(properties, dict) else None
        )
        self._on_open(self._scheme)

    def on_connection_remote_close(self, event: Any) -> None:
        """Answer the close."""
        event.connection.close()

    def on_link_remote_open(self, event: Any) -> None:
        """A subscription or a sender is there, unless the close follows at once (a terminus without address)."""
        link = event.link
        if link in self._waiting and link.remote_source.address is not None:
            self._waiting.discard(link)
            if not self._waiting:
                self._attached()

    def on_link_flow(self, event: Any) -> None:
        """Credit came."""
        for outlet in self._outlets.values():
            if outlet.link == event.link:
                outlet.pump()

    def on_link_remote_close(self, event: Any) -> None:
        """A subscription that the broker takes away means connecting anew; a sender is made again when needed."""
        self._lost_link(event.link)

    def on_link_remote_detach(self, event: Any) -> None:
        """RabbitMQ detaches where it should close."""
        self._lost_link(event.link)

    def on_session_remote_close(self, event: Any) -> None:
        """The subscriptions' session is vital, the others are made again when needed."""
        session = event.session
        text = _condition(session)
        kind = next((kind for kind, known in self._sessions.items() if known == session), None)
        if kind == "subscriptions" or kind is None:
            self._engine.fail("amqp:session", f"the broker ended the session: {text}")
            return
        _logger.warning("%s: session for %s ended: %s", self.url, kind, text)
        del self._sessions[kind]
        for address, outlet in tuple(self._outlets.items()):
            if outlet.link.session == session:
                self.dropped += self._outlets.pop(address).waiting
        session.close()
        session.free()

    def on_delivery(self, event: Any) -> None:
        """A message came."""
        delivery, link = event.delivery, event.link
        if link.is_sender:
            if delivery.updated:
                delivery.settle()
        elif delivery.aborted:
            delivery.settle()
            top_up(link, CREDIT)
        elif delivery.pending > MAX_MESSAGE:
            self._engine.fail("amqp:link:message-size-exceeded", f"a message over {MAX_MESSAGE} bytes")
        elif delivery.readable and not delivery.partial:
            self._receive(link, delivery)

    # -- what they lead to

    def _receive(self, link: Any, delivery: Any) -> None:
        data = bytes(link.recv(delivery.pending) or b"")
        link.advance()
        if not delivery.settled:
            delivery.update(load().Delivery.ACCEPTED)
        delivery.settle()
        top_up(link, CREDIT)
        exchange, pattern = self._receivers.get(link, ("", None))
        try:
            message = decode(data, address=exchange)
        except DecodeError as error:
            self.dropped += 1
            _logger.info("%s: %s", self.url, error)
            return
        if pattern is None or pattern.matches(message.subject or ""):
            self._on_message(message)

    def _session(self, kind: str) -> Any:
        session = self._sessions.get(kind)
        if session is None:
            session = self._sessions[kind] = self._engine.connection.session()
            session.incoming_capacity = 2 * MAX_MESSAGE
            session.open()
        return session

    def _outlet(self, address: str | None, *, is_exchange: bool) -> Sender:
        outlet = self._outlets.get(address)
        if outlet is None:
            if len(self._outlets) >= SENDERS:
                _, oldest = self._outlets.popitem(last=False)
                self.dropped += oldest.waiting
                oldest.link.close()
            session = self._session("exchanges" if is_exchange else "queues")
            name = f"{self._engine.connection.container}-{next(self._names)}"
            outlet = self._outlets[address] = Sender(session, name, address, self._count)
        self._outlets.move_to_end(address)
        return outlet

    def _count(self, dropped: int) -> None:
        self.dropped += dropped

    def _lost_link(self, link: Any) -> None:
        text = _condition(link)
        if link in self._receivers:
            self._engine.fail("amqp:link", f"the broker ended a subscription: {text}")
            return
        for address, outlet in tuple(self._outlets.items()):
            if outlet.link == link:
                _logger.warning("%s: sender to %s ended: %s", self.url, address, text)
                self.dropped += self._outlets.pop(address).waiting
        link.close()
        link.free()

    def _close_when_empty(self) -> None:
        """Look again and again: a session's window opens without any event of proton's."""
        if any(outlet.waiting or outlet.link.queued for outlet in self._outlets.values()):
            self._engine.process()
            self._loop.after(CLOSE_POLL_SECONDS, self._close_when_empty)
        else:
            self._engine.close()


def _condition(endpoint: Any) -> str:
    condition = endpoint.remote_condition
    return f"{condition.description or ''} ({condition.name})".strip() if condition else "no reason given"
