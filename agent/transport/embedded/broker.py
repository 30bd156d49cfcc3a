"""What the peers of an embedded exchange share: the exchanges, the limits, who they may be and where they may send."""

from collections.abc import Callable
from typing import Any

import hostinfo

from ...qmf.wire.reply_to import parse_address
from ..amqp.event_loop import EventLoop
from ..options import TransportOptions
from .exchanges import Budget, Exchanges

WAKE_SECONDS = 0.0


class LinkRejected(Exception):
    """A link is not attached, or ends: an AMQP condition and a sentence."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{text} ({name})")
        self.name, self.text = name, text


class EmbeddedBroker:
    """Shared state; everything in it belongs to the loop's thread."""

    def __init__(
        self, options: TransportOptions, loop: EventLoop, container: str, user_of: Callable[[Any], str | None]
    ) -> None:
        self.options, self.loop, self.container, self.user_of = options, loop, container, user_of
        self.version = hostinfo.__version__
        self.exchanges = Exchanges(options.domain)
        self.budget = Budget(options.max_total_bytes)
        self._woken: dict[Any, None] = {}

    def wake(self, peer: Any) -> None:
        """Let a peer send what waits for it, soon: many messages make one write."""
        if not self._woken:
            self.loop.call(self._pump)
        self._woken[peer] = None

    def source(self, address: str | None, keys: list[str]) -> tuple[str, list[str]]:
        """Say what a consumer's address means: an exchange and binding keys."""
        exchanges = self.exchanges
        route = parse_address(address) if address else None
        if route is None or not exchanges.is_exchange(route.node):
            raise LinkRejected("amqp:not-found", f"no such node to receive from: {str(address)[:100]}")
        found = keys + ([route.key] if route.key else [])
        if not found:
            if route.node != exchanges.topic:
                raise LinkRejected("amqp:invalid-field", "a direct exchange wants a filter with a binding key")
            found = ["#"]
        if any(exchanges.is_reserved(route.node, key) for key in found):
            raise LinkRejected("amqp:not-allowed", "this key belongs to the agent")
        return route.node, found

    def target(self, address: str, *, is_link: bool = True) -> tuple[str | None, str | None]:
        """Say what a producer's address means: a node, and a key unless the message's subject is the key."""
        exchanges = self.exchanges
        route = parse_address(address)
        if route is not None and exchanges.is_exchange(route.node):
            return route.node, route.key or None
        if route is not None and route.key is None and exchanges.is_node(route.node):
            return route.node, None
        if is_link:
            raise LinkRejected("amqp:not-found", f"no such node to send to: {address[:100]}")
        return "", None

    @staticmethod
    def is_same(claimed: str, user: str | None) -> bool:
        """Take a short name for the full one of the same user."""
        return user is not None and "@" not in claimed and user.partition("@")[0] == claimed

    def _pump(self) -> None:
        woken, self._woken = self._woken, {}
        for peer in woken:
            peer.pump()
