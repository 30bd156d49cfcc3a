"""One client of a server: what it has sent, what it has not taken yet, and until when it must act."""

from __future__ import annotations

import socket
from time import monotonic

from .limits import Limits
from .message import END
from .peer import Peer

READ_BYTES = 64 * 1024


class Connection:
    """The state of one connection.

    The lock of the server guards ``unsent`` and ``is_closed``; only its loop uses the rest.
    """

    def __init__(self, client: socket.socket, peer: Peer) -> None:
        self.socket = client
        self.peer = peer
        self.received = bytearray()
        self.unsent = bytearray()
        self.is_closed = False
        self.is_running = False
        """A call of this client waits or is carried out; the next one is not read before it is replied."""
        self.has_ended = False
        """The client sends no more; it may still read."""
        self.mask = -1
        self._searched = 0
        self._received_since = 0.0
        self._unsent_since = 0.0
        self._silent_since = monotonic()

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self.socket.fileno()

    def receive(self) -> None:
        """Read what is there. OSError: the connection failed."""
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self.has_ended = True
        elif not self.received:
            self._received_since = monotonic()
        self.received += data

    def next_message(self) -> bytes | None:
        """Remove and return the first complete message, without its NUL; None: there is none."""
        end = self.received.find(END, self._searched)
        if end < 0:
            self._searched = len(self.received)
            return None
        message = bytes(self.received[:end])
        del self.received[: end + 1]
        self._searched = 0
        self._received_since = monotonic()
        return message

    def append(self, data: bytes) -> None:
        """Add what is to be sent; the caller holds the server's lock."""
        if not self.unsent:
            self._unsent_since = monotonic()
        self.unsent += data

    def send(self) -> None:
        """Send what the client takes now; the caller holds the server's lock. OSError: the connection failed."""
        try:
            sent = self.socket.send(memoryview(self.unsent)[:READ_BYTES], socket.MSG_NOSIGNAL)
        except (BlockingIOError, InterruptedError):
            return
        del self.unsent[:sent]
        if not self.unsent:
            self._silent_since = monotonic()

    def finish(self) -> None:
        """Note that the call is over."""
        self.is_running = False
        self._silent_since = self._received_since = monotonic()

    def held_bytes(self) -> int:
        """Return what is held of this client."""
        return len(self.received) + len(self.unsent)

    def deadline(self, limits: Limits) -> float:
        """Return until when the client must act, on the monotonic clock; infinity: it waits for its reply."""
        if self.unsent:
            return self._unsent_since + limits.reply_seconds
        if self.is_running:
            return float("inf")
        if self.received:
            return self._received_since + limits.message_seconds
        return self._silent_since + limits.silence_seconds
