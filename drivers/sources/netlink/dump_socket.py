"""Read one complete rtnetlink dump, netlink(7).

Uses ``_socket``, the C part of ``socket``: the enums of the Python part take 8 ms to build, more than all reading.
"""

from __future__ import annotations

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
"""Number of dumps tried while changes interrupt them; then the last one is used as it is."""
BYTES_LIMIT = 512 * 1024 * 1024
"""Maximum size of a dump; a full Internet routing table takes about 100 MiB."""
BUFFER_BYTES = 64 * 1024
"""The kernel sends at most 32 KiB at a time, unless a single message is longer."""
BUFFER_LIMIT = 16 * 1024 * 1024

_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE = 18, 22, 26
_NLM_F_REQUEST_DUMP = 0x001 | 0x300
_SKIP_STATS = pack("=HHI", 8, 29, 1 << 3)  # IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS halves the reply
REQUESTS = {
    "links": (_RTM_GETLINK, bytes(16) + _SKIP_STATS),
    "counters": (_RTM_GETLINK, bytes(16)),
    "addresses": (_RTM_GETADDR, bytes(8)),
    "routes4": (_RTM_GETROUTE, bytes((AF_INET,)) + bytes(11)),
    "routes6": (_RTM_GETROUTE, bytes((AF_INET6,)) + bytes(11)),
}
"""Type and payload of the request for each dump."""


class ReceiveOverrun(Exception):
    """A reply was larger than the buffer, or the kernel dropped it.

    ``size`` is the length of the reply; 0: unknown.
    """

    def __init__(self, size: int = 0) -> None:
        super().__init__(size)
        self.size = size


def dump(name: str) -> bytes:
    """Return the raw messages of one complete dump, including the final NLMSG_DONE; ``name`` is a key of REQUESTS.

    If the tables changed during every attempt, the last dump is returned and its NLMSG_DONE carries NLM_F_DUMP_INTR.
    ReadError: netlink is unavailable, replies were lost in every attempt, or the deadline expired.
    """
    source = f"netlink {name}"
    deadline = monotonic() + DEADLINE_SECONDS
    size = BUFFER_BYTES
    last: bytes | None = None
    for attempt in range(1, ATTEMPTS + 1):
        # A new socket per attempt: replies left over from the previous dump cannot be mistaken for this one's.
        endpoint = open_socket(source)
        try:
            port = _send_request(endpoint, *REQUESTS[name], attempt)
            last, is_changed = collect(_receiver(endpoint, size, deadline), attempt, port, source)
        except ReceiveOverrun as overrun:
            size = min(max(overrun.size, size), BUFFER_LIMIT)
        except TimeoutError as error:
            raise ReadError(source, f"no reply within {DEADLINE_SECONDS:.0f} s", ETIMEDOUT) from error
        except OSError as error:
            raise ReadError.from_os(source, error) from error
        else:
            if not is_changed:
                break
        finally:
            endpoint.close()
    if last is None:
        raise ReadError(source, f"replies were lost in all {ATTEMPTS} attempts", EIO)
    return last


def open_socket(source: str, protocol: int = NETLINK_ROUTE, groups: int = 0) -> socket:
    """Open a netlink socket that is subscribed to a mask of multicast groups; ReadError if it cannot be opened."""
    try:
        endpoint = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)
    except OSError as error:
        raise ReadError.from_os(source, error) from error
    try:
        endpoint.setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
        endpoint.bind((0, groups))
    except OSError as error:
        endpoint.close()
        raise ReadError.from_os(source, error) from error
    return endpoint


def _send_request(endpoint: socket, kind: int, payload: bytes, sequence: int) -> int:
    """Send the request for a dump and return the port number that the replies carry."""
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
                length, sender = endpoint.recvfrom_into(buffer, 0, MSG_TRUNC)  # MSG_TRUNC: the full length
            except OSError as error:
                if error.errno == ENOBUFS:
                    raise ReceiveOverrun from error
                raise
            if sender[0] != 0:  # any process may write to this socket; port 0 is the kernel
                continue
            if length > size:
                raise ReceiveOverrun(length)
            return bytes(view[:length])

    return receive


def collect(
    receive: Callable[[], bytes], sequence: int, port: int, source: str, order: Order = sys.byteorder
) -> tuple[bytes, bool]:
    """Return the messages of one dump up to its end, and whether the tables changed during the dump.

    Replies to other requests are dropped. ReceiveOverrun: the kernel reports that it dropped messages.
    ReadError: the kernel refused the request, or the dump exceeds BYTES_LIMIT.
    """
    collected, size, is_changed = [], 0, False
    while True:
        data = receive()
        kept_from = 0  # messages from here on belong to this dump
        for kind, flags, message_sequence, message_port, start, end in messages(data, source, order):
            if message_sequence != sequence or message_port != port:
                collected.append(data[kept_from : start - 16])
                kept_from = end + 3 & ~3
                continue
            if kind == NLMSG_OVERRUN:
                raise ReceiveOverrun
            if flags & NLM_F_DUMP_INTR:
                is_changed = True
            if kind in (NLMSG_ERROR, NLMSG_DONE):
                raise_error(data[start : min(start + 4, end)], source, order)
                last = data[start - 16 : end]
                collected += [data[kept_from : start - 16], mark_interrupted(last, order) if is_changed else last]
                return b"".join(collected), is_changed
        collected.append(data[kept_from:])
        size += len(data)
        if size > BYTES_LIMIT:
            raise ReadError(source, f"longer than {BYTES_LIMIT} bytes", EFBIG)
