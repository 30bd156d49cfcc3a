"""Messages that a client sends to itself through the broker, to learn whether it still receives.

A connection can stand while its queue was deleted, expired or unbound, or while its user may no longer send: nothing
else shows it, for a client that receives nothing looks like one that is sent nothing.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from ...qmf.wire.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ..amqp.event_loop import EventLoop, Timer

CHECK_KEY = "hostinfo.check"
"""The application property of these messages; its value is unique to connection and round."""
MAX_KEYS = 8
"""Keys in one round; with more, the rounds take them in turn."""
LIMIT_SHARE = 1 / 3
"""Share of the heartbeat interval that a message may take; the rest of it lies between two rounds."""
FIRST_LIMIT_SECONDS = 5.0
"""The most that a message may take in the first round, before the connection counts as one."""


def is_check(message: Message) -> bool:
    """Whether a message is one that a client sent to itself, this one or another with the same key."""
    return CHECK_KEY in message.properties


class SelfCheck:
    """Rounds of messages to the own keys on each exchange; belongs to the loop's thread.

    ::

        created --start--> CHECKING --all are back--> WAITING --interval--> CHECKING
                              |
                              +--one is lost--> REPAIRING --repaired--> CHECKING --one is lost again--> FAILED

    Only keys without wildcards are checked: a message to another would reach other clients.
    """

    def __init__(
        self,
        loop: EventLoop,
        token: str,
        heartbeat_seconds: float,
        *,
        subscriptions: Iterable[tuple[str, str]],
        exchanges: Collection[str],
        send: Callable[[Message], bool],
        is_sent: Callable[[], bool],
        repair: Callable[[], None],
        on_passed: Callable[[], None],
        on_failed: Callable[[str], None],
    ) -> None:
        """`subscriptions`, pairs of exchange and key, is read in each round; `exchanges`: those that are checked.

        `is_sent`: whether the broker took everything that was sent. `on_passed` is called after each round.
        """
        self._loop, self._token, self._subscriptions, self._exchanges = loop, token, subscriptions, exchanges
        self._limit_seconds = heartbeat_seconds * LIMIT_SHARE
        self._pause_seconds = heartbeat_seconds - self._limit_seconds
        self._send, self._is_sent, self._repair = send, is_sent, repair
        self._on_passed, self._on_failed = on_passed, on_failed
        self.delays: dict[tuple[str, str], float] = {}
        """Seconds that the last message to each pair of exchange and key took."""
        self._missing: dict[str, tuple[str, str]] = {}
        self._sent = 0.0
        self._rounds = self._position = self._losses = 0
        self._is_repairing = self._has_ended = False
        self._reason = ""
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin the first round, or the next one before its time."""
        if self._has_ended or self._missing:
            return
        self._rounds += 1
        self._losses, self._is_repairing, self._reason = 0, False, ""
        pairs = [pair for pair in self._subscriptions if pair[0] in self._exchanges and not has_wildcard(pair[1])]
        if len(pairs) > MAX_KEYS:
            pairs = [pairs[(self._position + number) % len(pairs)] for number in range(MAX_KEYS)]
            self._position += MAX_KEYS
        self._missing = {f"{self._token}-{self._rounds}-{number}": pair for number, pair in enumerate(pairs)}
        self._send_missing()

    def stop(self) -> None:
        """Check no more."""
        self._has_ended = True
        self._set_timer(None)

    def on_message(self, message: Message) -> None:
        """Note a message that came back."""
        pair = self._missing.pop(str(message.properties.get(CHECK_KEY)), None)
        if pair is None or self._has_ended:
            return
        self.delays[pair] = monotonic() - self._sent
        if not self._missing:
            self._pass()

    def on_unroutable(self, message: Message) -> None:
        """Note that the broker could deliver one of the messages to no queue."""
        if message.properties.get(CHECK_KEY) in self._missing:
            self._on_lost("the broker could deliver it to no queue")

    def on_sender_end(self, reason: str) -> None:
        """Note that the broker ended links that messages are sent over; look at once what is left."""
        if self._missing:
            self._on_lost(reason)
        else:
            self.start()

    def explain(self, reason: str) -> str:
        """Return why the connection ended, with what was tried if none of the messages ever came back.

        RabbitMQ 3 aborts the connection of a user who may not send, without a reason.
        """
        if self.delays or not self._missing or self._has_ended:
            return reason
        exchanges = " and ".join(dict.fromkeys(exchange for exchange, _ in self._missing.values()))
        return f"{reason or 'connection closed'}, after a message to itself; may its user send to {exchanges}?"

    def on_repaired(self) -> None:
        """Send again what was lost."""
        if self._is_repairing and not self._has_ended:
            self._is_repairing = False
            self._send_missing()

    def _send_missing(self) -> None:
        if not self._missing:
            self._pass()
            return
        self._sent = monotonic()
        limit_seconds = self._limit_seconds if self.delays else min(self._limit_seconds, FIRST_LIMIT_SECONDS)
        self._set_timer(limit_seconds, self._on_limit)
        for token, (exchange, key) in tuple(self._missing.items()):
            ttl_ms = max(1, int(limit_seconds * 1_000))
            message = Message(address=exchange, subject=key, ttl_ms=ttl_ms, properties={CHECK_KEY: token}, body={})
            if not self._send(message):
                self._on_lost("it could not be sent")
                return

    def _on_limit(self) -> None:
        if self._is_sent():
            self._on_lost("it takes too long")
        elif self.delays:  # the broker takes nothing for a while, and would not take more over another connection
            self._set_timer(self._limit_seconds, self._on_limit)
        else:
            self._fail("the broker takes no messages; is its memory or disk full?")

    def _on_lost(self, reason: str) -> None:
        if self._is_repairing or self._has_ended:
            return
        self._reason = self._reason or reason
        self._losses += 1
        if self._losses > 1:
            exchange, key = next(iter(self._missing.values()))
            self._fail(
                f"no message to itself comes back from {exchange} with the key {key}, its queue or binding is gone, "
                f"or its user may not send or receive: {self._reason}"
            )
            return
        self._is_repairing = True
        self._set_timer(self._limit_seconds, self.on_repaired)
        self._repair()

    def _pass(self) -> None:
        self._set_timer(self._pause_seconds, self.start)
        self._on_passed()

    def _fail(self, text: str) -> None:
        self.stop()
        self._on_failed(text)

    def _set_timer(self, seconds: float | None, call: Callable[[], None] = lambda: None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, call) if seconds is not None else None


def has_wildcard(key: str) -> bool:
    """Whether a binding key matches other keys than itself."""
    return "*" in key or "#" in key
