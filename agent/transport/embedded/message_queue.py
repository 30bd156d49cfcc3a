"""Bounded queues of encoded messages, one per consumer, with a common limit for their size."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryBudget:
    """Bytes in all queues together, and the number of messages that they dropped."""

    __slots__ = ("dropped", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used, self.dropped = limit, 0, 0


class MessageQueue:
    """Messages for one consumer. A full queue drops the oldest: of indications, the newest are worth most.

    `on_message` is called with the queue after each message that was added. One thread at a time.
    """

    __slots__ = ("_budget", "_items", "_max_bytes", "_max_messages", "on_message", "size")

    def __init__(
        self, budget: MemoryBudget, on_message: Callable[[MessageQueue], None], max_messages: int, max_bytes: int
    ) -> None:
        self._items: deque[tuple[bytes, float | None, str]] = deque()
        self._budget, self._max_messages, self._max_bytes = budget, max_messages, max_bytes
        self.on_message = on_message
        self.size = 0
        """Bytes in the queue."""

    def __len__(self) -> int:
        return len(self._items)

    def put(self, data: bytes, expires: float | None, exchange: str) -> None:
        """Add an encoded message that is discarded at a time of the monotonic clock (None: never)."""
        while self._items and (
            len(self._items) >= self._max_messages
            or self.size + len(data) > self._max_bytes
            or self._budget.used + len(data) > self._budget.limit
        ):
            self._take()
            self._budget.dropped += 1
        if self._budget.used + len(data) > self._budget.limit or len(data) > self._max_bytes:
            self._budget.dropped += 1
            return
        self._items.append((data, expires, exchange))
        self.size += len(data)
        self._budget.used += len(data)
        self.on_message(self)

    def take(self) -> tuple[bytes, str] | None:
        """Remove and return the oldest message that has not expired, and its exchange; None when there is none."""
        while self._items:
            data, expires, exchange = self._take()
            if expires is None or expires > monotonic():
                return data, exchange
        return None

    def clear(self) -> None:
        """Remove all messages."""
        while self._items:
            self._take()

    def _take(self) -> tuple[bytes, float | None, str]:
        item = self._items.popleft()
        self.size -= len(item[0])
        self._budget.used -= len(item[0])
        return item
