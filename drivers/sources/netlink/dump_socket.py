"""One complete dump over an rtnetlink socket, netlink(7).

Uses ``_socket``, the C part of ``socket``: the Python part's enums cost 8 ms at every start, more than all reading.
"""

import sys
from _socket import (
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    MSG_TRUNC,
    NETLINK_ROUTE,
    SO_RCVBUF,
    SOCK_CLOEXEC,
    SOCK_RAW,
    SOL_SOCKET,
    socket,
)
from collections.abc import Callable
from errno import EFBIG, EIO, ENOBUFS, ETIMEDOUT
from struct import pack
from time import monotonic

from hostinfo.errors import ReadError

from .message import (
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSG_OVERRUN,
    header,
    mark_interrupted,
    messages,
    raise_error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .message import Order

DEADLINE_SECONDS = 10.0
ATTEMPTS = 5
"""Dumps that changes may spoil before the last one is taken as it is."""
BYTES_LIMIT = 512 * 1024 * 1024
"""Most bytes of a dump: a full table of the internet's routes has some 100 MiB."""
BUFFER_BYTES = 64 * 1024
"""The kernel sends at most 32 KiB at a time, unless a single message is longer."""
BUFFER_LIMIT = 16 * 1024 * 1024

_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE = 18, 22, 26
_NLM_F_REQUEST_DUMP = 0x001 | 0x300
_SKIP_STATS = pack("=HHI", 8, 29, 1 << 3)  # IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS halves the answer
REQUESTS = {
    "links": (_RTM_GETLINK, bytes(16) + _SKIP_STATS),
    "counters": (_RTM_GETLINK, bytes(16)),
    "addresses": (_RTM_GETADDR, bytes(8)),
    "routes4": (_RTM_GETROUTE, bytes((AF_INET,)) + bytes(11)),
    "routes6": (_RTM_GETROUTE, bytes((AF_INET6,)) + bytes(11)),
}
"""What can be dumped: type and payload of the request."""


class Lost(Exception):
    """An answer did not fit, or was dropped."""

    def __init__(self, size: int = 0) -> None:
        super().__init__(size)
        self.size = size


def dump(name: str) -> bytes:
    """The raw messages of one complete dump, its end included: "links", "counters", "addresses", "routes4", "routes6".

    Where the tables changed during each of several dumps it is the last one, whose end then carries
    NLM_F_DUMP_INTR. ReadError where netlink can't be used, an answer is lost again and again, or time is up.
    """
    source = f"netlink {name}"
    deadline = monotonic() + DEADLINE_SECONDS
    size = BUFFER_BYTES
    last: bytes | None = None
    for attempt in range(1, ATTEMPTS + 1):
        # A fresh socket each time: what is left of the dump before can't be mistaken for this one's.
        endpoint = open_socket(source)
        try:
            port = _ask(endpoint, *REQUESTS[name], attempt)
            last, is_changed = collect(_receiver(endpoint, size, deadline), attempt, port, source)
        except Lost as lost:
            size = min(max(lost.size, size), BUFFER_LIMIT)
        except TimeoutError as error:
            raise ReadError(source, f"no answer within {DEADLINE_SECONDS:.0f} s", ETIMEDOUT) from error
        except OSError as error:
            raise ReadError.from_os(source, error) from error
        else:
            if not is_changed:
                break
        finally:
            endpoint.close()
    if last is None:
        raise ReadError(source, f"answers were lost in {ATTEMPTS} attempts", EIO)
    return last


def open_socket(source: str, groups: int = 0) -> socket:
    """An rtnetlink socket that hears these groups; ReadError where this process may not have one."""
    try:
        endpoint = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)
    except OSError as error:
        raise ReadError.from_os(source, error) from error
    try:
        endpoint.setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
        endpoint.bind((0, groups))
    except OSError as error:
        endpoint.close()
        raise ReadError.from_os(source, error) from error
    return endpoint


def _ask(endpoint: socket, kind: int, payload: bytes, sequence: int) -> int:
    """Send the request for a dump; the port that its answers carry."""
    request = header(sys.byteorder).pack(16 + len(payload), kind, _NLM_F_REQUEST_DUMP, sequence, 0) + payload
    endpoint.settimeout(DEADLINE_SECONDS)
    endpoint.sendto(request, (0, 0))
    port: int = endpoint.getsockname()[0]
    return port


def _receiver(endpoint: socket, size: int, deadline: float) -> Callable[[], bytes]:
    buffer = bytearray(size)
    view = memoryview(buffer)

    def receive() -> bytes:
        while True:
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError
            endpoint.settimeout(left)
            try:
                length, sender = endpoint.recvfrom_into(buffer, 0, MSG_TRUNC)  # with this flag: the length it had
            except OSError as error:
                if error.errno == ENOBUFS:
                    raise Lost from error
                raise
            if sender[0] != 0:  # any process may write to this socket; port 0 is the kernel
                continue
            if length > size:
                raise Lost(length)
            return bytes(view[:length])

    return receive


def collect(
    receive: Callable[[], bytes], sequence: int, port: int, source: str, order: "Order" = sys.byteorder
) -> tuple[bytes, bool]:
    """The messages of one dump out of what is received, up to its end, and whether the tables changed meanwhile.

    Messages of another request are left out. Lost where the kernel says that it dropped some; ReadError where it
    refused, or sends more than anyone has.
    """
    collected, size, is_changed = [], 0, False
    while True:
        data = receive()
        mine = 0  # up to here all of it is
        for kind, flags, its_sequence, its_port, start, end in messages(data, source, order):
            if its_sequence != sequence or its_port != port:
                collected.append(data[mine : start - 16])
                mine = end + 3 & ~3
                continue
            if kind == NLMSG_OVERRUN:
                raise Lost
            if flags & NLM_F_DUMP_INTR:
                is_changed = True
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                raise_error(data[start : min(start + 4, end)], source, order)
                last = data[start - 16 : end]
                collected += [data[mine : start - 16], mark_interrupted(last, order) if is_changed else last]
                return b"".join(collected), is_changed
        collected.append(data[mine:])
        size += len(data)
        if size > BYTES_LIMIT:
            raise ReadError(source, f"longer than {BYTES_LIMIT} bytes", EFBIG)
