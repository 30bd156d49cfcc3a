"""Bounded queues of encoded messages, one per consumer."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from .memory_budget import OVERHEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .memory_budget import Owner


class MessageQueue:
    """Messages for one consumer. A full queue drops the oldest: of indications, the newest are worth most.

    `on_message` is called with the queue after each message that was added. One thread at a time.
    """

    __slots__ = ("_items", "_max_bytes", "_max_messages", "_owner", "on_message", "size")

    def __init__(
        self, owner: Owner, on_message: Callable[[MessageQueue], None], max_messages: int, max_bytes: int
    ) -> None:
        self._items: deque[tuple[bytes, float | None, str]] = deque()
        self._owner, self._max_messages, self._max_bytes = owner, max_messages, max_bytes
        self.on_message = on_message
        self.size = 0
        """Bytes of the messages in the queue."""

    def __len__(self) -> int:
        return len(self._items)

    def put(self, data: bytes, expires: float | None, exchange: str) -> None:
        """Add an encoded message that is discarded at a time of the monotonic clock (None: never)."""
        owner, budget = self._owner, self._owner.budget
        while self._items and (len(self._items) >= self._max_messages or self.size + len(data) > self._max_bytes):
            self.drop_oldest()
            budget.dropped += 1
        cost = len(data) + OVERHEAD_BYTES
        if len(data) > self._max_bytes or not budget.make_room(owner, cost):
            budget.dropped += 1
            return
        self._items.append((data, expires, exchange))
        self.size += len(data)
        budget.add(owner, cost)
        owner.queues[self] = None
        self.on_message(self)

    def drop_oldest(self) -> None:
        """Remove the oldest message; there must be one."""
        self._take()

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
        self._owner.budget.add(self._owner, -len(item[0]) - OVERHEAD_BYTES)
        if not self._items:
            del self._owner.queues[self]
        return item
