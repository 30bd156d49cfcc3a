"""Change notifications from a libvirt daemon: its connection broke or is back, domains start and stop.

A thread keeps the connection open. While a local daemon is gone, inotify reports the return of its socket; a remote one
is found by reconnecting with a backoff of up to half a minute. While the daemon is there, nothing is polled.
"""

from __future__ import annotations

from importlib import import_module

from hostinfo.driver import ConnectionChange
from hostinfo.lowlevel.wakeable_queue import WakeableQueue

from .binding import require_binding
from .reconnect import Change, ReconnectThread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hostinfo.driver import Monitor


def monitors(
    uri: str, groups: Collection[str], sockets: tuple[str, ...] = (), *, is_xen: bool = False
) -> tuple[Callable[[], Monitor], ...]:
    """Return what opens the monitor of a URI; ``sockets``: those of the system's daemon."""
    return (lambda: DaemonMonitor(uri, groups, sockets=local_sockets(uri, sockets), is_xen=is_xen),)


def local_sockets(uri: str, system: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sockets that appear when the URI's daemon starts; empty: the daemon is found only by connecting."""
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(uri)
    if named := parse_qs(parts.query).get("socket"):
        return (named[-1],) if not parts.netloc else ()
    is_local = not parts.netloc and parts.scheme in ("qemu", "xen", "qemu+unix", "xen+unix")
    return system if is_local and parts.path == "/system" else ()


class DaemonMonitor:
    """A ``hostinfo.driver.Monitor`` of the daemon behind a URI."""

    def __init__(
        self, uri: str, groups: Collection[str], *, sockets: tuple[str, ...] = (), is_xen: bool = False
    ) -> None:
        """``groups``: all that the daemon reports; ``sockets``: its own, if it is local.

        Raises Unavailable without libvirt's Python binding.
        """
        require_binding(uri)
        # libvirt imports it in another thread; a dataclass created meanwhile would find half of it (CPython 3.11)
        import_module("typing")
        self._changes: WakeableQueue[Change] = WakeableQueue()
        self._thread = ReconnectThread(uri, frozenset(groups), self._changes, sockets=sockets, is_xen=is_xen)
        self._thread.start()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there are changes."""
        return self._changes.fileno()

    def receive(self) -> list[str | ConnectionChange]:
        """Return the changes since the last call."""
        return self._changes.take()

    def close(self) -> None:
        """Stop the thread without waiting for it."""
        self._thread.stop()
        self._changes.close()
