"""A common limit for the memory of all queues, shared fairly: whoever holds the most pays.

An owner is a connection with all its queues, or the agent with its inbox. When the limit is reached, the oldest message
of the largest queue of the owner that holds the most is dropped, so that a client that does not read what it subscribed
to loses only its own messages. With N owners, each may hold an N-th of the limit before it loses any.
"""

from __future__ import annotations

from typing import Protocol

OVERHEAD_BYTES = 130
"""What a queued message costs in addition to its data: Python's objects for it, as tracemalloc counts them."""


class Queue(Protocol):
    """Messages of an owner."""

    size: int
    """Bytes of the messages."""

    def __len__(self) -> int:
        """Return the number of messages."""
        ...

    def drop_oldest(self) -> None:
        """Remove the oldest message; there must be one."""


class MemoryBudget:
    """The memory of all queues together, and the number of messages that they dropped. One thread at a time."""

    __slots__ = ("_owners", "dropped", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used, self.dropped = limit, 0, 0
        self._owners: dict[Owner, None] = {}

    def make_room(self, owner: Owner, size: int) -> bool:
        """Drop messages until an owner may hold so many bytes more; False: it would hold the most, and has no other."""
        while self.used + size > self.limit:
            largest = max(self._owners, key=Owner.excess, default=owner)
            if owner.excess() + size >= largest.excess():
                largest = owner
            if not largest.drop_oldest():
                return False
            self.dropped += 1
        return True

    def add(self, owner: Owner, size: int) -> None:
        """Note that an owner holds more, or less if negative."""
        self.used += size
        owner.used += size
        if owner.used:
            self._owners[owner] = None
        else:
            self._owners.pop(owner, None)


class Owner:
    """Who holds queued messages; ``guaranteed`` bytes of them do not count when the largest pays."""

    __slots__ = ("budget", "guaranteed", "queues", "used")

    def __init__(self, budget: MemoryBudget, guaranteed: int = 0) -> None:
        self.budget, self.guaranteed = budget, guaranteed
        self.used = 0
        self.queues: dict[Queue, None] = {}
        """Those that hold messages."""

    def excess(self) -> int:
        """Return the bytes beyond the guaranteed ones; negative below them."""
        return self.used - self.guaranteed

    def drop_oldest(self) -> bool:
        """Drop the oldest message of the largest queue; False: there is none."""
        if not self.queues:
            return False
        max(self.queues, key=_memory).drop_oldest()
        return True


def _memory(queue: Queue) -> int:
    return queue.size + OVERHEAD_BYTES * len(queue)
