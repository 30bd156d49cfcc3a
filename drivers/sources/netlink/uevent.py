"""Devices that come, go and change, as the kernel tells udev: kobject uevents over netlink, netlink(7).

The kernel's own group of the multicast needs no rights and no daemon. Of processors and memory blocks it tells when
they are added, removed, and set on- or offline (Documentation/ABI/testing/sysfs-devices-system-cpu and -memory).
"""

from _socket import AF_NETLINK, MSG_DONTWAIT, SO_RCVBUF, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET, socket
from errno import EAGAIN, ENOBUFS

from hostinfo.errors import ReadError

SOURCE = "netlink uevents"
_NETLINK_KOBJECT_UEVENT = 15
_KERNEL_GROUP = 1
_MESSAGE_BYTES = 8 * 1024  # the kernel's own are under 4 KiB: UEVENT_BUFFER_SIZE and a header
_MESSAGES_LIMIT = 10_000
_GROUPS = {
    b"cpu": ("cpu", "domain", "numa"),
    b"xen_cpu": ("cpu", "numa"),  # the machine's, in a Dom0
    b"memory": ("memory", "domain", "numa"),
    b"node": ("numa",),
}
_ALL = frozenset(group for groups in _GROUPS.values() for group in groups)


class DeviceMonitor:
    """Hears of processors and memory from its opening on."""

    def __init__(self) -> None:
        try:
            self._socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, _NETLINK_KOBJECT_UEVENT)
        except OSError as error:
            raise ReadError.from_os(SOURCE, error) from error
        try:
            self._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 1 << 20)
            self._socket.bind((0, _KERNEL_GROUP))
        except OSError as error:
            self._socket.close()
            raise ReadError.from_os(SOURCE, error) from error

    def fileno(self) -> int:
        """The descriptor that becomes readable when there are messages."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def receive(self) -> frozenset[str]:
        """Groups in which something changed; all that it watches where messages were lost."""
        found: set[str] = set()
        for _ in range(_MESSAGES_LIMIT):
            try:
                data, _, _, sender = self._socket.recvmsg(_MESSAGE_BYTES, 0, MSG_DONTWAIT)
            except OSError as error:
                if error.errno == EAGAIN:
                    break
                if error.errno != ENOBUFS:
                    raise ReadError.from_os(SOURCE, error) from error
                found |= _ALL
                continue
            if sender[0] == 0:  # any process may write to this socket; port 0 is the kernel
                found.update(groups_of(data))
        return frozenset(found)


def groups_of(data: bytes) -> tuple[str, ...]:
    """The groups that one message concerns: ``ACTION@DEVPATH``, then ``KEY=VALUE``, each ended by a zero byte."""
    for entry in data.split(b"\0")[1:]:
        if entry.startswith(b"SUBSYSTEM="):
            return _GROUPS.get(entry[10:], ())
    return ()
