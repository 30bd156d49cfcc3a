"""One accepted connection of the embedded broker: carries out what `client_connection_logic` decides."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from ..amqp.binding_filters import FilterError, binding_keys
from ..amqp.deliveries import DeliveryStep, next_step
from ..amqp.engine import Engine
from ..amqp.flow_control import CREDIT, replenish_credit
from ..amqp.proton_library import load_proton
from .client_connection_logic import (
    ClientConnectionLogic,
    ConsumerRequest,
    ProducerRequest,
    Publish,
    RejectMessage,
)
from .consumer import MAX_UNSETTLED, Consumer
from .memory_budget import Owner
from .node_addresses import LinkRejected

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .broker import EmbeddedBroker

_logger = logging.getLogger(__name__)
MAX_FRAME_BYTES = 1 << 14
MAX_SESSIONS = 8
BUFFER_FACTOR = 2
"""What a byte costs in proton's buffers, which double when they grow."""
INCOMING_BYTES = 128 << 10
"""What a session takes beyond one message of the largest size, so that its other links go on meanwhile."""
MIN_UNSETTLED = 16
"""Deliveries that a link may always have on their way."""
OPEN_TIMEOUT_SECONDS = 10.0
REASON_LIMIT = 200
"""Characters of a reason that the log gets: a stranger's bytes may be part of it."""


class ClientConnection:
    """The handler of one connection's events; belongs to the loop's thread. The states are those of the logic."""

    def __init__(
        self,
        broker: EmbeddedBroker,
        sock: socket.socket,
        address: str,
        on_open: Callable[[ClientConnection], bool],
        on_end: Callable[[ClientConnection, str | None], None],
    ) -> None:
        """Start the connection.

        `on_open` is called when the client has authenticated, and returns False to refuse it; `on_end` once at the end,
        with the reason if the client did not get that far.
        """
        self._broker, self.address, self._on_open, self._on_end = broker, address, on_open, on_end
        options = broker.options
        self._logic = ClientConnectionLogic(broker.exchanges, options.max_links, lambda: f"reply-{uuid.uuid4().hex}")
        self._consumers: dict[Any, Consumer] = {}
        self._owner = Owner(broker.budget, disconnect=self._disconnect)
        self._sessions: list[Any] = []
        proton = load_proton()
        transport: Any = proton.Transport(proton.Transport.SERVER)
        transport.max_frame_size = MAX_FRAME_BYTES
        transport.channel_max = MAX_SESSIONS - 1
        transport.idle_timeout = 2 * options.heartbeat_seconds
        broker.security.prepare(transport)
        self._engine = Engine(broker.loop, sock, transport, self, self._end)
        self._open_timer = broker.loop.call_later(OPEN_TIMEOUT_SECONDS, self._on_open_timeout)

    def start(self) -> None:
        """Start the protocol."""
        self._engine.start()

    def flush(self) -> None:
        """Send to all consumers what they can take."""
        for consumer in self._consumers.values():
            if consumer.has_work:
                consumer.flush()
        self._engine.process()

    def close(self) -> None:
        """Send what the consumers can take, and close in order."""
        self.flush()
        self._engine.close()

    def abort(self) -> None:
        """Close the socket at once."""
        self._engine.abort()

    # -- proton's events

    def on_writable(self) -> None:
        """Fill the socket's buffer again."""
        self._owner.note_read()
        for consumer in self._consumers.values():
            if consumer.has_work:
                consumer.flush()

    def on_processed(self) -> None:
        """Count what proton holds for the client: what it has not read, and messages that it has sent in part."""
        pending = max(0, self._engine.transport.pending())
        outgoing = sum(one.outgoing_bytes for one in self._sessions)
        unsent = sum(one.unsent_bytes for one in self._consumers.values())
        incoming = sum(one.incoming_bytes for one in self._sessions)
        self._owner.set_in_flight(BUFFER_FACTOR * outgoing + pending + unsent, BUFFER_FACTOR * incoming)

    def on_connection_remote_open(self, event: Any) -> None:
        """Open the connection too, now that the client has authenticated."""
        if not self._on_open(self):
            _logger.warning("%s: refused, the limit of clients is reached", self.address)
            self._engine.fail("amqp:resource-limit-exceeded", "too many clients are connected")
            return
        proton, connection = load_proton(), event.connection
        self._logic.open(self._broker.security.user_of(self._engine.transport))
        connection.container = self._broker.container
        connection.offered_capabilities = [proton.symbol("ANONYMOUS-RELAY")]
        connection.properties = {proton.symbol("product"): "hostinfo", proton.symbol("version"): self._broker.version}
        connection.open()
        _logger.info("%s: connected as %s", self.address, self._user_text())

    def on_session_remote_open(self, event: Any) -> None:
        """Open the session too; the transport's channel_max limits their number."""
        event.session.incoming_capacity = self._broker.options.max_message_bytes + INCOMING_BYTES
        event.session.open()
        self._sessions.append(event.session)

    def on_link_remote_open(self, event: Any) -> None:
        """Attach a consumer or a producer, or close the link with the reason."""
        link = event.link
        rejected = self._attach_consumer(link) if link.is_sender else self._attach_producer(link)
        link.open()
        if rejected is not None:
            _close(link, rejected)
        elif link.is_receiver:
            link.flow(CREDIT)

    def on_link_flow(self, event: Any) -> None:
        """Send what the client gave credit for."""
        consumer = self._consumers.get(event.link)
        if consumer is not None:
            consumer.flush()

    def on_delivery(self, event: Any) -> None:
        """Settle what was sent; publish a message once it is complete."""
        delivery, link = event.delivery, event.link
        if link.is_sender:
            if delivery.updated:
                delivery.settle()
            consumer = self._consumers.get(link)
            if consumer is not None:
                consumer.flush()
            return
        max_bytes = self._broker.options.max_message_bytes
        match next_step(
            is_aborted=delivery.aborted,
            pending=delivery.pending,
            is_readable=delivery.readable,
            is_partial=delivery.partial,
            max_bytes=max_bytes,
        ):
            case DeliveryStep.READ:
                self._receive(link, delivery)
            case DeliveryStep.DISCARD:
                delivery.settle()
                replenish_credit(link)
            case DeliveryStep.REJECT:
                _close(link, self._logic.reject_large_message(link, max_bytes))

    def on_link_remote_close(self, event: Any) -> None:
        """Remove the link."""
        self._remove(event.link)
        event.link.close()
        event.link.free()

    def on_link_remote_detach(self, event: Any) -> None:
        """Treat a detach like a close: no link can be resumed."""
        self.on_link_remote_close(event)

    def on_session_remote_close(self, event: Any) -> None:
        """Remove the session with its links."""
        for link in [*self._logic.consumers, *self._logic.producers]:
            if link.session == event.session:  # type: ignore[attr-defined]  # here links are proton's
                self._remove(link)
        if event.session in self._sessions:
            self._sessions.remove(event.session)
        event.session.close()
        event.session.free()

    def on_connection_remote_close(self, event: Any) -> None:
        """Confirm the close."""
        event.connection.close()

    # -- carrying out

    def _attach_consumer(self, link: Any) -> LinkRejected | None:
        remote = link.remote_source
        keys: tuple[str, ...] = ()
        filters_in_force: dict[Any, Any] = {}
        error = ""
        try:
            keys, filters_in_force = binding_keys(remote)
        except FilterError as failed:
            error = str(failed)
        decision = self._logic.attach_consumer(link, ConsumerRequest(remote.address, remote.dynamic, keys, error))
        if isinstance(decision, LinkRejected):
            return decision
        consumer = self._consumers[link] = Consumer(
            link, self._broker.new_queue(self._owner, self._on_queued), self._sessions
        )
        self._share_limits()
        if decision.dynamic_node is not None:
            self._broker.exchanges.add_dynamic_node(decision.dynamic_node, consumer.queue)
            link.source.dynamic = True
            link.source.address = decision.dynamic_node
        else:
            for exchange, key in decision.bindings:
                self._broker.exchanges.bind(exchange, key, consumer.queue)
            link.source.address = remote.address
            if filters_in_force:
                link.source.filter.put_dict(filters_in_force)
        link.target.copy(link.remote_target)
        modes = load_proton().Link
        link.snd_settle_mode = modes.SND_SETTLED if consumer.is_presettled else modes.SND_UNSETTLED
        return None

    def _attach_producer(self, link: Any) -> LinkRejected | None:
        proton, remote = load_proton(), link.remote_target
        is_coordinator = remote.type == proton.Terminus.COORDINATOR
        decision = self._logic.attach_producer(link, ProducerRequest(remote.address, remote.dynamic, is_coordinator))
        if isinstance(decision, LinkRejected):
            return decision
        link.target.copy(remote)
        link.source.copy(link.remote_source)
        link.max_message_size = self._broker.options.max_message_bytes
        link.rcv_settle_mode = proton.Link.RCV_FIRST
        return None

    def _receive(self, link: Any, delivery: Any) -> None:
        data = bytes(link.recv(delivery.pending) or b"")
        link.advance()
        outcome = load_proton().Delivery.ACCEPTED
        match self._logic.receive(link, data):
            case Publish(node, key, data, ttl_ms):
                if not self._broker.exchanges.publish(node, key, data, ttl_ms):
                    outcome = load_proton().Delivery.RELEASED
            case RejectMessage(reason):
                _logger.info("%s: %s", self.address, reason)
                outcome = load_proton().Delivery.REJECTED
            case LinkRejected() as rejected:
                _logger.warning("%s (%s): %s", self.address, self._user_text(), rejected)
                outcome = load_proton().Delivery.REJECTED
                _close(link, rejected)
        if not delivery.settled:
            delivery.update(outcome)
        delivery.settle()
        if link in self._logic.producers:
            replenish_credit(link)

    def _remove(self, link: Any) -> None:
        attached = self._logic.detach(link)
        if attached is not None:
            self._broker.exchanges.remove(self._consumers.pop(link).queue, attached.dynamic_node)

    def _share_limits(self) -> None:
        """Divide what the connection may have among its links."""
        for consumer in self._consumers.values():
            consumer.max_unsettled = max(MIN_UNSETTLED, MAX_UNSETTLED // len(self._consumers))

    def _disconnect(self) -> None:
        _logger.warning("%s (%s): disconnected to free memory for other clients", self.address, self._user_text())
        if self._engine.is_processing:  # what is on the stack still uses the connection
            self._broker.loop.call_soon(self.abort)
        else:
            self.abort()

    def _on_queued(self, _queue: object) -> None:
        self._broker.schedule_flush(self.flush)

    def _on_open_timeout(self) -> None:
        if self._logic.must_abort():
            self.abort()

    def _end(self, condition: str, text: str) -> None:
        refused = None
        if not self._logic.is_open and self._engine.has_received:
            mechanism = self._broker.security.refused_mechanism(self._engine.transport)
            refused = f"{mechanism} login failed" if mechanism is not None else text[:REASON_LIMIT] or None
        elif self._logic.is_open:
            _logger.info("%s: disconnected%s", self.address, f" ({text}, {condition})" if text else "")
        self._open_timer.cancel()
        for link in tuple(self._consumers):
            self._remove(link)
        self._logic.end()
        self._owner.set_in_flight(0, 0)
        self._owner.disconnect = None  # a cycle would keep proton's buffers
        self._sessions.clear()
        self._on_end(self, refused)

    def _user_text(self) -> str:
        return self._logic.user or "anonymous"


def _close(link: Any, rejected: LinkRejected) -> None:
    link.condition = load_proton().Condition(rejected.condition, rejected.text)
    link.close()
