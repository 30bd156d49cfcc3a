"""Changes of links, addresses and routes as the kernel tells them, rtnetlink(7).

    with Monitor() as monitor:
        select([monitor], [], [])
        for change in monitor.receive():
            ...

A change says what it was about, not what it is now: read that with the network group. A listener that was too slow
gets ``resync``: changes were lost, so everything may have changed.
"""

import sys
from _socket import MSG_DONTWAIT, MSG_TRUNC
from dataclasses import dataclass
from errno import EAGAIN, ENOBUFS
from struct import Struct

from hostinfo.errors import ParseError, ReadError

from .dump_socket import BUFFER_BYTES, open_socket
from .links import HEAD, NAME
from .message import attributes, messages, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

SOURCE = "netlink monitor"
GROUP_LINK, GROUP_ADDRESS4, GROUP_ROUTE4, GROUP_ADDRESS6, GROUP_ROUTE6 = 0x1, 0x10, 0x40, 0x100, 0x400
_KINDS = {
    16: ("link", True), 17: ("link", False), 20: ("address", True), 21: ("address", False), 24: ("route", True),
    25: ("route", False),
}  # fmt: skip
_MESSAGES_LIMIT = 10_000  # of one call: a storm must not keep the caller from its other work
_ADDRESS_HEAD = {"little": Struct("<BBBBI"), "big": Struct(">BBBBI")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change."""

    what: str
    """link, address, route, or resync: changes were lost."""
    is_removed: bool = False
    """Whether it went away; otherwise it is new, or different."""
    index: int | None = None
    """Index of the link; None: a route or a resync."""
    link: str | None = None
    """Name of the link, where the kernel tells it with the change."""


class Monitor:
    """A socket that hears of changes from its opening on."""

    def __init__(self, *, with_routes: bool = False) -> None:
        groups = GROUP_LINK | GROUP_ADDRESS4 | GROUP_ADDRESS6
        self._socket = open_socket(SOURCE, groups | (GROUP_ROUTE4 | GROUP_ROUTE6 if with_routes else 0))

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor that becomes readable when there are changes."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def receive(self) -> list[Change]:
        """The changes since the last call, without waiting; empty where there are none. ReadError where it fails."""
        found: list[Change] = []
        while len(found) < _MESSAGES_LIMIT:
            try:
                data, _, flags, sender = self._socket.recvmsg(BUFFER_BYTES, 0, MSG_DONTWAIT)
            except OSError as error:
                if error.errno == EAGAIN:
                    break
                if error.errno != ENOBUFS:
                    raise ReadError.from_os(SOURCE, error) from error
                found.append(Change(what="resync"))
                continue
            if sender[0] != 0:  # any process may write to this socket; port 0 is the kernel
                continue
            found += [Change(what="resync")] if flags & MSG_TRUNC else parse_changes(data)
        return found


def parse_changes(data: bytes, order: "Order" = sys.byteorder) -> list[Change]:
    """The changes in what was received; what can't be understood is a resync."""
    found = []
    try:
        for kind, _, _, _, start, end in messages(data, SOURCE, order):
            if kind in _KINDS:
                found.append(_parse_change(*_KINDS[kind], data, start, end, order))
    except ParseError:
        found.append(Change(what="resync"))
    return found


def _parse_change(what: str, is_new: bool, data: bytes, start: int, end: int, order: "Order") -> Change:
    if what == "link" and end - start >= 16:
        index = HEAD[order].unpack_from(data, start)[2]
        name = text(attributes(data, start + 16, end, (NAME,), SOURCE, order).get(NAME))
        return Change(what=what, is_removed=not is_new, index=index, link=name)
    if what == "address" and end - start >= 8:
        return Change(what=what, is_removed=not is_new, index=_ADDRESS_HEAD[order].unpack_from(data, start)[4])
    return Change(what=what, is_removed=not is_new)


class NetworkMonitor:
    """The same for the facade, which is told only that the network changed."""

    def __init__(self) -> None:
        self._monitor = Monitor()

    def fileno(self) -> int:
        """The descriptor that becomes readable when there are changes."""
        return self._monitor.fileno()

    def receive(self) -> tuple[str, ...]:
        """The group in which something changed; empty where there was nothing."""
        return ("network",) if self._monitor.receive() else ()

    def close(self) -> None:
        """Stop listening."""
        self._monitor.close()
