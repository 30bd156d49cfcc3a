"""One attempt to connect to a host: its addresses in turn, silent ones repeatedly.

A silent address gets a new SYN packet every CONNECT_RETRY_SECONDS, each by a socket of its own. The kernel's own
retransmissions double their interval, and would find a host half a minute after its return.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..amqp.event_loop import EventLoop, Timer
    from ..urls import Url

CONNECT_RETRY_SECONDS = 1.2
NEXT_ADDRESS_SECONDS = 0.3
"""The next address of a host is tried in parallel when the one before has not answered for so long, RFC 8305."""

Addresses: TypeAlias = list[tuple[socket.AddressFamily, tuple[object, ...]]]
OnFailed: TypeAlias = Callable[[str, bool], None]
"""Called with the reason, and whether to retry soon because the attempt cost the network only a few packets."""


@dataclass(frozen=True, slots=True)
class ConnectedSocket:
    """A connected, non-blocking socket, and the broker at its other end."""

    url: Url
    sock: socket.socket


class ConnectAttempt:
    """Connects to one of a host's addresses; belongs to the loop's thread.

    Its states::

        NEW ---start---> CONNECTING ---an address accepted---> ENDED (on_connected)
         |                   +---all refused, time over---> ENDED (on_failed)
         +---fail---> ENDED (on_failed)

    One of the two is called, once. After `cancel`, in any state, neither is.
    """

    def __init__(self, loop: EventLoop, on_connected: Callable[[ConnectedSocket], None], on_failed: OnFailed) -> None:
        self._loop, self._on_connected, self._on_failed = loop, on_connected, on_failed
        self._addresses: Addresses = []
        self._url: Url
        self._next_index = 0
        self._refused: set[int] = set()
        """Indexes of addresses that answered with an error."""
        self._pending: dict[socket.socket, int] = {}
        """Sockets that are connecting, with the index of their address."""
        self._timers: list[Timer] = []
        self._last_error = "no address"
        self._has_started = self._has_ended = False

    def start(self, url: Url, addresses: Addresses, timeout_seconds: float) -> None:
        """Try the addresses of this broker; do nothing when the attempt has started or ended already."""
        if self._has_started or self._has_ended:
            return
        self._has_started = True
        self._url, self._addresses = url, addresses
        self._timers.append(self._loop.call_later(timeout_seconds, lambda: self._end("no answer")))
        self._try_next_address()

    def fail(self, text: str, *, retry_soon: bool) -> None:
        """End an attempt that has not started, because there is no address to connect to."""
        if not self._has_started and not self._has_ended:
            self._has_ended = True
            self._on_failed(text, retry_soon)

    def cancel(self) -> None:
        """Close all sockets; nothing is called any more."""
        self._has_ended = True
        for timer in self._timers:
            timer.cancel()
        for sock in tuple(self._pending):
            self._forget(sock)
            sock.close()

    def _end(self, text: str) -> None:
        self.cancel()
        self._on_failed(f"{self._url}: {text}", True)

    def _try_next_address(self) -> None:
        """Start to connect to the next address that has not refused, and schedule the one after it."""
        for _ in self._addresses:
            index = self._next_index % len(self._addresses)
            self._next_index += 1
            if index not in self._refused and self._start_connect(index):
                break
            if self._has_ended:
                return
        if len(self._refused) == len(self._addresses):
            self._end(self._last_error)
            return
        is_first_pass = self._next_index < len(self._addresses)
        seconds = NEXT_ADDRESS_SECONDS if is_first_pass else CONNECT_RETRY_SECONDS
        self._timers.append(self._loop.call_later(seconds, self._try_next_address))

    def _start_connect(self, index: int) -> bool:
        """Send a SYN packet; return False when the kernel refused at once."""
        family, address = self._addresses[index]
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._refuse(index, str(error))
            return False
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._refuse(index, os.strerror(code))
            return False
        self._pending[sock] = index
        self._loop.watch(sock, lambda _read, _write: self._on_ready(sock), read=False, write=True)
        return True

    def _on_ready(self, sock: socket.socket) -> None:
        index = self._pending.get(sock)
        if index is None:  # closed by the call for another socket that became ready at the same time
            return
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._forget(sock)
        if code:
            sock.close()
            self._refuse(index, os.strerror(code))
            if len(self._refused) == len(self._addresses):
                self._end(self._last_error)
            elif not self._pending:
                self._try_next_address()
            return
        self.cancel()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._on_connected(ConnectedSocket(self._url, sock))

    def _refuse(self, index: int, text: str) -> None:
        """Give up an address, with all sockets that are connecting to it."""
        self._last_error = text
        self._refused.add(index)
        for sock in [sock for sock, known in self._pending.items() if known == index]:
            self._forget(sock)
            sock.close()

    def _forget(self, sock: socket.socket) -> None:
        del self._pending[sock]
        self._loop.watch(sock, lambda _read, _write: None, read=False, write=False)
