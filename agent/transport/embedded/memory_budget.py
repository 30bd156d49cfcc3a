"""A common limit for the memory of all clients, shared fairly: whoever holds the most pays.

An owner is a connection with all its queues, or the agent with its inbox. What proton holds for a connection counts as
well: messages on their way to a client, and messages of which a part was received.

When the limit is reached, owners that are stalled lose what they hold: their queued messages, oldest first, then the
connection. If there is none, the oldest message of the largest queue of the owner that holds the most is dropped; if
nothing is queued, the client that holds the most is disconnected. So a client that does not read loses only its own
messages, and with N owners each may hold an N-th of the limit before it loses any.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

OVERHEAD_BYTES = 130
"""What a queued message costs in addition to its data: Python's objects for it, as tracemalloc counts them."""


STALLED_SECONDS = 2.0
"""A client that takes no byte for so long while some wait for it does not read; a slow network delivers a few."""
INCOMPLETE_SECONDS = 10.0
"""A client that always has a message on its way, never a complete one, for so long does not mean to complete it."""


REQUEST_BYTES = 256 << 10
"""Part of a message that is on its way from a client, which does not make it the one that holds the most."""


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
        """Take from others until an owner may hold so many bytes more; False: it holds the most, and has no message."""
        while self.used + size > self.limit:
            if self._take_from_stalled(owner):
                continue
            largest = self._largest_queues()
            if largest is None or owner.excess() + size >= largest.excess():
                largest = owner
            if not largest.drop_oldest():
                return False
            self.dropped += 1
        return True

    def reduce(self) -> None:
        """Take from whoever holds the most until the limit is kept: bytes were received, or given to proton."""
        while self.used > self.limit and (self._take_from_stalled(None) or self._drop() or self._disconnect_largest()):
            pass

    def _take_from_stalled(self, but: Owner | None) -> bool:
        """Drop a message of the largest owner that is stalled, or disconnect it; False: there is none."""
        stalled = [owner for owner in self._owners if owner is not but and owner.is_stalled()]
        if not stalled:
            return False
        largest = max(stalled, key=Owner.excess)
        if largest.drop_oldest():
            self.dropped += 1
            return True
        return self._disconnect(largest)

    def _largest_queues(self) -> Owner | None:
        return max((owner for owner in self._owners if owner.queues), key=Owner.excess, default=None)

    def _drop(self) -> bool:
        largest = self._largest_queues()
        if largest is None or not largest.drop_oldest():
            return False
        self.dropped += 1
        return True

    def _disconnect_largest(self) -> bool:
        clients = (owner for owner in self._owners if owner.disconnect is not None)
        largest = max(clients, key=Owner.excess, default=None)
        return largest is not None and self._disconnect(largest)

    def _disconnect(self, owner: Owner) -> bool:
        if owner.disconnect is None:
            return False
        self.used -= owner.used
        del self._owners[owner]
        owner.is_disconnected = True
        owner.disconnect()
        return True

    def add(self, owner: Owner, size: int) -> None:
        """Note that an owner holds more, or less if negative."""
        owner.used += size
        if owner.is_disconnected:
            return
        self.used += size
        if owner.used:
            self._owners[owner] = None
        else:
            self._owners.pop(owner, None)


class Owner:
    """Who holds messages; ``guaranteed`` bytes of them do not count when the largest pays.

    ``disconnect`` is called to free what no queue can drop, and must not call back (None: the owner is no client).
    """

    __slots__ = (
        "_complete_at", "_incoming", "_outgoing", "_read_at", "budget", "disconnect", "guaranteed", "is_disconnected",
        "queues", "used",
    )  # fmt: skip

    def __init__(self, budget: MemoryBudget, guaranteed: int = 0, disconnect: Callable[[], None] | None = None) -> None:
        self.budget, self.guaranteed, self.disconnect = budget, guaranteed, disconnect
        self.used = self._outgoing = self._incoming = 0
        self._read_at = self._complete_at = 0.0
        self.is_disconnected = False
        """Whether its memory counts no more, as the connection is about to be closed."""
        self.queues: dict[Queue, None] = {}
        """Those that hold messages."""

    def set_in_flight(self, outgoing: int, incoming: int) -> None:
        """Note how many bytes proton holds for the owner; if these are too many, others or the owner lose some."""
        now = monotonic()
        if not self._outgoing:
            self._read_at = now
        if not incoming or not self._incoming:
            self._complete_at = now
        change = outgoing + incoming - self._outgoing - self._incoming
        self._outgoing, self._incoming = outgoing, incoming
        if change:
            self.budget.add(self, change)
        if change > 0:
            self.budget.reduce()

    def note_read(self) -> None:
        """Note that the client has taken bytes."""
        self._read_at = monotonic()

    def is_stalled(self) -> bool:
        """Whether bytes wait for the client and it takes none, or it has sent parts of messages and no end."""
        now = monotonic()
        if self._outgoing and now - self._read_at > STALLED_SECONDS:
            return True
        return self._incoming > 0 and now - self._complete_at > INCOMPLETE_SECONDS

    def excess(self) -> int:
        """Return the bytes beyond the guaranteed ones and beyond a request on its way; negative below them."""
        return self.used - self.guaranteed - min(self._incoming, REQUEST_BYTES)

    def drop_oldest(self) -> bool:
        """Drop the oldest message of the largest queue; False: there is none."""
        if not self.queues:
            return False
        max(self.queues, key=_memory).drop_oldest()
        return True


def _memory(queue: Queue) -> int:
    return queue.size + OVERHEAD_BYTES * len(queue)
