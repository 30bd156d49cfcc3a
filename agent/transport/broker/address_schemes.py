"""How each broker writes addresses: where to attach for an exchange and key, and where a message is sent.

qpidd: docs/amqp-1.0.txt and src/qpid/broker/amqp/ of qpid-cpp. RabbitMQ 3: the README of its AMQP 1.0 plugin
("v1" addresses). RabbitMQ 4: rabbitmq.com/docs/amqp ("v2" addresses, percent-encoded; queues are made beforehand).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hostinfo import Unavailable

from ...qmf.wire.message import Message


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: the link's target, and what stands in the message's own `to` and `subject`."""

    address: str | None  # None: a link without target, an anonymous relay
    to: str | None
    subject: str | None
    is_exchange: bool


class AddressScheme:
    """qpidd's way, which the embedded exchange has too: the exchange is the address, the key the subject."""

    name = "qpidd"
    has_filter = True
    """The key is bound by a filter of the source."""
    is_filtered_here = False
    """The peer may send what was not asked for: what does not match is dropped."""
    lists_are_sequences = False
    """Lists travel in an amqp-sequence section."""

    def source(self, exchange: str, key: str) -> str:
        """Address to receive from."""
        del key
        return exchange

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """Say where a message goes."""
        return Target(message.address, message.address, message.subject, is_exchange)

    def reply_to(self, exchange: str, key: str) -> str:
        """Address that others send to, to reach who subscribed to this key."""
        return f"{exchange}/{key}"


class PlainScheme(AddressScheme):
    """Nodes that copy every message to every receiver, without filters: the receiver picks."""

    name = "plain"
    has_filter = False
    is_filtered_here = True


class RabbitMq3Scheme(AddressScheme):
    """RabbitMQ 3 with its AMQP 1.0 plugin."""

    name = "rabbitmq-3"
    has_filter = False
    # RabbitMQ 3.10 ends the session for an amqp-value with a list of two or more (measured; badarg in amqp10_framing).
    lists_are_sequences = True

    def source(self, exchange: str, key: str) -> str:
        """Name the exchange and the key."""
        return f"/exchange/{_slashless(exchange)}/{_slashless(key)}"

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """The exchange, with the subject as key; of queues only those that exist (`/queue/` would make one)."""
        name = _slashless(message.address)
        address = f"/exchange/{name}" if is_exchange else f"/amq/queue/{name}"
        return Target(address, None, message.subject, is_exchange)

    def reply_to(self, exchange: str, key: str) -> str:
        """Exactly what is sent to."""
        return f"/exchange/{_slashless(exchange)}/{_slashless(key)}"


class RabbitMq4Scheme(AddressScheme):
    """RabbitMQ 4: exchanges are targets, only queues are sources.

    A subscription is a queue named after exchange and key under this peer's name, bound beforehand (docs/brokers.md).
    """

    name = "rabbitmq-4"
    has_filter = False

    def __init__(self, queues: Mapping[tuple[str, str], str]) -> None:
        self._queues = queues

    def source(self, exchange: str, key: str) -> str:
        """Name the queue that is bound to it."""
        return f"/queues/{quote(self._queues.get((exchange, key), f'{exchange}.{key}'), safe='')}"

    def target(self, message: Message, *, is_exchange: bool) -> Target:
        """One link without target for all; the message names its node."""
        name = quote(message.address, safe="")
        to = f"/exchanges/{name}/{quote(message.subject or '', safe='')}" if is_exchange else f"/queues/{name}"
        return Target(None, to, message.subject, is_exchange)

    def reply_to(self, exchange: str, key: str) -> str:
        """Name the exchange and the key."""
        return f"/exchanges/{quote(exchange, safe='')}/{quote(key, safe='')}"


def _slashless(text: str) -> str:
    """Escape what RabbitMQ 3 unescapes, and no more (measured: slashes alone, not even the percent sign)."""
    return text.replace("/", "%2F")


def choose_address_scheme(name: str, properties: Mapping[object, object] | None) -> AddressScheme:
    """Give the scheme of that name, or with `auto` that of a peer with these open properties."""
    if name != "auto":
        return _named(name)
    told = {str(key): str(value) for key, value in (properties or {}).items()}
    product, version = told.get("product", "").lower(), told.get("version", "")
    if "rabbitmq" in product:
        return _named("rabbitmq-3" if version.startswith("3.") else "rabbitmq-4")
    if product in ("qpid-cpp", "qpidd", "hostinfo"):  # routers and Broker-J have "qpid" in their names, too
        return AddressScheme()
    return PlainScheme()


def _named(name: str) -> AddressScheme:
    match name:
        case "qpidd":
            return AddressScheme()
        case "plain":
            return PlainScheme()
        case "rabbitmq-3":
            return RabbitMq3Scheme()
        case "rabbitmq-4":
            return RabbitMq4Scheme({})
    raise Unavailable("address scheme", f"{name!r} is none of qpidd, rabbitmq-3, rabbitmq-4, plain, auto")
