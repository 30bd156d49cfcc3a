"""Which connections a listener keeps: pure decisions over plain values.

A connection is pending until its client has authenticated and opened it. Pending connections have a low limit of their
own, so that they never take the place of a client. At the limit, one of the source with the most pending connections is
closed for each new one, at random among its oldest quarter: a flood from one source closes only its own. sshd's
MaxStartups refuses the newest at random instead, which lets connections that stay silent keep all others out.
"""

from __future__ import annotations

import ipaddress
import random
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

IPV6_PREFIX = 64
"""Bits of an IPv6 address that one host's network has; the others it may choose."""
_Client = TypeVar("_Client")


def source_of(address: str) -> str:
    """Return what one peer cannot change about its address: IPv4 wholly, of IPv6 the first 64 bits."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))


class Admission(Generic[_Client]):
    """The accepted connections, pending and open."""

    def __init__(
        self,
        max_open: int,
        max_pending: int,
        *,
        choose: Callable[[Sequence[_Client]], _Client] = random.choice,
    ) -> None:
        self.max_open, self.max_pending, self._choose = max_open, max_pending, choose
        self._open: set[_Client] = set()
        self._pending: dict[str, dict[_Client, None]] = {}
        self._sources: dict[_Client, str] = {}

    def __len__(self) -> int:
        """Return the number of connections, pending and open."""
        return len(self._sources) + len(self._open)

    @property
    def clients(self) -> tuple[_Client, ...]:
        """All connections."""
        return (*self._sources, *self._open)

    @property
    def pending(self) -> int:
        """Connections whose client has not opened them yet."""
        return len(self._sources)

    def connection_to_close(self, source: str) -> _Client | None:
        """Return the pending connection to close before one more from this source is added; None: there is room."""
        if len(self._sources) < self.max_pending:
            return None
        largest = max(self._pending, key=lambda name: (len(self._pending[name]), name == source))
        oldest_first = tuple(self._pending[largest])
        return self._choose(oldest_first[: max(1, len(oldest_first) // 4)])

    def add(self, client: _Client, source: str) -> None:
        """Note an accepted connection as pending."""
        self._sources[client] = source
        self._pending.setdefault(source, {})[client] = None

    def open(self, client: _Client) -> bool:
        """Note that the client has authenticated; return False when there are too many clients."""
        if len(self._open) >= self.max_open:
            return False
        self.remove(client)
        self._open.add(client)
        return True

    def remove(self, client: _Client) -> None:
        """Forget a connection that has ended."""
        self._open.discard(client)
        source = self._sources.pop(client, None)
        if source is not None:
            self._pending[source].pop(client)
            if not self._pending[source]:
                del self._pending[source]
