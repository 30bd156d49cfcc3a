"""A listening socket in the loop's thread."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from hostinfo import Unavailable

from ..urls import Url

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..amqp.event_loop import EventLoop

BACKLOG = 512
PAUSE_SECONDS = 1.0
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener:
    """Accepts connections; pauses for PAUSE_SECONDS when the system has no descriptor or memory for one."""

    def __init__(self, loop: EventLoop, url: Url, on_accept: Callable[[socket.socket, str, int], None]) -> None:
        """Listen; raise Unavailable when the address is in use or not this host's.

        `on_accept` is called with a non-blocking socket, and the peer's address and port.
        """
        self._loop, self._on_accept = loop, on_accept
        self._socket: socket.socket | None = _listen(url)
        self.url = Url(url.host, self._socket.getsockname()[1], url.is_tls)
        """With the port that the kernel chose, if port 0 was given."""

    def start(self) -> None:
        """Begin to accept."""
        if self._socket is not None:
            self._loop.watch(self._socket, self._accept, read=True, write=False)

    def close(self) -> None:
        """Accept no more connections."""
        listener, self._socket = self._socket, None
        if listener is not None:
            self._loop.watch(listener, self._accept, read=False, write=False)
            listener.close()

    def _accept(self, _may_read: bool, _may_write: bool) -> None:
        if self._socket is None:
            return
        try:
            sock, address = self._socket.accept()
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                self._loop.watch(self._socket, self._accept, read=False, write=False)
                self._loop.call_later(PAUSE_SECONDS, self.start)
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._on_accept(sock, address[0], address[1])


def _listen(url: Url) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            url.host, url.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(str(url), f"cannot listen: {error.strerror or error}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise Unavailable(str(url), f"cannot listen: {error.strerror or error}") from error
    return sock
