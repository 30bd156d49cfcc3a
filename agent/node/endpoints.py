"""All endpoints of the agent: what is sent to each, and when its subscriptions are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..qmf import Identity, Message, data_indications
from ..transport import TransportOptions
from .effects import PublishObjects
from .endpoint import Endpoint


class Endpoints:
    """A list of endpoints, used in the agent's thread only; ``clock`` returns ns since 1970."""

    def __init__(self, create: Callable[[TransportOptions], Endpoint], clock: Callable[[], int]) -> None:
        self._create, self._clock = create, clock
        self._all: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        """Iterate over the endpoints in the order of their opening."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        """Return the number of endpoints."""
        return len(self._all)

    def add(self, options: TransportOptions) -> Endpoint:
        """Create and add an endpoint, not yet started; raise HostInfoError if its options cannot be used."""
        endpoint = self._create(options)
        self._all.append(endpoint)
        return endpoint

    def remove(self, options: TransportOptions) -> None:
        """Close and remove the endpoint with these options."""
        for endpoint in self:
            if endpoint.options == options:
                endpoint.transport.close()
                self._all.remove(endpoint)

    def close(self) -> None:
        """Close all endpoints; ``dropped`` stays readable."""
        for endpoint in self:
            endpoint.transport.close()

    @property
    def connected(self) -> int:
        """Number of connected endpoints."""
        return sum(endpoint.is_connected for endpoint in self)

    @property
    def dropped(self) -> int:
        """Messages that were not sent."""
        return sum(endpoint.transport.dropped for endpoint in self)

    @property
    def has_subscriptions(self) -> bool:
        """Whether any console has subscribed."""
        return any(len(endpoint.responder.subscriptions) for endpoint in self)

    def set_identity(self, identity: Identity) -> None:
        """Let all endpoints respond with this identity."""
        for endpoint in self:
            endpoint.responder.identity = identity

    def send(self, message: Message) -> None:
        """Send a message over all endpoints."""
        for endpoint in self:
            endpoint.send(message)

    def publish(self, identity: Identity, effect: PublishObjects) -> None:
        """Send objects over all endpoints, and deletions to their subscribers."""
        for endpoint in self:
            publish(endpoint, identity, effect, self._clock())

    def publish_due(self) -> None:
        """Send to the subscribers that are due what has changed for them."""
        for endpoint in self:
            due = endpoint.responder.subscriptions.next_due_ns()
            if due is not None and due <= self._clock() and endpoint.is_connected:
                _send(endpoint, endpoint.responder.publish_due(self._clock()))


def publish(endpoint: Endpoint, identity: Identity, effect: PublishObjects, now_ns: int) -> None:
    """Send objects over one endpoint, if it is connected, and deletions to its subscribers."""
    if not endpoint.is_connected:
        return
    _send(endpoint, data_indications(identity, effect.objects, ttl_ms=effect.ttl_ms))
    for deleted in effect.deleted:
        _send(endpoint, endpoint.responder.publish_deleted(deleted, now_ns))


def _send(endpoint: Endpoint, messages: Iterable[Message]) -> None:
    for message in messages:
        endpoint.send(message)
