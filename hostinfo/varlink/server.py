"""A server for clients that may be hostile: one loop reads and writes, each call has a thread of its own.

Messages, clients, calls and times are limited (``Limits``). A client that does not send its call to the end, or that
does not take its reply, is disconnected; others do not wait for it. Calls of one client are carried out in their order.
"""

from __future__ import annotations

import errno
import select
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from hostinfo.lowlevel.wakeup import Wakeup

from .connection import Connection
from .errors import Disconnected, InvalidParameter, ProtocolError, VarlinkError
from .limits import Limits
from .message import ReplyMessage, decode_call, encode_reply
from .peer import read_peer
from .service import Call

ACCEPT_PAUSE_SECONDS = 1.0
"""Without free descriptors, connections wait in the backlog for so long."""
INTERNAL_ERROR = "org.varlink.service.InternalError"
"""Reply to a call whose function failed in a way that it does not declare."""
_READ, _WRITE = select.EPOLLIN, select.EPOLLOUT
_GONE = select.EPOLLHUP | select.EPOLLERR


class Server:
    """Serves calls on listening Unix sockets, which it closes in ``close``.

    ``execute`` carries out one call, as ``Service.call`` does. ``report`` gets a line for each client that is
    disconnected for what it did, and for each call that failed internally.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        execute: Callable[[Call], Mapping[str, Any]],
        *,
        limits: Limits | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.limits = limits or Limits()
        self._execute = execute
        self._report = report
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._epoll = select.epoll()
        self._wakeup = Wakeup()
        self._changed = threading.Condition()
        self._connections: dict[int, Connection] = {}
        self._waiting: deque[tuple[Connection, bytes]] = deque()
        self._running: Counter[int] = Counter()
        self._dirty: deque[Connection] = deque()
        self._finished: deque[Connection] = deque()
        self._is_stopping = False
        self._paused_until = 0.0
        self._epoll.register(self._wakeup.fileno(), _READ)
        for listener in listeners:
            listener.setblocking(False)
            self._epoll.register(listener.fileno(), _READ)

    def stop(self) -> None:
        """Make ``run`` return when the calls that are carried out have ended; from any thread or signal handler."""
        self._is_stopping = True
        self._wakeup.wake()

    def run(self, idle_seconds: float | None = None, is_needed: Callable[[], bool] = lambda: False) -> None:
        """Serve until ``stop``, or until there was no client for this time and ``is_needed`` is false."""
        idle_since = monotonic()
        while True:
            if self._connections or self._running.total():
                idle_since = monotonic()
            if self._is_stopping:
                self._stop_accepting()
                if not self._running.total() and not self._has_unsent():
                    return
            elif idle_seconds is not None and monotonic() - idle_since >= idle_seconds:
                if not is_needed():
                    return
                idle_since = monotonic()
            deadlines = [one.deadline(self.limits) for one in self._connections.values()]
            deadlines += [self._paused_until] if self._paused_until else []
            deadlines += [idle_since + idle_seconds] if idle_seconds is not None else []
            wait = max(0.0, min(deadlines, default=float("inf")) - monotonic())
            for descriptor, events in self._epoll.poll(None if wait == float("inf") else wait + 0.001):
                self._on_event(descriptor, events)
            self._after_events()

    def close(self) -> None:
        """Disconnect all clients and close the listening sockets."""
        for connection in list(self._connections.values()):
            self._close(connection)
        self._stop_accepting()
        self._wakeup.close()
        self._epoll.close()

    def _on_event(self, descriptor: int, events: int) -> None:
        if descriptor == self._wakeup.fileno():
            self._wakeup.clear()
        elif descriptor in self._listeners:
            self._accept(self._listeners[descriptor])
        elif (connection := self._connections.get(descriptor)) is not None:
            try:
                if events & _WRITE:
                    with self._changed:
                        connection.send()
                        self._changed.notify_all()
                if events & _READ:
                    connection.receive()
                    self._take_message(connection)
                elif events & _GONE:
                    self._close(connection)
                    return
            except OSError:
                self._close(connection)
                return
            self._update(connection)

    def _after_events(self) -> None:
        """Do what threads asked for, start calls, and disconnect those whose time is over."""
        while self._finished:
            connection = self._finished.popleft()
            self._running[connection.peer.uid] -= 1
            connection.finish()
            if not connection.is_closed:
                self._take_message(connection)
                self._update(connection)
        while self._dirty:
            connection = self._dirty.popleft()
            if not connection.is_closed:
                self._update(connection)
        self._start_calls()
        now = monotonic()
        for connection in list(self._connections.values()):
            if connection.deadline(self.limits) <= now:
                if connection.received or connection.unsent:
                    self._report(f"{_name(connection)}: disconnected, too slow")
                self._close(connection)
        self._limit_held()
        if self._paused_until and now >= self._paused_until:
            self._paused_until = 0.0
            for descriptor in self._listeners:
                self._epoll.register(descriptor, _READ)

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self._paused_until = monotonic() + ACCEPT_PAUSE_SECONDS
                for descriptor in self._listeners:
                    self._epoll.unregister(descriptor)
            return
        try:
            client.setblocking(False)
            connection = Connection(client, read_peer(client))
        except OSError:
            client.close()
            return
        uids = Counter(one.peer.uid for one in self._connections.values())
        uid, limits = connection.peer.uid, self.limits
        if uid == 0:
            is_full = uids[0] >= limits.root_clients
        else:
            is_full = uids[uid] >= limits.clients_per_user or uids.total() - uids[0] >= limits.clients
        if is_full:
            client.close()
            return
        self._connections[client.fileno()] = connection
        self._epoll.register(client.fileno(), 0)
        self._update(connection)

    def _take_message(self, connection: Connection) -> None:
        """Queue the next call of a client, if it is complete and no other is carried out."""
        if connection.is_running:
            return
        message = connection.next_message()
        if message is not None and len(message) <= self.limits.message_bytes:
            connection.is_running = True
            self._waiting.append((connection, message))
        elif message is not None or len(connection.received) > self.limits.message_bytes:
            self._report(f"{_name(connection)}: disconnected, a call of more than {self.limits.message_bytes} bytes")
            self._close(connection)

    def _start_calls(self) -> None:
        for _ in range(len(self._waiting)):
            connection, message = self._waiting.popleft()
            uid = connection.peer.uid
            others = self._running.total() - self._running[0]
            if connection.is_closed or self._is_stopping:
                continue
            if self._running[uid] >= self.limits.calls_per_user or (uid and others >= self.limits.calls):
                self._waiting.append((connection, message))
                continue
            self._running[uid] += 1
            threading.Thread(target=self._run_call, args=(connection, message), daemon=True).start()

    def _run_call(self, connection: Connection, message: bytes) -> None:
        """Carry out one call and send its last reply; in a thread of its own."""
        try:
            data = self._reply_to(connection, message)
            if data is not None:
                self._send(connection, data)
        except ProtocolError as error:
            self._report(f"{_name(connection)}: disconnected, {error}")
            self._disconnect(connection)
        except Disconnected:
            self._disconnect(connection)
        finally:
            self._finished.append(connection)
            self._wakeup.wake()

    def _reply_to(self, connection: Connection, message: bytes) -> bytes | None:
        """Return the last reply to a call; None: the client wants none."""
        request = decode_call(message)
        is_silent = request.oneway

        def reply(parameters: Mapping[str, Any]) -> None:
            self._stream(connection, encode_reply(ReplyMessage(parameters=parameters, continues=True)))

        call = Call(request, connection.peer, reply, lambda: not connection.is_closed and not self._is_stopping)
        try:
            if request.upgrade:
                raise InvalidParameter("upgrade")
            data = encode_reply(ReplyMessage(parameters=self._execute(call)))
            if len(data) > self.limits.reply_bytes:
                raise VarlinkError(INTERNAL_ERROR, {"detail": f"a reply of more than {self.limits.reply_bytes} bytes"})
        except VarlinkError as error:
            data = encode_reply(ReplyMessage(error=error.name, parameters=error.parameters))
        except Disconnected:
            raise
        except Exception as error:
            self._report(f"{request.method}: internal error: {type(error).__name__}: {error}")
            detail = f"internal error ({type(error).__name__}); see the journal of the service"
            data = encode_reply(ReplyMessage(error=INTERNAL_ERROR, parameters={"detail": detail}))
        return None if is_silent else data

    def _stream(self, connection: Connection, data: bytes) -> None:
        """Send one of several replies; wait while the client has not taken those before."""
        with self._changed:
            while len(connection.unsent) > self.limits.stream_bytes and not connection.is_closed:
                self._changed.wait()
        self._send(connection, data)

    def _send(self, connection: Connection, data: bytes) -> None:
        with self._changed:
            if connection.is_closed:
                raise Disconnected
            connection.append(data)
        self._dirty.append(connection)
        self._wakeup.wake()

    def _disconnect(self, connection: Connection) -> None:
        """Disconnect a client from a thread that carries out its call: the loop notices and closes it."""
        with self._changed, suppress(OSError):
            if not connection.is_closed:
                connection.socket.shutdown(socket.SHUT_RDWR)

    def _update(self, connection: Connection) -> None:
        """Watch for what the connection needs now; close it when all was said."""
        if connection.is_closed:
            return
        if connection.has_ended and not connection.is_running and not connection.unsent:
            self._close(connection)
            return
        is_read = not connection.has_ended and not connection.is_running
        mask = (_READ if is_read else 0) | (_WRITE if connection.unsent else 0)
        if mask != connection.mask:
            connection.mask = mask
            self._epoll.modify(connection.fileno(), mask)

    def _close(self, connection: Connection) -> None:
        with self._changed:
            if connection.is_closed:
                return
            connection.is_closed = True
            connection.unsent.clear()
            del self._connections[connection.fileno()]
            with suppress(OSError):
                self._epoll.unregister(connection.fileno())
            connection.socket.close()
            self._changed.notify_all()

    def _limit_held(self) -> None:
        while sum(one.held_bytes() for one in self._connections.values()) > self.limits.held_bytes:
            largest = max(self._connections.values(), key=Connection.held_bytes)
            self._report(f"{_name(largest)}: disconnected, it holds {largest.held_bytes()} bytes")
            self._close(largest)

    def _has_unsent(self) -> bool:
        return any(connection.unsent for connection in self._connections.values())

    def _stop_accepting(self) -> None:
        for descriptor, listener in self._listeners.items():
            with suppress(OSError):  # while it is paused
                self._epoll.unregister(descriptor)
            listener.close()
        self._listeners = {}


def _name(connection: Connection) -> str:
    return f"client with uid {connection.peer.uid}, pid {connection.peer.pid}"
