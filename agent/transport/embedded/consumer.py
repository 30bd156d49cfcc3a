"""A link that a client receives by, and its queue."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ..amqp.flow_control import MAX_OUTGOING_BYTES_PER_CLIENT, may_send
from ..amqp.proton_library import load_proton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .message_queue import MessageQueue

MAX_UNSETTLED = 1_000
"""Deliveries per connection that the client has not settled; proton keeps each of them."""


CHUNK_BYTES = 32 << 10
"""What proton gets of a message at a time."""


class Consumer:
    """Sends the queue's messages while the client gives credit and reads."""

    __slots__ = ("_delivery", "_rest", "_sessions", "_tags", "is_presettled", "link", "max_unsettled", "queue")

    def __init__(self, link: Any, queue: MessageQueue, sessions: Sequence[Any]) -> None:
        """`sessions` are all sessions of the connection."""
        self.link, self.queue, self._sessions = link, queue, sessions
        self.max_unsettled = MAX_UNSETTLED
        """This link's part of what the connection may have."""
        self.is_presettled = link.remote_snd_settle_mode != load_proton().Link.SND_UNSETTLED
        self._tags = itertools.count()
        self._delivery: Any = None
        self._rest = memoryview(b"")
        """What is left of the message that is being sent."""

    @property
    def has_work(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._rest or len(self.queue) or self.link.drain_mode)

    @property
    def unsent_bytes(self) -> int:
        """Bytes of a message of which a part was given to proton."""
        return len(self._rest)

    def flush(self) -> None:
        """Send as many messages as credit, socket and unsettled deliveries allow."""
        link = self.link
        while may_send(link, self._sessions, MAX_OUTGOING_BYTES_PER_CLIENT):
            if not self._rest:
                item = self.queue.take() if link.unsettled < self.max_unsettled else None
                if item is None:
                    if link.drain_mode and not len(self.queue):
                        link.drained()
                    return
                self._delivery, self._rest = link.delivery(str(next(self._tags))), memoryview(item[0])
            link.stream(bytes(self._rest[:CHUNK_BYTES]))
            self._rest = self._rest[CHUNK_BYTES:]
            if not self._rest:
                link.advance()
                if self.is_presettled:
                    self._delivery.settle()
                self._delivery = None
