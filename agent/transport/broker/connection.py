"""One connection to a broker, from its socket to its end: carries out what `connection_logic` decides."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..amqp.deliveries import DeliveryStep, next_step
from ..amqp.engine import Engine
from ..amqp.flow_control import replenish_credit
from ..amqp.proton_library import condition_text, load_proton
from ..codec.errors import DecodeError
from ..codec.message_codec import decode, encode
from .connection_actions import (
    Action,
    AttachReceiver,
    AttachSender,
    DropSender,
    EndSession,
    Fail,
    OpenManagement,
    Receipt,
    ReportReady,
    ReportRepaired,
    Request,
    SessionKind,
)
from .connection_logic import BrokerConnectionLogic, Phase
from .link_table import MAX_MESSAGE_BYTES, LinkTable
from .management_link import ManagementLink
from .self_check import SelfCheck, has_wildcard, is_check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...qmf.wire.message import Message
    from ..amqp.event_loop import EventLoop
    from ..interface import MessageHandler
    from ..options import TransportOptions
    from ..security.client import ClientSecurity
    from .address_schemes import AddressScheme
    from .connect_attempt import ConnectedSocket

_logger = logging.getLogger(__name__)
MAX_FRAME_BYTES = 1 << 16
DRAIN_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ConnectionPath:
    """A connection's broker, its kind, the queue of the client if it has only one, the login, and delays.

    The delays are the seconds that the last message to oneself took, by exchange.
    """

    url: str
    scheme: str
    queue: str | None
    login: str
    delays: dict[str, float]


class BrokerConnection:
    """The handler of one connection's events; belongs to the loop's thread.

    The states are those of `BrokerConnectionLogic`. `on_ready` is called when the subscriptions are attached and a
    message to each of the own keys came back; `on_end` with an AMQP condition and a text exactly once, in any case.
    """

    def __init__(
        self,
        options: TransportOptions,
        loop: EventLoop,
        security: ClientSecurity,
        connected: ConnectedSocket,
        *,
        container: str,
        subscriptions: Iterable[tuple[str, str]],
        on_ready: Callable[[], None],
        on_message: MessageHandler,
        on_unroutable: MessageHandler,
        on_confirmed: MessageHandler,
        on_end: Callable[[str, str], None],
    ) -> None:
        """Start the connection; `subscriptions`, pairs of exchange and key, is read when the broker has opened it."""
        proton = load_proton()
        self.url = str(connected.url)
        self._invalid = 0
        self._logic = BrokerConnectionLogic(
            options.domain,
            options.address_scheme,
            container,
            others_queue=options.queue,
            offset=options.queue_offset,
        )
        self._is_reader = options.queue is not None
        self._unsettled: dict[int, tuple[Any, Any]] = {}
        self._received = 0
        self._loop, self._subscriptions, self._on_ready, self._on_message = loop, subscriptions, on_ready, on_message
        transport: Any = proton.Transport()
        transport.max_frame_size = MAX_FRAME_BYTES
        transport.idle_timeout = 2 * options.heartbeat_seconds
        self._on_unroutable, self._on_confirmed, self._on_end = on_unroutable, on_confirmed, on_end
        self._engine = engine = Engine(loop, connected.sock, transport, self, self._end)
        self._links = LinkTable(engine.connection, self.url)
        self._management: ManagementLink | None = None
        self._container, self._heartbeat_seconds = container, options.heartbeat_seconds
        self._check: SelfCheck | None = None
        self._is_ready = False
        engine.connection.container = container
        engine.connection.hostname = connected.url.host
        engine.connection.properties = {proton.symbol("product"): "hostinfo-agent"}
        self._user_id = security.prepare(transport, engine.connection, connected.url)
        engine.connection.open()
        loop.call_soon(engine.start)

    @property
    def dropped(self) -> int:
        """Messages that were not sent, and received ones that were not decodable."""
        return self._invalid + self._links.dropped

    @property
    def scheme(self) -> AddressScheme:
        """How this broker writes addresses; known from `on_ready` on."""
        return self._logic.scheme

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive messages with this key over one more link."""
        self._perform(self._logic.subscribe(exchange, key))
        self._engine.process()

    def send(self, message: Message) -> bool:
        """Send, or queue until the broker gives credit; return False when the message was dropped."""
        target, kind = self._logic.route(message)
        request = message if self._logic.wants_outcome(message) else None
        try:
            if message.user_id is None and self._user_id is not None:
                message = replace(message, user_id=self._user_id)
            data = encode(
                message,
                address=target.to,
                subject=target.subject,
                as_sequence=self._logic.scheme.lists_are_sequences,
            )
        except Exception as error:
            _logger.warning("message to %s not sent: %s", message.address[:100], error)
            self._invalid += 1
            return False
        name, actions = self._logic.use_sender(target.address, kind)
        self._perform(actions)
        is_queued = self._links.send(name, data, message.ttl_ms, request)
        self._engine.process()
        return is_queued

    @property
    def path(self) -> ConnectionPath:
        """What is between the broker and this client; valid from `on_ready` on."""
        transport = self._engine.transport
        login = f"{transport.user or 'anonymous'} ({transport.sasl().mech or 'no mechanism'})"
        delays = self._check.delays if self._check is not None else {}
        by_exchange = {exchange: seconds for (exchange, _), seconds in delays.items()}
        return ConnectionPath(self.url, self._logic.scheme.name, self._logic.queue, login, by_exchange)

    def close(self) -> None:
        """Close once everything queued is sent."""
        self._logic.close()
        self._stop_check()
        self._close_when_idle()

    def fail(self, text: str) -> None:
        """Close with an error."""
        self._engine.fail("amqp:internal-error", text)

    # -- proton's events

    def on_writable(self) -> None:
        """Fill the socket's buffer again."""
        self._links.flush()

    def on_connection_remote_open(self, event: Any) -> None:
        """Attach the subscriptions as this broker writes addresses."""
        try:
            properties = event.connection.remote_properties
        except Exception:  # a peer's bytes
            properties = None
        self._perform(self._logic.on_open(properties, self._subscriptions))

    def on_connection_remote_close(self, event: Any) -> None:
        """Confirm the close."""
        event.connection.close()

    def on_link_remote_open(self, event: Any) -> None:
        """Note an attached subscription."""
        link = event.link
        self._perform(self._logic.on_link_open(link.name, has_source=link.remote_source.address is not None))

    def on_link_flow(self, event: Any) -> None:
        """Send what the broker gave credit for."""
        if self._management is not None and self._management.owns(event.link):
            self._management.flush()
        else:
            self._links.flush(event.link.name)

    def on_link_remote_close(self, event: Any) -> None:
        """Forget a sender, or fail."""
        self._on_link_end(event.link)

    def on_link_remote_detach(self, event: Any) -> None:
        """Treat a detach like a close: RabbitMQ sends it instead."""
        self._on_link_end(event.link)

    def on_session_remote_close(self, event: Any) -> None:
        """Forget a session with its senders, or fail."""
        session = event.session
        is_management = self._management is not None and session == self._management.session
        kind = SessionKind.MANAGEMENT if is_management else self._links.kind_of(session)
        self._perform(self._logic.on_session_end(kind, condition_text(session)))
        if self._logic.phase is not Phase.FAILED:
            session.close()
            session.free()

    def on_delivery(self, event: Any) -> None:
        """Settle what was sent; receive a message once it is complete."""
        delivery, link = event.delivery, event.link
        if link.is_sender:
            if delivery.updated:
                self._on_outcome(*self._links.settle(link, delivery))
            return
        match next_step(
            is_aborted=delivery.aborted,
            pending=delivery.pending,
            is_readable=delivery.readable,
            is_partial=delivery.partial,
            max_bytes=MAX_MESSAGE_BYTES,
        ):
            case DeliveryStep.READ if self._management is not None and self._management.owns(link):
                self._perform(self._logic.on_management_response(*self._management.receive(link, delivery)))
            case DeliveryStep.READ:
                self._receive(link, delivery)
            case DeliveryStep.DISCARD:
                delivery.settle()
                replenish_credit(link)
            case DeliveryStep.REJECT:
                self._perform(self._logic.on_message_too_large(MAX_MESSAGE_BYTES))

    # -- carrying out

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case AttachReceiver():
                    self._links.attach_receiver(action)
                case AttachSender():
                    self._links.attach_sender(action)
                case OpenManagement() | Request():
                    self._manage(action)
                case DropSender():
                    self._links.drop_sender(action)
                    self._on_sender_end(action.warning)
                case EndSession():
                    self._links.end_session(action)
                    self._on_sender_end(action.warning if action.session is SessionKind.EXCHANGES else "")
                case ReportReady():
                    self._start_check()
                case ReportRepaired() if self._check is not None:
                    self._check.on_repaired()
                case Fail(condition, text):
                    self._engine.fail(condition, text)

    def _manage(self, action: OpenManagement | Request) -> None:
        if isinstance(action, OpenManagement) or self._management is None:
            self._management = ManagementLink(self._engine.connection)
        if isinstance(action, Request):
            self._management.send(action)

    def _receive(self, link: Any, delivery: Any) -> None:
        data = bytes(link.recv(delivery.pending) or b"")
        link.advance()
        receipt = self._keep(link, delivery) if self._is_reader else None
        if receipt is None:
            _accept(link, delivery)
        receiver = self._logic.receivers.get(link.name)
        try:
            message = decode(data, address=receiver.exchange if receiver is not None else "")
        except DecodeError as error:
            self._invalid += 1
            _logger.info("%s: %s", self.url, error)
            if receipt is not None:
                self.settle(receipt)
            return
        if is_check(message):
            if self._check is not None:
                self._check.on_message(message)
        elif receiver is None or receiver.accepts(message.subject):
            self._on_message(message if receipt is None else replace(message, receipt=receipt))

    def _keep(self, link: Any, delivery: Any) -> Receipt:
        self._received += 1
        self._unsettled[self._received] = (link, delivery)
        return Receipt(self._container, self._received)

    def settle(self, receipt: Receipt) -> None:
        """Accept a message of the queue, which was processed; no-op for one of another connection."""
        found = self._unsettled.pop(receipt.number, None) if receipt.container == self._container else None
        if found is not None:
            _accept(*found)
            self._engine.process()

    def _on_outcome(self, message: Message | None, is_accepted: bool) -> None:
        if message is None:
            return
        if message.message_id is not None:
            self._on_confirmed(message)
        elif not is_accepted and not is_check(message):
            self._on_unroutable(message)
        elif not is_accepted and self._check is not None:
            self._check.on_unroutable(message)

    # -- messages to oneself

    def _start_check(self) -> None:
        self._check = SelfCheck(
            self._loop,
            self._container,
            self._heartbeat_seconds,
            subscriptions=self._subscriptions,
            exchanges=self._logic.checked_exchanges,
            send=self.send,
            is_sent=lambda: self._links.are_senders_idle,
            repair=lambda: self._repair(self._subscriptions),
            on_passed=self._on_check_passed,
            on_failed=lambda text: self._engine.fail("amqp:not-found", text),
        )
        self._check.start()

    def _repair(self, subscriptions: Iterable[tuple[str, str]]) -> None:
        self._perform(self._logic.repair(subscriptions))
        self._engine.process()

    def _on_check_passed(self) -> None:
        """Report the first time; later declare again what no message of one's own can check."""
        if self._is_ready:
            self._repair([pair for pair in self._subscriptions if has_wildcard(pair[1])])
        else:
            self._is_ready = True
            self._on_ready()

    def _on_sender_end(self, reason: str) -> None:
        """Look whether messages are still taken; called while links are being dropped, so not at once."""
        check = self._check
        if reason and check is not None:
            self._loop.call_soon(lambda: check.on_sender_end(reason))

    def _stop_check(self) -> None:
        if self._check is not None:
            self._check.stop()

    def _on_link_end(self, link: Any) -> None:
        if self._management is not None and self._management.owns(link):
            self._perform(self._logic.on_session_end(SessionKind.MANAGEMENT, condition_text(link)))
            return
        self._perform(self._logic.on_link_end(link.name, condition_text(link)))
        if self._logic.phase is not Phase.FAILED:
            link.close()
            link.free()

    def _close_when_idle(self) -> None:
        """Poll, because proton has no event for a session whose window opens."""
        if self._logic.phase is not Phase.DRAINING:
            return
        if self._logic.may_close(are_senders_idle=self._links.are_senders_idle):
            self._engine.close()
            return
        self._engine.process()
        self._loop.call_later(DRAIN_POLL_SECONDS, self._close_when_idle)

    def _end(self, condition: str, text: str) -> None:
        if self._is_reader and not self._received and (queue := self._logic.queue) not in (None, *text.split("'")):
            text = f"queue {queue}: is there one, and may the user read it? ({text})"  # RabbitMQ 3 sends a stack trace
        elif self._check is not None:
            text = self._check.explain(text)
        elif self._logic.phase is Phase.ATTACHING:  # RabbitMQ 3 aborts it when rights are missing
            rights = "configure, write and read its queues and exchanges"
            text = f"{text or 'the peer closed the connection'}, while subscribing; may its user {rights}?"
        self._logic.end()
        self._unsettled.clear()
        self._stop_check()
        self._on_end(condition, text)


def _accept(link: Any, delivery: Any) -> None:
    if not delivery.settled:
        delivery.update(load_proton().Delivery.ACCEPTED)
    delivery.settle()
    replenish_credit(link)
