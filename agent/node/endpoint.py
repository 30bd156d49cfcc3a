"""One way to reach the agent: a transport, with the responder that answers over it under the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..qmf import (
    Forbidden,
    Identity,
    Message,
    MethodCall,
    QmfError,
    Responder,
    SchemaId,
    Store,
    direct_exchange,
    topic_exchange,
)
from ..qmf.wire.addresses import CHECK_PREFIX, LOCATE_BINDING, unique_key
from ..transport import ConnectionState, Transport, TransportOptions
from ..transport.urls import parse_url
from .outage_log import OutageLog
from .policy import Policy


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A transport with its own subscriptions; used in the agent's thread only."""

    options: TransportOptions
    transport: Transport
    responder: Responder
    is_loopback: bool
    is_connected: bool = False
    outages: OutageLog = field(default_factory=OutageLog)

    def open(
        self,
        on_message: Callable[[Endpoint, Message], None],
        on_state: Callable[[Endpoint, ConnectionState, str], None],
    ) -> None:
        """Subscribe and start the transport; both functions are called in the transport's thread."""
        identity = self.responder.identity
        self.transport.subscribe(direct_exchange(identity.domain), str(identity.name))
        own_topic_key = identity.direct_subject or unique_key(CHECK_PREFIX)
        self.transport.subscribe(topic_exchange(identity.domain), own_topic_key)
        self.transport.subscribe(topic_exchange(identity.domain), LOCATE_BINDING)
        self.transport.start(lambda message: on_message(self, message), lambda *state: on_state(self, *state))

    def send(self, message: Message) -> bool:
        """Send if connected, else drop the message: it would be stale by the time of the next connection.

        The transport keeps events, which have an id, until it is connected.
        """
        return (self.is_connected or message.message_id is not None) and self.transport.send(message)


def create_endpoint(
    options: TransportOptions,
    transport: Transport,
    *,
    identity: Identity,
    store: Store,
    policy: Callable[[], Policy],
    handle: Callable[[Endpoint, MethodCall], Mapping[str, object] | None],
    audit: Callable[[MethodCall, str], None],
    on_error: Callable[[Exception], None],
    strict_security: bool,
) -> Endpoint:
    """Connect a transport with a responder; ``handle`` executes the calls that the policy allows."""
    is_loopback = _is_loopback(options)
    endpoint: Endpoint

    def may_read(user: str | None, schema_id: SchemaId | None) -> bool:
        return policy().may_read(user, schema_id, is_loopback=is_loopback)

    def call(request: MethodCall) -> Mapping[str, object] | None:
        method = f"{request.schema.name}.{request.name}"
        if not policy().may_call(request.user_id, method, is_loopback=is_loopback):
            audit(request, "forbidden")
            raise Forbidden(f"{method}: not allowed by the agent's policy")
        try:
            result = handle(endpoint, request)
        except QmfError as error:
            audit(request, f"failed: {error.text}")
            raise
        if result is not None:
            audit(request, "ok")
        return result

    responder = Responder(
        identity=identity,
        store=store,
        call_method=call,
        may_read=may_read,
        strict_security=strict_security,
        on_error=on_error,
    )
    endpoint = Endpoint(options=options, transport=transport, responder=responder, is_loopback=is_loopback)
    return endpoint


def _is_loopback(options: TransportOptions) -> bool:
    urls = [options.listen] if options.listen is not None else list(options.urls)
    return bool(urls) and all(parse_url(url).is_loopback for url in urls)
