"""Connected sockets to brokers: one broker per attempt, in turn; names are resolved outside the loop's thread."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from ..urls import Url, parse_url
from .connect_attempt import Addresses, ConnectAttempt, ConnectedSocket, OnFailed
from .dns_srv import find_brokers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..amqp.event_loop import EventLoop
    from ..options import TransportOptions

CONNECT_TIMEOUT_SECONDS = 10.0
CONNECT_TIMEOUT_WITH_OTHERS_SECONDS = 1.5
"""The same when there are other brokers to try."""
RESOLVE_SECONDS = 1.0
"""When the name servers have not answered for so long, the last known addresses are used."""
MAX_KNOWN = 16


class Connector:
    """Connects to the next broker each time that `start` is called."""

    def __init__(self, options: TransportOptions, loop: EventLoop, check: Callable[[Url], object]) -> None:
        """Raise what `check` raises for a URL of the options; brokers from DNS are checked before each attempt."""
        self._options, self._loop, self._check = options, loop, check
        self._urls = [parse_url(url) for url in options.urls]
        for url in self._urls:
            check(url)
        self._known: dict[Url, Addresses] = {}
        self._attempts = 0
        self._attempt: ConnectAttempt | None = None

    def start(self, on_connected: Callable[[ConnectedSocket], None], on_failed: OnFailed) -> None:
        """Try the next broker; one of the two is called in the loop's thread."""
        attempt = self._attempt = ConnectAttempt(self._loop, on_connected, on_failed)
        number = self._attempts
        self._attempts += 1
        threading.Thread(target=lambda: self._resolve(number, attempt), name="hostinfo-resolve", daemon=True).start()
        if self._known:
            self._loop.call_later(RESOLVE_SECONDS, lambda: self._use_known_addresses(number, attempt))

    def cancel(self) -> None:
        """Abandon the present attempt; nothing is called any more."""
        if self._attempt is not None:
            self._attempt.cancel()

    def _resolve(self, number: int, attempt: ConnectAttempt) -> None:
        """Resolve the broker's name, in a thread of its own: it may take half a minute."""
        try:
            url, count = self._next_broker(number)
        except Exception as error:
            text = str(error)
            self._loop.call_soon(lambda: self._on_unresolved(number, attempt, text, retry_soon=False))
            return
        try:
            rows = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            text = f"{url}: {error}"
            retry_soon = getattr(error, "errno", None) == socket.EAI_AGAIN  # no name server answered
            self._loop.call_soon(lambda: self._on_unresolved(number, attempt, text, retry_soon=retry_soon))
            return
        addresses: Addresses = [(row[0], row[4]) for row in rows]
        self._loop.call_soon(lambda: self._on_resolved(url, addresses, count, attempt))

    def _next_broker(self, number: int) -> tuple[Url, int]:
        """Return the broker of this attempt, and how many there are."""
        urls = self._urls or find_brokers(self._options.dns_domain)
        url = urls[number % len(urls)]
        self._check(url)
        return url, len(urls)

    def _on_resolved(self, url: Url, addresses: Addresses, count: int, attempt: ConnectAttempt) -> None:
        self._known.pop(url, None)
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[url] = addresses
        attempt.start(url, addresses, _timeout_seconds(count))

    def _on_unresolved(self, number: int, attempt: ConnectAttempt, text: str, *, retry_soon: bool) -> None:
        self._use_known_addresses(number, attempt)
        attempt.fail(text, retry_soon=retry_soon)

    def _use_known_addresses(self, number: int, attempt: ConnectAttempt) -> None:
        """Start with the last known addresses: name servers may be unreachable together with the broker."""
        if self._known:
            url, addresses = list(self._known.items())[number % len(self._known)]
            attempt.start(url, addresses, _timeout_seconds(len(self._known)))


def _timeout_seconds(brokers: int) -> float:
    return CONNECT_TIMEOUT_WITH_OTHERS_SECONDS if brokers > 1 else CONNECT_TIMEOUT_SECONDS
