"""Reply-to addresses: parse them, and reject those that would turn an agent into a message injector.

qpidd writes `exchange/key` (split at the first slash), a queue's bare name, or `/queue`. RabbitMQ 3 writes
`/exchange/NAME/KEY` and `/queue/NAME`, RabbitMQ 4 `/exchanges/NAME/KEY` and `/queues/NAME`, both percent-encoded.
"""

from dataclasses import dataclass

from .addresses import V1_EXCHANGE, direct_exchange, topic_exchange
from .limits import MAX_KEY_BYTES
from .message import Correlation

MAX_ADDRESS_CHARACTERS = 600
STRICT_PREFIX = "direct-console."


@dataclass(frozen=True, slots=True)
class Route:
    """An exchange with a routing key, or a queue."""

    node: str
    key: str | None = None  # None: the node is a queue

    def __str__(self) -> str:
        return self.node if self.key is None else f"{self.node}/{self.key}"


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where the responses to one request are sent, with the correlation id that they carry back."""

    route: Route
    correlation_id: Correlation = None


def parse_address(text: str) -> Route | None:
    """Parse an address of any of the forms above; None if it is not one."""
    if not text or len(text) > MAX_ADDRESS_CHARACTERS or not text.isprintable():
        return None
    kind, _, rest = text[1:].partition("/") if text[0] == "/" else ("", "", text)
    if kind in ("exchange", "exchanges") and rest:
        node, _, key = rest.partition("/")
        return _route(_unquote(node), _unquote(key))
    if kind in ("queue", "queues") and rest:
        return _route(_unquote(rest), None)
    if text[0] == "/":
        return _route(text[1:], None)
    node, slash, key = text.partition("/")
    return _route(node, key if slash else None)


def check_reply_to(text: str | None, domain: str, *, strict: bool = False) -> Route | None:
    """Return the route of a reply-to if an agent may send there, else None.

    Allowed are the two QMF exchanges, `amq.direct` (for v1 schema responses) and queues. The name of a built-in
    exchange does not count as a queue. With `strict` only `direct-console.…` on the topic exchange is allowed, as in
    the strict-security mode of C++ agents.
    """
    route = parse_address(text) if text else None
    if route is None:
        return None
    topic, direct = topic_exchange(domain), direct_exchange(domain)
    if strict:
        allowed = route.node == topic and (route.key or "").startswith(STRICT_PREFIX)
    elif route.key is None:
        allowed = _may_be_queue(route.node)
    else:
        allowed = route.node in (topic, direct, V1_EXCHANGE)
    return route if allowed else None


def _may_be_queue(name: str) -> bool:
    """Return False for names of well-known exchanges: a link to such a name reaches the exchange, not a queue."""
    if name.startswith("amq.gen-"):  # RabbitMQ generates these queue names
        return True
    return not name.startswith(("amq.", "qmf.", "qpid.", "$")) and "/" not in name


def _route(node: str | None, key: str | None) -> Route | None:
    if not node or any(len(part.encode("utf-8", "replace")) > MAX_KEY_BYTES for part in (node, key or "")):
        return None
    return Route(node, key)


def _unquote(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="replace")
