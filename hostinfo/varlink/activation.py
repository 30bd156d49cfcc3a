"""Listening sockets: those that systemd passes, sd_listen_fds(3), or one at a path."""

from __future__ import annotations

import errno
import os
import socket
import stat

from hostinfo.errors import ReadError

FIRST_DESCRIPTOR = 3
BACKLOG = 128


def passed_sockets() -> list[socket.socket]:
    """Return the listening Unix sockets that systemd passes; empty: none. ReadError: another kind of descriptor."""
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    found = []
    for descriptor in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count)):
        try:
            one = socket.socket(fileno=descriptor)
            is_listening = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError as error:
            raise ReadError.from_os(f"descriptor {descriptor} of LISTEN_FDS", error) from error
        if one.family != socket.AF_UNIX or one.type != socket.SOCK_STREAM or not is_listening:
            raise ReadError(
                f"descriptor {descriptor} of LISTEN_FDS",
                "expected a Unix socket that listens; use ListenStream=/PATH and Accept=no in the socket unit",
            )
        one.set_inheritable(False)
        found.append(one)
    return found


def listen(path: str, mode: int = 0o600) -> socket.socket:
    """Return a Unix socket that listens at a path. ReadError: another service has it, or it cannot be made."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_unused(path)
        old = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(old)
        os.chmod(path, mode)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ReadError.from_os(path, error) from error
    return listener


def _remove_unused(path: str) -> None:
    """Remove the socket of a service that has ended. OSError: a service listens there, or it is no socket."""
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
