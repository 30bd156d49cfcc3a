"""What all clients of the embedded broker share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hostinfo

from .exchanges import Exchanges
from .memory_budget import MemoryBudget, Owner
from .message_queue import MessageQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..amqp.event_loop import EventLoop
    from ..options import TransportOptions
    from ..security.server import ServerSecurity


class EmbeddedBroker:
    """Exchanges, limits and security; belongs to the loop's thread."""

    def __init__(self, options: TransportOptions, loop: EventLoop, container: str, security: ServerSecurity) -> None:
        self.options, self.loop, self.container, self.security = options, loop, container, security
        self.version = hostinfo.__version__
        self.exchanges = Exchanges(options.domain)
        self.budget = MemoryBudget(options.max_total_bytes)
        self._to_flush: dict[Callable[[], None], None] = {}

    def new_queue(self, owner: Owner, on_message: Callable[[MessageQueue], None]) -> MessageQueue:
        """Return a queue with the limits of the options."""
        return MessageQueue(owner, on_message, self.options.max_queue_messages, self.options.max_queue_bytes)

    def schedule_flush(self, flush: Callable[[], None]) -> None:
        """Call a client's `flush` once in the next round of the loop, so that many messages need one write."""
        if not self._to_flush:
            self.loop.call_soon(self._flush)
        self._to_flush[flush] = None

    def _flush(self) -> None:
        to_flush, self._to_flush = self._to_flush, {}
        for flush in to_flush:
            flush()
