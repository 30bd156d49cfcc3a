"""Change notifications over netlink multicast: links and addresses (rtnetlink(7)), CPUs and memory (kobject uevents).

Neither needs privileges or a daemon. The kernel sends uevents when CPUs and memory blocks are added, removed, or set
online or offline (Documentation/ABI/testing/sysfs-devices-system-cpu and sysfs-devices-memory).
"""

from __future__ import annotations

from _socket import MSG_DONTWAIT, NETLINK_ROUTE
from errno import EAGAIN, ENOBUFS

from hostinfo.errors import ReadError

from .dump_socket import open_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_NETLINK_KOBJECT_UEVENT = 15
_KERNEL_GROUP = 1  # group 2 has the messages of udevd
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 0x1, 0x10, 0x100  # RTMGRP_…
_DATAGRAM_BYTES = 8 * 1024  # kernel uevents stay under 4 KiB: UEVENT_BUFFER_SIZE and a header
_DATAGRAMS_LIMIT = 10_000  # per call: a burst must not keep the caller from its other work
_GROUPS_BY_SUBSYSTEM = {
    b"cpu": ("cpu", "domain", "numa"),
    b"xen_cpu": ("cpu", "numa"),  # physical CPUs, in a Dom0
    b"memory": ("memory", "domain", "numa"),
    b"node": ("numa",),
}
_DEVICE_GROUPS = frozenset(group for groups in _GROUPS_BY_SUBSYSTEM.values() for group in groups)


class NetlinkMonitor:
    """A socket that receives notifications from the moment it is opened; implements ``hostinfo.driver.Monitor``.

    ``changed_groups`` maps a datagram to the groups that it concerns; None stands for dropped notifications.
    """

    def __init__(
        self, source: str, protocol: int, multicast: int, changed_groups: Callable[[bytes | None], Collection[str]]
    ) -> None:
        self._source = source
        self._changed_groups = changed_groups
        self._socket = open_socket(source, protocol, multicast)

    def fileno(self) -> int:
        """Return the descriptor; it becomes readable when there are notifications."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def receive(self) -> frozenset[str]:
        """Return the groups that changed since the last call, without blocking. ReadError: the socket failed."""
        return frozenset(group for datagram in self._datagrams() for group in self._changed_groups(datagram))

    def _datagrams(self) -> Iterator[bytes | None]:
        for _ in range(_DATAGRAMS_LIMIT):
            try:
                data, _, _, sender = self._socket.recvmsg(_DATAGRAM_BYTES, 0, MSG_DONTWAIT)
            except OSError as error:
                if error.errno == EAGAIN:
                    return
                if error.errno != ENOBUFS:
                    raise ReadError.from_os(self._source, error) from error
                yield None
                continue
            if sender[0] == 0:  # any process may write to this socket; port 0 is the kernel
                yield data


def open_network_monitor() -> NetlinkMonitor:
    """Monitor the links and addresses of this network namespace."""
    return NetlinkMonitor(
        "netlink monitor", NETLINK_ROUTE, _LINK | _IPV4_ADDRESS | _IPV6_ADDRESS, lambda _datagram: ("network",)
    )


def open_device_monitor() -> NetlinkMonitor:
    """Monitor CPUs, memory blocks and NUMA nodes."""
    return NetlinkMonitor("netlink uevents", _NETLINK_KOBJECT_UEVENT, _KERNEL_GROUP, parse_uevent)


def parse_uevent(datagram: bytes | None) -> Collection[str]:
    """Return the groups that a uevent concerns: ``ACTION@DEVPATH``, then ``KEY=VALUE``, all null-terminated."""
    if datagram is None:
        return _DEVICE_GROUPS
    for entry in datagram.split(b"\0")[1:]:
        if entry.startswith(b"SUBSYSTEM="):
            return _GROUPS_BY_SUBSYSTEM.get(entry[10:], ())
    return ()
