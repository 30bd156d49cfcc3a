"""Messages from any thread to the transport's own, a few at a time: who makes many waits for who sends them."""

import threading
from collections.abc import Callable

from ...qmf.wire.message import Message
from .event_loop import EventLoop

WAITING = 64
PATIENCE_SECONDS = 5.0
"""The transport's thread never waits for anything; when it takes nothing for so long, something is wrong."""


class OutgoingQueue:
    """Gives messages to `send` in the loop's thread."""

    def __init__(self, loop: EventLoop, send: Callable[[Message], bool]) -> None:
        self._loop, self._send = loop, send
        self._room = threading.Semaphore(WAITING)
        self.dropped = 0

    def put(self, message: Message) -> bool:
        """Send, at once or soon; False when that could not be, or when the loop ended."""
        if self._loop.is_inside:
            return self._send(message)
        if not self._room.acquire(timeout=PATIENCE_SECONDS):
            self.dropped += 1
            return False
        if not self._loop.call(lambda: self._take(message)):
            self._room.release()
            self.dropped += 1
            return False
        return True

    def _take(self, message: Message) -> None:
        self._room.release()
        self._send(message)
