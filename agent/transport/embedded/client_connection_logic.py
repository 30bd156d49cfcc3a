"""What a client of the embedded broker may do: pure decisions over plain values, for `client_connection`.

Nothing here touches a socket, a clock or proton: methods take what the client requests, and return what must be done.
A link is any hashable value.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..codec.envelope import Envelope
from ..codec.errors import DecodeError
from .node_addresses import Destination, LinkRejected, resolve_source, resolve_target, resolve_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchanges import Exchanges

Link: TypeAlias = Hashable


@dataclass(frozen=True, slots=True)
class ConsumerRequest:
    """The source of a link that a client requests to receive by."""

    address: str | None = None
    is_dynamic: bool = False
    binding_keys: tuple[str, ...] = ()
    filter_error: str = ""


@dataclass(frozen=True, slots=True)
class ProducerRequest:
    """The target of a link that a client requests to send by; without an address, an anonymous relay."""

    address: str | None = None
    is_dynamic: bool = False
    is_coordinator: bool = False


@dataclass(frozen=True, slots=True)
class AttachConsumer:
    """Attach the link, and bind its queue: to a new dynamic node, or by exchange and key."""

    dynamic_node: str | None = None
    bindings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AttachProducer:
    """Attach the link; destination None: the `to` of each message is resolved."""

    destination: Destination | None


@dataclass(frozen=True, slots=True)
class Publish:
    """Route a message: `data` are its bytes, with the user-id that the client has authenticated as."""

    node: str
    key: str
    data: bytes
    ttl_ms: int | None


@dataclass(frozen=True, slots=True)
class RejectMessage:
    """Settle the message as rejected; the link stays attached."""

    reason: str


class ClientConnectionLogic:
    """The links of one client, by what it requested.

    The states of the connection::

        CONNECTED ---client's open---> OPEN ---closed, lost---> ENDED
            |                                                     ^
            +---no open within the time limit, lost---------------+

    and of each of its links::

        REQUESTED ---allowed---> ATTACHED ---client detaches, session or connection ends---> removed
            |                       |
            +-----not allowed-------+---forged user-id, message too large---> closed with an error condition

    A link that is closed by an error ends like one that the client detaches.
    """

    def __init__(self, exchanges: Exchanges, max_links: int, new_node_name: Callable[[], str]) -> None:
        """`exchanges` is only read here."""
        self._exchanges, self._max_links, self._new_node_name = exchanges, max_links, new_node_name
        self.is_open = self.has_ended = False
        self.user: str | None = None
        """Who the client authenticated as; None: anonymous."""
        self.consumers: dict[Link, AttachConsumer] = {}
        self.producers: dict[Link, AttachProducer] = {}

    def open(self, user: str | None) -> None:
        """Note who the client is, once it has authenticated and opened the connection."""
        self.is_open, self.user = True, user

    def must_abort(self) -> bool:
        """Whether to disconnect at the end of the time limit for the open."""
        return not self.is_open and not self.has_ended

    def end(self) -> None:
        """Forget all links."""
        self.has_ended = True
        self.consumers.clear()
        self.producers.clear()

    def attach_consumer(self, link: Link, request: ConsumerRequest) -> AttachConsumer | LinkRejected:
        """Decide on a link that the client receives by."""
        try:
            self._check_link_count()
            if request.filter_error:
                raise LinkRejected("amqp:invalid-field", request.filter_error)
            if request.is_dynamic:
                consumer = AttachConsumer(dynamic_node=self._new_node_name())
            else:
                consumer = AttachConsumer(
                    bindings=resolve_source(self._exchanges, request.address, request.binding_keys)
                )
        except LinkRejected as rejected:
            return rejected
        self.consumers[link] = consumer
        return consumer

    def attach_producer(self, link: Link, request: ProducerRequest) -> AttachProducer | LinkRejected:
        """Decide on a link that the client sends by."""
        try:
            self._check_link_count()
            if request.is_coordinator or request.is_dynamic:
                raise LinkRejected("amqp:not-implemented", "transactions and dynamic targets are not supported")
            producer = AttachProducer(resolve_target(self._exchanges, request.address) if request.address else None)
        except LinkRejected as rejected:
            return rejected
        self.producers[link] = producer
        return producer

    def receive(self, link: Link, data: bytes) -> Publish | RejectMessage | LinkRejected | None:
        """Decide on a message; None: ignore it, because its link is no longer attached."""
        producer = self.producers.get(link)
        if producer is None:
            return None
        try:
            return self._route(producer, Envelope(data))
        except DecodeError as error:
            return RejectMessage(str(error))
        except LinkRejected as rejected:
            del self.producers[link]
            return rejected

    def reject_large_message(self, link: Link, max_bytes: int) -> LinkRejected:
        """Detach a link whose message exceeds the limit."""
        self.producers.pop(link, None)
        return LinkRejected("amqp:link:message-size-exceeded", f"more than {max_bytes} bytes")

    def detach(self, link: Link) -> AttachConsumer | None:
        """Forget a link; return what a consumer was attached as, whose queue must be removed."""
        self.producers.pop(link, None)
        return self.consumers.pop(link, None)

    def _check_link_count(self) -> None:
        if len(self.consumers) + len(self.producers) >= self._max_links:
            raise LinkRejected("amqp:resource-limit-exceeded", "too many links")

    def _route(self, producer: AttachProducer, envelope: Envelope) -> Publish:
        claimed = envelope.user_id
        if claimed is not None and claimed != self.user and not _is_short_name(claimed, self.user):
            raise LinkRejected("amqp:not-allowed", "the user-id is not the connection's user")
        if self.user is not None and claimed != self.user:
            envelope.set_user_id(self.user)
        destination = producer.destination or resolve_to(self._exchanges, envelope.to or "")
        key = (envelope.subject or "") if destination.key is None else destination.key
        return Publish(destination.node, key, envelope.encode(), envelope.ttl_ms)


def _is_short_name(claimed: str, user: str | None) -> bool:
    """Whether a name without a realm is the user's."""
    return user is not None and "@" not in claimed and user.partition("@")[0] == claimed
