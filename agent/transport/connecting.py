"""Getting a connected socket: brokers in turn, names resolved beside the loop, one try at a time."""

import errno
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from .loop import Loop, Timer
from .options import TransportOptions
from .urls import Url, parse_url

CONNECT_SECONDS = 10.0

Unreached = Callable[[str, bool], None]
"""Why not, and whether the host was there but nobody listened."""
Addresses = list[tuple[socket.AddressFamily, tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Found:
    """A socket, and which broker it leads to."""

    url: Url
    sock: socket.socket


class Connecting:
    """Tries one URL each time that it is asked."""

    def __init__(self, options: TransportOptions, loop: Loop, check: Callable[[Url], object]) -> None:
        self._options, self._loop, self._check = options, loop, check
        self._urls = [parse_url(url) for url in options.urls]
        for url in self._urls:
            check(url)
        self._turn = 0
        self._attempt: _Attempt | None = None

    def next(self, reached: Callable[[Found], None], unreached: Unreached) -> None:
        """Try the next broker; one of both is called, in the loop's thread."""
        attempt = self._attempt = _Attempt(self._loop, reached, unreached)
        turn = self._turn
        self._turn += 1
        threading.Thread(target=lambda: self._resolve(turn, attempt), name="hostinfo-resolve", daemon=True).start()

    def cancel(self) -> None:
        """Leave the present try; nothing is called any more."""
        if self._attempt is not None:
            self._attempt.cancel()

    @staticmethod
    def discard(found: Found) -> None:
        """Close what came too late."""
        found.sock.close()

    def _resolve(self, turn: int, attempt: "_Attempt") -> None:
        """In a thread of its own: a resolver may take half a minute."""
        try:
            url = self._pick(turn)
        except Exception as error:
            text = str(error)
            self._loop.call(lambda: attempt.unreached(text, False))
            return
        try:
            rows = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            text = f"{url}: {error}"
            self._loop.call(lambda: attempt.unreached(text, False))
            return
        addresses: Addresses = [(row[0], row[4]) for row in rows]
        self._loop.call(lambda: attempt.go(url, addresses))

    def _pick(self, turn: int) -> Url:
        urls = self._urls
        if not urls:
            from .srv import find_brokers

            urls = find_brokers(self._options.dns_domain)
        url = urls[turn % len(urls)]
        self._check(url)
        return url


class _Attempt:
    """The addresses of one host, one after another."""

    def __init__(self, loop: Loop, reached: Callable[[Found], None], unreached: Unreached) -> None:
        self._loop, self._reached, self.unreached = loop, reached, unreached
        self._addresses: Addresses = []
        self._url: Url
        self._timer: Timer
        self._sock: socket.socket | None = None
        self._is_cancelled = False

    def go(self, url: Url, addresses: Addresses) -> None:
        """Begin."""
        self._url, self._addresses = url, addresses
        if not self._is_cancelled:
            self._next("no address", 0)

    def cancel(self) -> None:
        """Close what is under way."""
        self._is_cancelled = True
        sock = self._sock
        if sock is not None:
            self._stop(sock)
            sock.close()

    def _next(self, text: str, code: int) -> None:
        if not self._addresses:
            self.unreached(f"{self._url}: {text}", code == errno.ECONNREFUSED)
            return
        family, address = self._addresses.pop(0)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._next(str(error), 0)
            return
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._next(os.strerror(code), code)
            return
        self._sock = sock
        self._timer = self._loop.after(CONNECT_SECONDS, lambda: self._fail(sock, "no answer", 0))
        self._loop.watch(sock, lambda _read, _write: self._ready(sock), read=False, write=True)

    def _ready(self, sock: socket.socket) -> None:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(sock, os.strerror(code), code)
            return
        self._stop(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reached(Found(self._url, sock))

    def _fail(self, sock: socket.socket, text: str, code: int) -> None:
        self._stop(sock)
        sock.close()
        self._next(text, code)

    def _stop(self, sock: socket.socket) -> None:
        self._sock = None
        self._timer.cancel()
        self._loop.watch(sock, lambda _read, _write: None, read=False, write=False)
