"""One AMQP 1.0 connection: a socket, proton's protocol engine, and a handler that gets the engine's events.

A handler has methods named as proton names its events (`on_connection_remote_open(event)`, …); what it lacks is passed
over. An exception in one closes this connection with amqp:internal-error and no other.
"""

import logging
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

from .event_loop import EventLoop, Timer
from .proton_library import load, next_type, types_for

_logger = logging.getLogger(__name__)
READ_BYTES = 1 << 16
CLOSE_SECONDS = 2.0


class Engine:
    """Drives one connection until it ends, then calls `on_end` with the reason ("" for an orderly end), once."""

    def __init__(
        self, loop: EventLoop, sock: socket.socket, transport: Any, handler: object, on_end: Callable[[str, str], None]
    ) -> None:
        proton = load()
        self._loop, self._socket, self.transport, self._handler, self._on_end = loop, sock, transport, handler, on_end
        self.connection: Any = proton.Connection()
        self._collector: Any = proton.Collector()
        self.connection.collect(self._collector)
        self._types = types_for(handler)
        self._timer: Timer | None = None
        self._ended = self._processing = False
        self._failure = ("", "")

    def start(self) -> None:
        """Bind and begin; the connection's user, password and hostname are set before."""
        self.transport.bind(self.connection)
        self.process()

    def process(self) -> None:
        """Hand out events and move bytes, until there is nothing left to do; call it after using the engine."""
        if self._ended or self._processing:
            return
        self._processing = True
        try:
            self._dispatch()
            while self._write():
                self._room()
                self._dispatch()
        finally:
            self._processing = False
        self._settle()

    def fail(self, name: str, text: str) -> None:
        """Close the connection with an error condition."""
        if not self._failure[0]:
            self._failure = (name, text)
        self.connection.condition = load().Condition(name, text)
        self.close()

    def close(self) -> None:
        """Close in order; the socket goes after a moment even if the peer does not answer."""
        self.connection.close()
        self._loop.after(CLOSE_SECONDS, self.drop)
        self._loop.call(self.process)

    def drop(self) -> None:
        """End at once."""
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.watch(self._socket, self._ready, read=False, write=False)
        self._socket.close()
        reason = self._reason()
        self._collector.release()
        self.transport.unbind()
        self.connection.free()
        self._on_end(*reason)

    def _ready(self, read: bool, _write: bool) -> None:
        if read and not self._ended:
            self._read()
        self.process()

    def _read(self) -> None:
        capacity = self.transport.capacity()
        if capacity <= 0:
            return
        try:
            data = self._socket.recv(min(capacity, READ_BYTES))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error)
            return
        if data:
            try:
                self.transport.push(data)
            except load().TransportException as error:
                self._failure = ("amqp:framing-error", str(error))
                self.transport.close_tail()
        else:
            self.transport.close_tail()

    def _write(self) -> bool:
        """Write what there is; True when that may have led to new events."""
        try:
            pending = self.transport.pending()
            if pending <= 0:
                return False
            sent = self._socket.send(self.transport.peek(pending))
        except (BlockingIOError, InterruptedError):
            return False
        except (OSError, load().TransportException) as error:
            self._lost(error)
            return False
        self.transport.pop(sent)
        return bool(sent)

    def _room(self) -> None:
        room = getattr(self._handler, "on_room", None)
        if room is not None:
            room()

    def _dispatch(self) -> None:
        while (number := next_type(self._collector)) is not None:
            event = self._collector.peek() if number in self._types else None
            method = getattr(self._handler, event.type.method, None) if event is not None else None
            if method is not None:
                try:
                    method(event)
                except UnicodeDecodeError as error:  # proton decodes a peer's text when it is looked at
                    self.fail("amqp:decode-error", f"text that is no UTF-8: {error.reason}")
                except Exception:
                    _logger.exception("fault in %s", method.__name__)
                    self.fail("amqp:internal-error", "internal error")
            self._collector.pop()

    def _settle(self) -> None:
        """Say what is waited for next: bytes, room to write, the next heartbeat."""
        transport = self.transport
        if transport.closed:
            self.drop()
            return
        deadline = transport.tick(monotonic())
        pending = transport.pending()  # a tick may make an empty frame
        if transport.closed or (pending <= 0 and transport.capacity() < 0):  # proton waits where input ends in a frame
            self._dispatch()
            self.drop()
            return
        self._loop.watch(self._socket, self._ready, read=transport.capacity() > 0, write=pending > 0)
        if deadline and (self._timer is None or deadline < self._timer.due):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.after(deadline - monotonic(), self._tick)

    def _tick(self) -> None:
        """Traffic moves the deadline on without moving the timer: it looks again when it comes."""
        self._timer = None
        self.process()

    def _lost(self, error: Exception) -> None:
        if not self._failure[0]:
            self._failure = ("", str(error) or type(error).__name__)
        self.transport.close_tail()
        self.transport.close_head()

    def _reason(self) -> tuple[str, str]:
        for end, name in ((self.connection, "remote_condition"), (self.transport, "condition")):
            try:
                found = getattr(end, name)
                if found is not None:
                    return str(found.name), str(found.description or found.name)
            except Exception as error:  # a peer's bytes
                return "amqp:decode-error", f"a condition that cannot be read: {error}"
        return self._failure
