"""What the addresses mean that clients of the embedded broker attach links to.

The rules are those of qpidd (qpid-cpp src/qpid/broker/amqp/{Session,Outgoing,Incoming}.cpp); a link may also name
`exchange/key`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...qmf.wire.reply_to import parse_address

if TYPE_CHECKING:
    from .exchanges import Exchanges


class LinkRejected(Exception):
    """A link is closed with an AMQP condition and a text."""

    def __init__(self, condition: str, text: str) -> None:
        super().__init__(f"{text} ({condition})")
        self.condition, self.text = condition, text


@dataclass(frozen=True, slots=True)
class Destination:
    """Where messages are routed."""

    node: str  # "": no such node, the messages reach no queue
    key: str | None  # None: a message's subject is the routing key


def resolve_source(exchanges: Exchanges, address: str | None, keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the bindings, exchange and key, that a consumer's address and filter mean; raise LinkRejected."""
    route = parse_address(address) if address else None
    if route is None or not exchanges.is_exchange(route.node):
        raise LinkRejected("amqp:not-found", f"no such node to receive from: {str(address)[:100]}")
    all_keys = keys + ((route.key,) if route.key else ())
    if not all_keys:
        if route.node != exchanges.topic:
            raise LinkRejected("amqp:invalid-field", "a direct exchange needs a filter with a binding key")
        all_keys = ("#",)
    if any(exchanges.is_reserved(route.node, key) for key in all_keys):
        raise LinkRejected("amqp:not-allowed", "only the agent may receive from this key")
    return tuple((route.node, key) for key in all_keys)


def resolve_target(exchanges: Exchanges, address: str) -> Destination:
    """Return what a producer's address means; raise LinkRejected when there is no such node."""
    destination = resolve_to(exchanges, address)
    if not destination.node:
        raise LinkRejected("amqp:not-found", f"no such node to send to: {address[:100]}")
    return destination


def resolve_to(exchanges: Exchanges, address: str) -> Destination:
    """Return what the `to` of a message means."""
    route = parse_address(address)
    if route is not None and exchanges.is_exchange(route.node):
        return Destination(route.node, route.key or None)
    if route is not None and route.key is None and exchanges.is_dynamic_node(route.node):
        return Destination(route.node, None)
    return Destination("", None)
