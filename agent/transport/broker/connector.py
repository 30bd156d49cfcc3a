"""Getting a connected socket: brokers in turn, names resolved beside the loop, one try at a time.

A host that is silent is knocked at again and again while the try lasts, by a single packet each time: the kernel's own
repetitions come ever later, and would find a host that is back half a minute after its return.
"""

import errno
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from ..amqp.event_loop import EventLoop, Timer
from ..options import TransportOptions
from ..urls import Url, parse_url

CONNECT_SECONDS = 10.0
NEXT_BROKER_SECONDS = 1.5
"""The same, where there are other brokers to try."""
KNOCK_SECONDS = 1.2
NEXT_ADDRESS_SECONDS = 0.3
"""So long an address of a host is waited for before the next one is tried beside it, RFC 8305."""
RESOLVE_SECONDS = 1.0
"""So long the names' servers are waited for where the addresses of before are known."""
KNOWN_LIMIT = 16

OnFailed = Callable[[str, bool], None]
"""Why not, and whether trying costs nobody anything but a packet, so that the next try may follow soon."""
Addresses = list[tuple[socket.AddressFamily, tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class ConnectedSocket:
    """A socket, and which broker it leads to."""

    url: Url
    sock: socket.socket


class Connector:
    """Tries one URL each time that it is asked."""

    def __init__(self, options: TransportOptions, loop: EventLoop, check: Callable[[Url], object]) -> None:
        self._options, self._loop, self._check = options, loop, check
        self._urls = [parse_url(url) for url in options.urls]
        for url in self._urls:
            check(url)
        self._known: dict[Url, Addresses] = {}
        self._turn = 0
        self._attempt: ConnectAttempt | None = None

    def next(self, reached: Callable[[ConnectedSocket], None], unreached: OnFailed) -> None:
        """Try the next broker; one of both is called, in the loop's thread."""
        attempt = self._attempt = ConnectAttempt(self._loop, reached, unreached)
        turn = self._turn
        self._turn += 1
        threading.Thread(target=lambda: self._resolve(turn, attempt), name="hostinfo-resolve", daemon=True).start()
        if self._known:
            self._loop.after(RESOLVE_SECONDS, lambda: self._remember(turn, attempt))

    def cancel(self) -> None:
        """Leave the present try; nothing is called any more."""
        if self._attempt is not None:
            self._attempt.cancel()

    @staticmethod
    def discard(found: ConnectedSocket) -> None:
        """Close what came too late."""
        found.sock.close()

    def _resolve(self, turn: int, attempt: "ConnectAttempt") -> None:
        """In a thread of its own: a resolver may take half a minute."""
        try:
            url, count = self._pick(turn)
        except Exception as error:
            text = str(error)
            self._loop.call(lambda: self._unresolved(turn, attempt, text, is_cheap=False))
            return
        try:
            rows = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            text = f"{url}: {error}"
            is_cheap = getattr(error, "errno", None) == socket.EAI_AGAIN  # nobody could be asked
            self._loop.call(lambda: self._unresolved(turn, attempt, text, is_cheap=is_cheap))
            return
        addresses: Addresses = [(row[0], row[4]) for row in rows]
        self._loop.call(lambda: self._resolved(url, addresses, count, attempt))

    def _pick(self, turn: int) -> tuple[Url, int]:
        urls = self._urls
        if not urls:
            from .dns_srv import find_brokers

            urls = find_brokers(self._options.dns_domain)
        url = urls[turn % len(urls)]
        self._check(url)
        return url, len(urls)

    def _resolved(self, url: Url, addresses: Addresses, count: int, attempt: "ConnectAttempt") -> None:
        self._known.pop(url, None)
        if len(self._known) >= KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        self._known[url] = addresses
        attempt.go(url, addresses, NEXT_BROKER_SECONDS if count > 1 else CONNECT_SECONDS)

    def _unresolved(self, turn: int, attempt: "ConnectAttempt", text: str, *, is_cheap: bool) -> None:
        self._remember(turn, attempt)
        attempt.fail(text, is_cheap=is_cheap)

    def _remember(self, turn: int, attempt: "ConnectAttempt") -> None:
        """Go by the addresses of before: the names' servers may be away together with the broker."""
        if self._known:
            url, addresses = list(self._known.items())[turn % len(self._known)]
            attempt.go(url, addresses, NEXT_BROKER_SECONDS if len(self._known) > 1 else CONNECT_SECONDS)


class ConnectAttempt:
    """The addresses of one host, one after another, and the silent ones again."""

    def __init__(self, loop: EventLoop, reached: Callable[[ConnectedSocket], None], unreached: OnFailed) -> None:
        self._loop, self._reached, self._unreached = loop, reached, unreached
        self._addresses: Addresses = []
        self._url: Url
        self._place = 0
        self._failed: set[int] = set()
        self._pending: dict[socket.socket, int] = {}
        self._timers: list[Timer] = []
        self._text = "no address"
        self._has_begun = self._has_ended = False

    def go(self, url: Url, addresses: Addresses, seconds: float) -> None:
        """Begin, unless it has."""
        if self._has_begun or self._has_ended:
            return
        self._has_begun = True
        self._url, self._addresses = url, addresses
        self._timers.append(self._loop.after(seconds, lambda: self._end("no answer")))
        self._next()

    def fail(self, text: str, *, is_cheap: bool) -> None:
        """It could not begin."""
        if not self._has_begun and not self._has_ended:
            self._has_ended = True
            self._unreached(text, is_cheap)

    def cancel(self) -> None:
        """Close what is under way."""
        self._has_ended = True
        for timer in self._timers:
            timer.cancel()
        for sock in tuple(self._pending):
            self._stop(sock)
            sock.close()

    def _end(self, text: str) -> None:
        self.cancel()
        self._unreached(f"{self._url}: {text}", True)

    def _next(self) -> None:
        """Knock at the next address that has not refused."""
        for _ in self._addresses:
            place = self._place % len(self._addresses)
            self._place += 1
            if place not in self._failed and self._knock(place):
                break
            if self._has_ended:
                return
        if len(self._failed) == len(self._addresses):
            self._end(self._text)
            return
        is_first_pass = self._place < len(self._addresses)
        self._timers.append(self._loop.after(NEXT_ADDRESS_SECONDS if is_first_pass else KNOCK_SECONDS, self._next))

    def _knock(self, place: int) -> bool:
        """Whether an answer may come."""
        family, address = self._addresses[place]
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._refuse(place, str(error))
            return False
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._refuse(place, os.strerror(code))
            return False
        self._pending[sock] = place
        self._loop.watch(sock, lambda _read, _write: self._ready(sock), read=False, write=True)
        return True

    def _ready(self, sock: socket.socket) -> None:
        place = self._pending.get(sock)
        if place is None:  # another knock that became ready at the same moment has settled it
            return
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._stop(sock)
        if code:
            sock.close()
            self._refuse(place, os.strerror(code))
            if len(self._failed) == len(self._addresses):
                self._end(self._text)
            elif not self._pending:
                self._next()
            return
        self.cancel()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reached(ConnectedSocket(self._url, sock))

    def _refuse(self, place: int, text: str) -> None:
        """This address answered no: its other knocks are answered as well."""
        self._text = text
        self._failed.add(place)
        for sock in [sock for sock, known in self._pending.items() if known == place]:
            self._stop(sock)
            sock.close()

    def _stop(self, sock: socket.socket) -> None:
        del self._pending[sock]
        self._loop.watch(sock, lambda _read, _write: None, read=False, write=False)
