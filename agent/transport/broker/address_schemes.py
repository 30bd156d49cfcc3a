"""Address schemes: how each broker writes the address of an exchange and key, to receive from and to send to.

qpidd: docs/amqp-1.0.txt and src/qpid/broker/amqp/ of qpid-cpp. RabbitMQ 3: the README of its AMQP 1.0 plugin
("v1" addresses). RabbitMQ 4: rabbitmq.com/docs/amqp ("v2" addresses, percent-encoded).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from hostinfo import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...qmf.wire.message import Message

DEFAULT_EXCHANGE = ""
"""AMQP's exchange to which each queue is bound with its name as the key."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message is sent: the link's target, and the message's own `to` and `subject`."""

    address: str | None  # None: a link without target, an anonymous relay
    to: str | None
    subject: str | None


class AddressScheme:
    """The scheme of qpidd and of the embedded broker: the exchange is the address, the key the subject."""

    name = "qpidd"
    has_filter = True
    """A filter of the source binds the key."""
    filters_locally = False
    """The broker also sends other messages: those whose subject does not match the key are dropped here."""
    lists_are_sequences = False
    """A list is sent in an amqp-sequence section."""
    reports_unroutable = False
    """The broker releases or rejects a message that it can deliver to no queue, unless it was sent settled."""
    has_exchanges = True
    """A message to an exchange reaches every queue that is bound with its key."""
    has_offsets = False
    """A stream can be read from an offset. RabbitMQ 3.10 takes the filter and begins at the end (measured)."""
    declares_queue = False
    """Clients receive from queues that they have declared; all subscriptions of a connection lead to one queue."""

    def source(self, exchange: str, key: str) -> str:
        """Return the address to receive from."""
        del key
        return exchange

    def queue(self, name: str) -> str:
        """Return the address to receive from a queue that exists."""
        return name

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """Return where to send a message whose address is an exchange or a queue."""
        del is_exchange
        return Target(message.address, message.address, message.subject)

    def reply_to(self, exchange: str, key: str) -> str:
        """Return the address at which others reach the subscriber of this key."""
        return f"{exchange}/{key}"


class EmbeddedScheme(AddressScheme):
    """The exchanges of an agent that listens."""

    reports_unroutable = True


class PlainScheme(AddressScheme):
    """Nodes that copy every message to every receiver, without filters: the receiver selects."""

    name = "plain"
    has_filter = False
    has_exchanges = False
    filters_locally = True


class RabbitMq3Scheme(AddressScheme):
    """RabbitMQ 3 with its AMQP 1.0 plugin."""

    name = "rabbitmq-3"
    has_filter = False
    # RabbitMQ 3.10 ends the session for an amqp-value with a list of two or more (measured; badarg in amqp10_framing).
    lists_are_sequences = True

    def source(self, exchange: str, key: str) -> str:
        """Return exchange and key."""
        return f"/exchange/{_escape_slashes(exchange)}/{_escape_slashes(key)}"

    def queue(self, name: str) -> str:
        """Return a queue that exists: `/queue/` would create it."""
        return f"/amq/queue/{_escape_slashes(name)}"

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """Return the exchange, or a queue that exists: `/queue/` would create it, `/amq/queue/` does not."""
        name = _escape_slashes(message.address)
        return Target(f"/exchange/{name}" if is_exchange else f"/amq/queue/{name}", None, message.subject)

    def reply_to(self, exchange: str, key: str) -> str:
        """Return exchange and key."""
        return self.source(exchange, key)


class RabbitMq4Scheme(AddressScheme):
    """RabbitMQ 4: exchanges are targets, only queues are sources."""

    name = "rabbitmq-4"
    has_filter = False
    reports_unroutable = True
    has_offsets = True
    declares_queue = True

    def source(self, exchange: str, key: str) -> str:
        """Return the queue that the default exchange delivers this key to: other exchanges are no sources."""
        if exchange != DEFAULT_EXCHANGE:
            raise ValueError(exchange)
        return f"/queues/{quote(key, safe='')}"

    def queue(self, name: str) -> str:
        """Return a queue."""
        return self.source(DEFAULT_EXCHANGE, name)

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """Return the anonymous relay, one link for all; the message's `to` names the node."""
        address, subject = message.address, message.subject
        to = self.reply_to(address, subject or "") if is_exchange else self.source(DEFAULT_EXCHANGE, address)
        return Target(None, to, subject)

    def reply_to(self, exchange: str, key: str) -> str:
        """Return exchange and key."""
        return f"/exchanges/{quote(exchange, safe='')}/{quote(key, safe='')}"


_SCHEMES = {scheme.name: scheme for scheme in (AddressScheme, RabbitMq3Scheme, RabbitMq4Scheme, PlainScheme)}


def choose_address_scheme(name: str, properties: Mapping[object, object] | None) -> AddressScheme:
    """Return the scheme of this name; for `auto`, that of the product in the broker's connection properties."""
    if name == "auto":
        if (properties or {}).get("product") == "hostinfo":
            return EmbeddedScheme()
        name = _detect(properties or {})
    if name not in _SCHEMES:
        raise Unavailable("address scheme", f"{name!r} is unknown; use one of {', '.join(_SCHEMES)}, auto")
    return _SCHEMES[name]()


def _detect(properties: Mapping[object, object]) -> str:
    texts = {str(key): str(value) for key, value in properties.items()}
    product, version = texts.get("product", "").lower(), texts.get("version", "")
    if "rabbitmq" in product:
        return "rabbitmq-3" if version.startswith("3.") else "rabbitmq-4"
    # exact names: routers and Broker-J also have "qpid" in theirs
    return "qpidd" if product in ("qpid-cpp", "qpidd") else "plain"


def _escape_slashes(text: str) -> str:
    """Escape exactly what RabbitMQ 3 unescapes: slashes, not even the percent sign (measured)."""
    return text.replace("/", "%2F")
