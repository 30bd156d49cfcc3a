"""A link to send by: a message waits for credit a moment, never longer than it is worth anything."""

import itertools
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from ..amqp.proton_library import load

WAIT_SECONDS = 10.0
MESSAGES = 1_000
MAX_BYTES = 16 << 20
OUTGOING_BYTES = 256 << 10


class Sender:
    """A sender and what waits for its credit; full or stale, the oldest goes, and is counted."""

    def __init__(self, session: Any, name: str, address: str | None, count: Callable[[int], None]) -> None:
        self.link: Any = session.sender(name)
        self._session = session
        if address is not None:
            self.link.target.address = address
        else:
            self.link.target.type = load().Terminus.TARGET
        self.link.snd_settle_mode = load().Link.SND_SETTLED
        self._count = count
        self._items: deque[tuple[bytes, float]] = deque()
        self._size = 0
        self._tags = itertools.count()
        self.link.open()

    @property
    def waiting(self) -> int:
        """Messages that wait."""
        return len(self._items)

    def send(self, data: bytes, ttl_ms: int | None) -> bool:
        """Send or keep; False when the new one itself had no room."""
        if len(data) > MAX_BYTES:
            self._count(1)
            return False
        self._expire()
        while len(self._items) >= MESSAGES or (self._items and self._size + len(data) > MAX_BYTES):
            self._take()
            self._count(1)
        self._items.append((data, monotonic() + min(WAIT_SECONDS, ttl_ms / 1000 if ttl_ms else WAIT_SECONDS)))
        self._size += len(data)
        self.pump()
        return True

    def pump(self) -> None:
        """Send what the broker and the socket take."""
        self._expire()
        link = self.link
        while self._items and link.credit > 0 and self._session.outgoing_bytes < OUTGOING_BYTES:
            delivery = link.delivery(str(next(self._tags)))
            link.stream(self._take())
            link.advance()
            delivery.settle()

    def _expire(self) -> None:
        now = monotonic()
        while self._items and self._items[0][1] < now:
            self._take()
            self._count(1)

    def _take(self) -> bytes:
        data, _ = self._items.popleft()
        self._size -= len(data)
        return data
