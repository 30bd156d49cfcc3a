"""A peer of the embedded exchange: one accepted AMQP connection, its sessions and links.

Behaves as qpidd does towards AMQP 1.0 peers (qpid-cpp src/qpid/broker/amqp/{Session,Outgoing,Incoming}.cpp), and where
qpidd is known to be wanting better: filters in force are echoed, a link may also name `exchange/key`.
"""

import itertools
import logging
import uuid
from typing import Any

from ..amqp.binding_filters import BadFilter, binding_keys
from ..amqp.engine import Engine
from ..amqp.proton_library import load, top_up
from ..codec.envelope import Envelope
from ..codec.errors import DecodeError
from .broker import EmbeddedBroker, LinkRejected
from .exchanges import Queue

_logger = logging.getLogger(__name__)
CREDIT = 200
UNSETTLED = 1_000
OUTGOING_BYTES = 256 << 10
OPEN_SECONDS = 10.0


class Consumer:
    """A link that a peer receives by: its queue, emptied as far as its credit and its socket allow."""

    __slots__ = ("_session", "link", "node", "peer", "queue", "settled", "tags")

    def __init__(self, peer: "ClientConnection", link: Any, node: str | None) -> None:
        options = peer.node.options
        self.peer, self.link, self.node = peer, link, node
        self._session = link.session  # proton makes a new object each time
        self.queue = Queue(
            peer.node.budget,
            lambda _queue: peer.node.wake(peer),
            options.max_queue_messages,
            options.max_queue_bytes,
        )
        self.settled = link.remote_snd_settle_mode != load().Link.SND_UNSETTLED
        self.tags = itertools.count()

    def pump(self) -> None:
        """Send what the peer can take now."""
        link = self.link
        while link.credit > 0 and self._session.outgoing_bytes < OUTGOING_BYTES and link.unsettled < UNSETTLED:
            item = self.queue.take()
            if item is None:
                if link.drain_mode:
                    link.drained()
                return
            delivery = link.delivery(str(next(self.tags)))
            link.stream(item[0])
            link.advance()
            if self.settled:
                delivery.settle()


class ClientConnection:
    """The handler of one connection's events."""

    def __init__(self, node: EmbeddedBroker, address: str) -> None:
        self.node, self.address = node, address
        self.engine: Engine
        self.user: str | None = None
        self._consumers: dict[Any, Consumer] = {}
        self._producers: dict[Any, tuple[str | None, str | None]] = {}
        self._is_open = False

    def started(self, engine: Engine) -> None:
        """Take the engine, and give the peer a moment to open its connection."""
        self.engine = engine
        self.node.loop.after(OPEN_SECONDS, self._too_slow)

    def pump(self) -> None:
        """Send to all its consumers what they can take."""
        for consumer in self._consumers.values():
            if len(consumer.queue) or consumer.link.drain_mode:
                consumer.pump()
        self.engine.process()

    def gone(self) -> None:
        """Forget everything of it."""
        for consumer in self._consumers.values():
            self.node.exchanges.remove(consumer.queue, consumer.node)
        self._consumers.clear()
        self._producers.clear()

    # -- proton's events

    def on_room(self) -> None:
        """The socket took bytes."""
        for consumer in self._consumers.values():
            if len(consumer.queue):
                consumer.pump()

    def on_connection_remote_open(self, event: Any) -> None:
        """Answer the open, now that the peer is who it is."""
        proton, connection = load(), event.connection
        self._is_open = True
        self.user = self.node.user_of(self.engine.transport)
        connection.container = self.node.container
        connection.offered_capabilities = [proton.symbol("ANONYMOUS-RELAY")]
        connection.properties = {proton.symbol("product"): "hostinfo", proton.symbol("version"): self.node.version}
        connection.open()
        _logger.info("%s: connected as %s", self.address, self.user or "anonymous")

    def on_session_remote_open(self, event: Any) -> None:
        """Open it; how many there may be is the transport's channel-max."""
        event.session.incoming_capacity = 2 * self.node.options.max_message_bytes
        event.session.open()

    def on_link_remote_open(self, event: Any) -> None:
        """Attach a consumer or a producer, or say why not."""
        link = event.link
        try:
            if len(self._consumers) + len(self._producers) >= self.node.options.max_links:
                raise LinkRejected("amqp:resource-limit-exceeded", "too many links")
            if link.is_sender:
                self._attach_consumer(link)
            else:
                self._attach_producer(link)
        except LinkRejected as refusal:
            link.open()
            _close(link, refusal)

    def on_link_flow(self, event: Any) -> None:
        """Credit came."""
        consumer = self._consumers.get(event.link)
        if consumer is not None:
            consumer.pump()

    def on_delivery(self, event: Any) -> None:
        """A message came, or one that we sent was settled."""
        delivery, link = event.delivery, event.link
        if link.is_sender:
            if delivery.updated:
                delivery.settle()
            consumer = self._consumers.get(link)
            if consumer is not None:
                consumer.pump()
            return
        limit = self.node.options.max_message_bytes
        if delivery.aborted:
            delivery.settle()
            top_up(link, CREDIT)
        elif delivery.pending > limit:
            self._producers.pop(link, None)
            _close(link, LinkRejected("amqp:link:message-size-exceeded", f"more than {limit} bytes"))
        elif delivery.readable and not delivery.partial:
            self._receive(link, delivery)

    def on_link_remote_close(self, event: Any) -> None:
        """Take the link away."""
        self._forget(event.link)
        event.link.close()
        event.link.free()

    def on_link_remote_detach(self, event: Any) -> None:
        """Take the link away: nothing here lives on detached."""
        self._forget(event.link)
        event.link.close()
        event.link.free()

    def on_session_remote_close(self, event: Any) -> None:
        """Take the session with its links away."""
        for link in [*self._consumers, *self._producers]:
            if link.session == event.session:
                self._forget(link)
        event.session.close()
        event.session.free()

    def on_connection_remote_close(self, event: Any) -> None:
        """Answer the close."""
        event.connection.close()

    # -- what they lead to

    def _attach_consumer(self, link: Any) -> None:
        remote, exchanges = link.remote_source, self.node.exchanges
        try:
            keys, accepted = binding_keys(remote)
        except BadFilter as error:
            raise LinkRejected("amqp:invalid-field", str(error)) from None
        if remote.dynamic:
            name = f"reply-{uuid.uuid4().hex}"
            consumer = Consumer(self, link, name)
            exchanges.add_node(name, consumer.queue)
            link.source.dynamic = True
            link.source.address = name
        else:
            exchange, keys = self.node.source(remote.address, keys)
            consumer = Consumer(self, link, None)
            for key in keys:
                exchanges.bind(exchange, key, consumer.queue)
            link.source.address = remote.address
            if accepted:
                link.source.filter.put_dict(accepted)
        link.target.copy(link.remote_target)
        link.snd_settle_mode = load().Link.SND_SETTLED if consumer.settled else load().Link.SND_UNSETTLED
        self._consumers[link] = consumer
        link.open()

    def _attach_producer(self, link: Any) -> None:
        proton, remote = load(), link.remote_target
        if remote.type == proton.Terminus.COORDINATOR or remote.dynamic:
            raise LinkRejected("amqp:not-implemented", "neither transactions nor dynamic targets")
        self._producers[link] = self.node.target(remote.address) if remote.address else (None, None)
        link.target.copy(remote)
        link.source.copy(link.remote_source)
        link.max_message_size = self.node.options.max_message_bytes
        link.rcv_settle_mode = proton.Link.RCV_FIRST
        link.open()
        link.flow(CREDIT)

    def _receive(self, link: Any, delivery: Any) -> None:
        data = link.recv(delivery.pending) or b""
        link.advance()
        outcome = load().Delivery.ACCEPTED
        try:
            if link in self._producers:
                self._publish(self._producers[link], bytes(data))
        except DecodeError as error:
            _logger.info("%s: %s", self.address, error)
            outcome = load().Delivery.REJECTED
        except LinkRejected as refusal:
            _logger.warning("%s (%s): %s", self.address, self.user or "anonymous", refusal)
            outcome = load().Delivery.REJECTED
            self._producers.pop(link, None)
            _close(link, refusal)
        if not delivery.settled:
            delivery.update(outcome)
        delivery.settle()
        if link in self._producers:
            top_up(link, CREDIT)

    def _publish(self, target: tuple[str | None, str | None], data: bytes) -> None:
        envelope = Envelope(data)
        claimed = envelope.user_id
        if claimed is not None and claimed != self.user and not self.node.is_same(claimed, self.user):
            raise LinkRejected("amqp:not-allowed", "user-id is not who this connection belongs to")
        if self.user is not None and claimed != self.user:
            envelope.set_user_id(self.user)
            data = envelope.encode()
        node, key = target
        if node is None:
            node, key = self.node.target(envelope.to or "", is_link=False)
        self.node.exchanges.publish(node or "", envelope.subject if key is None else key, data, envelope.ttl_ms)

    def _forget(self, link: Any) -> None:
        self._producers.pop(link, None)
        consumer = self._consumers.pop(link, None)
        if consumer is not None:
            self.node.exchanges.remove(consumer.queue, consumer.node)

    def _too_slow(self) -> None:
        if not self._is_open:
            self.engine.drop()


def _close(link: Any, refusal: LinkRejected) -> None:
    link.condition = load().Condition(refusal.name, refusal.text)
    link.close()
