"""Who is at the other end of a Unix socket, as the kernel knows it: unix(7), SO_PEERCRED and SO_PEERGROUPS."""

from __future__ import annotations

import array
import errno
import socket
import struct

from hostinfo.record import record

_CREDENTIALS = struct.Struct("iII")
_SO_PEERGROUPS = 59
_GROUPS_LIMIT = 65536
"""NGROUPS_MAX."""


@record
class Peer:
    """A client, with its credentials at the time when it connected."""

    pid: int
    """Process ID; 0: it is not of this PID namespace."""
    uid: int
    """User ID."""
    gids: frozenset[int]
    """Group ID and supplementary groups."""


def read_peer(connection: socket.socket) -> Peer:
    """Return who connected. OSError: the kernel does not report it."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(data)
    return Peer(pid=pid, uid=uid, gids=frozenset({gid, *_groups(connection)}))


def _groups(connection: socket.socket) -> tuple[int, ...]:
    size = 256
    while True:
        try:
            data = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, size * 4)
        except OSError as error:
            if error.errno == errno.ENOPROTOOPT:  # before Linux 4.13
                return ()
            if error.errno != errno.ERANGE or size >= _GROUPS_LIMIT:
                raise
            size *= 16
        else:
            found = array.array("I")
            found.frombytes(data)
            return tuple(found)
