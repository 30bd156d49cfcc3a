"""One AMQP 1.0 connection: a socket, proton's protocol engine, and a handler that receives the engine's events.

A handler has methods named like proton's events (`on_connection_remote_open(event)`, …) and may have `on_writable()`,
which is called when the socket took bytes, and `on_processed()`, which is called when nothing is left to do until the
socket or the application has more. Events without a method are skipped. An exception in a handler closes this
connection with amqp:internal-error, and no other.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from .proton_library import handled_event_types, load_proton, next_event_type

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .event_loop import EventLoop, Timer

_logger = logging.getLogger(__name__)
READ_BYTES = 1 << 16
CLOSE_SECONDS = 2.0


class Engine:
    """Runs one connection in the loop's thread; belongs to that thread.

    Calls `on_end(condition, text)` once when the connection has ended; both are "" after an orderly close::

        NEW --start--> OPEN --close, fail--> CLOSING --peer's close, CLOSE_SECONDS--> ENDED
                        |                                                              ^
                        +-----------------socket error, abort--------------------------+
    """

    def __init__(
        self, loop: EventLoop, sock: socket.socket, transport: Any, handler: object, on_end: Callable[[str, str], None]
    ) -> None:
        proton = load_proton()
        self._loop, self._socket, self.transport, self._handler, self._on_end = loop, sock, transport, handler, on_end
        self.connection: Any = proton.Connection()
        self._collector: Any = proton.Collector()
        self.connection.collect(self._collector)
        self._types = handled_event_types(handler)
        self._timer: Timer | None = None
        self._close_timer: Timer | None = None
        self._has_ended = self._is_bound = False
        self.is_processing = False
        """Whether events are being dispatched."""
        self._failure = ("", "")
        self.has_received = False
        """Whether the peer has sent any bytes."""

    def start(self) -> None:
        """Bind the connection, whose user, password and hostname must be set before, and begin; no-op once ended."""
        if self._has_ended:
            return
        self._is_bound = True
        self.transport.bind(self.connection)
        self.process()

    def process(self) -> None:
        """Dispatch events and move bytes until nothing is left to do; to be called after each use of the engine."""
        if self._has_ended or self.is_processing:
            return
        self.is_processing = True
        try:
            self._dispatch()
            while self._write():
                self._notify_writable()
                self._dispatch()
        finally:
            self.is_processing = False
        self._update_watch()
        on_processed = getattr(self._handler, "on_processed", None)
        if on_processed is not None and not self._has_ended:
            on_processed()

    def fail(self, condition: str, text: str) -> None:
        """Close the connection with an error condition."""
        if not self._failure[0]:
            self._failure = (condition, text)
        self.connection.condition = load_proton().Condition(condition, text)
        self.close()

    def close(self) -> None:
        """Close in order; abort after CLOSE_SECONDS if the peer does not close too."""
        if self._has_ended:
            return
        self.connection.close()
        if self._close_timer is None:
            self._close_timer = self._loop.call_later(CLOSE_SECONDS, self.abort)
        self._loop.call_soon(self.process)

    def abort(self) -> None:
        """Close the socket at once."""
        if self._has_ended:
            return
        self._has_ended = True
        for timer in (self._timer, self._close_timer):
            if timer is not None:
                timer.cancel()
        self._loop.watch(self._socket, self._on_ready, read=False, write=False)
        self._socket.close()
        reason = self._reason()
        self._collector.release()
        if self._is_bound:
            self.transport.unbind()
        self.connection.free()
        on_end, self._on_end = self._on_end, _ignore
        on_end(*reason)
        self._handler = None  # a cycle would keep proton's buffers until the garbage collector runs

    def _on_ready(self, may_read: bool, _may_write: bool) -> None:
        if may_read and not self._has_ended:
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
            self._on_socket_error(error)
            return
        if data:
            self.has_received = True
            try:
                self.transport.push(data)
            except load_proton().TransportException as error:
                self._failure = ("amqp:framing-error", str(error))
                self.transport.close_tail()
        else:
            self.transport.close_tail()

    def _write(self) -> bool:
        """Write pending bytes; return True when some were written, which may have caused new events."""
        try:
            pending = self.transport.pending()
            if pending <= 0:
                return False
            sent = self._socket.send(self.transport.peek(pending))
        except (BlockingIOError, InterruptedError):
            return False
        except (OSError, load_proton().TransportException) as error:
            self._on_socket_error(error)
            return False
        self.transport.pop(sent)
        return bool(sent)

    def _notify_writable(self) -> None:
        on_writable = getattr(self._handler, "on_writable", None)
        if on_writable is not None:
            on_writable()

    def _dispatch(self) -> None:
        while (number := next_event_type(self._collector)) is not None:
            event = self._collector.peek() if number in self._types else None
            method = getattr(self._handler, event.type.method, None) if event is not None else None
            if method is not None:
                try:
                    method(event)
                except UnicodeDecodeError as error:  # proton decodes a peer's text only when it is read
                    self.fail("amqp:decode-error", f"text is not UTF-8: {error.reason}")
                except Exception:
                    _logger.exception("internal error in %s", method.__name__)
                    self.fail("amqp:internal-error", "internal error")
            self._collector.pop()

    def _update_watch(self) -> None:
        """Wait for what the engine needs next: bytes, room in the socket's buffer, the next heartbeat."""
        transport = self.transport
        if transport.closed:
            self.abort()
            return
        deadline = transport.tick(monotonic())
        pending = transport.pending()  # after the tick, which may have made an empty frame
        if transport.closed or (pending <= 0 and transport.capacity() < 0):  # proton waits if input ends within a frame
            self._dispatch()
            self.abort()
            return
        self._loop.watch(self._socket, self._on_ready, read=transport.capacity() > 0, write=pending > 0)
        if deadline and (self._timer is None or deadline < self._timer.due):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(deadline - monotonic(), self._on_heartbeat_due)

    def _on_heartbeat_due(self) -> None:
        """Find the present deadline: traffic postpones it without moving the timer."""
        self._timer = None
        self.process()

    def _on_socket_error(self, error: Exception) -> None:
        if not self._failure[0]:
            self._failure = ("", str(error) or type(error).__name__)
        self.transport.close_tail()
        self.transport.close_head()

    def _reason(self) -> tuple[str, str]:
        """Return the condition and text of the end: the peer's, proton's, or the local one."""
        for end, attribute in ((self.connection, "remote_condition"), (self.transport, "condition")):
            try:
                found = getattr(end, attribute)
                if found is not None:
                    return str(found.name), str(found.description or found.name)
            except Exception as error:  # a peer's bytes
                return "amqp:decode-error", f"the peer's error condition is not readable: {error}"
        return self._failure


def _ignore(_condition: str, _text: str) -> None:
    pass
