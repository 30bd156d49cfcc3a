"""Messages from any thread to the transport's thread, a bounded number at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...qmf.wire.message import Message
    from .event_loop import EventLoop

MAX_WAITING = 64
HANDOVER_TIMEOUT_SECONDS = 5.0
"""The transport's thread never blocks: if it takes no message for so long, something is wrong."""


class OutgoingQueue:
    """Passes messages to `send` in the loop's thread; a producer that is faster than it waits for room."""

    def __init__(self, loop: EventLoop, send: Callable[[Message], bool]) -> None:
        self._loop, self._send = loop, send
        self._room = threading.Semaphore(MAX_WAITING)
        self.dropped = 0

    def put(self, message: Message) -> bool:
        """Send at once in the loop's thread, else queue; return False when the message was dropped and counted."""
        if self._loop.is_current_thread:
            return self._send(message)
        if not self._room.acquire(timeout=HANDOVER_TIMEOUT_SECONDS):
            self.dropped += 1
            return False
        if not self._loop.call_soon(lambda: self._take(message)):
            self._room.release()
            self.dropped += 1
            return False
        return True

    def _take(self, message: Message) -> None:
        self._room.release()
        self._send(message)
