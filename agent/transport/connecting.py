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

    def next(self, reached: Callable[[Found], None], unreached: Callable[[str], None]) -> None:
        """Try the next broker; one of both is called, in the loop's thread."""
        attempt = _Attempt(self._loop, reached, unreached)
        turn = self._turn
        self._turn += 1
        threading.Thread(target=lambda: self._resolve(turn, attempt), name="hostinfo-resolve", daemon=True).start()

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
            self._loop.call(lambda: attempt.unreached(text))
            return
        try:
            rows = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            text = f"{url}: {error}"
            self._loop.call(lambda: attempt.unreached(text))
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

    def __init__(self, loop: Loop, reached: Callable[[Found], None], unreached: Callable[[str], None]) -> None:
        self._loop, self._reached, self.unreached = loop, reached, unreached
        self._addresses: Addresses = []
        self._url: Url
        self._timer: Timer

    def go(self, url: Url, addresses: Addresses) -> None:
        """Begin."""
        self._url, self._addresses = url, addresses
        self._next("no address")

    def _next(self, text: str) -> None:
        if not self._addresses:
            self.unreached(f"{self._url}: {text}")
            return
        family, address = self._addresses.pop(0)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._next(str(error))
            return
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._next(os.strerror(code))
            return
        self._timer = self._loop.after(CONNECT_SECONDS, lambda: self._fail(sock, "no answer"))
        self._loop.watch(sock, lambda _read, _write: self._ready(sock), read=False, write=True)

    def _ready(self, sock: socket.socket) -> None:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(sock, os.strerror(code))
            return
        self._stop(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reached(Found(self._url, sock))

    def _fail(self, sock: socket.socket, text: str) -> None:
        self._stop(sock)
        sock.close()
        self._next(text)

    def _stop(self, sock: socket.socket) -> None:
        self._timer.cancel()
        self._loop.watch(sock, lambda _read, _write: None, read=False, write=False)
