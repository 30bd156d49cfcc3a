"""Hears of a libvirt daemon: that its connection broke and is back, and of the domains that it starts and stops.

A thread follows the daemon. While it is gone, its return is known from its socket's folder where it is local, and
found by trying where it is not, with a jitter that grows to half a minute; nothing is asked while it is there.
"""

import os
import random
import select
import threading
import time
from collections.abc import Callable, Collection
from importlib import import_module
from importlib.util import find_spec

from hostinfo.driver import ConnectionChange
from hostinfo.errors import HostInfoError, Unavailable

from .event_connection import Listener
from .mailbox import Mailbox
from .socket_watch import Arrivals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import Monitor

Heard = str | ConnectionChange
RETRY_SECONDS = 30.0
FIRST_RETRY_SECONDS = 0.25
STEADY_SECONDS = 10.0
"""A connection that lasted so long was a good one: the next try comes soon."""
OPEN_SECONDS = 60.0
OPENING_LIMIT = 4
"""Threads that may wait for silent daemons to open a connection."""
_MEMORY = frozenset({"memory", "numa"})  # what is free of it, where it is a hypervisor that tells


def monitors(
    uri: str, groups: Collection[str], sockets: tuple[str, ...] = (), *, is_xen: bool = False
) -> "tuple[Callable[[], Monitor], ...]":
    """The opener of the monitor of a URI; ``sockets``: where the system's daemon listens."""
    return (lambda: DaemonMonitor(uri, groups, sockets=local_sockets(uri, sockets), is_xen=is_xen),)


def local_sockets(uri: str, system: tuple[str, ...]) -> tuple[str, ...]:
    """The sockets whose coming tells that the daemon of a URI is there; empty: only trying tells."""
    from urllib.parse import parse_qs, urlsplit

    parts = urlsplit(uri)
    if named := parse_qs(parts.query).get("socket"):
        return (named[-1],) if not parts.netloc else ()
    is_here = not parts.netloc and parts.scheme in ("qemu", "xen", "qemu+unix", "xen+unix")
    return system if is_here and parts.path == "/system" else ()


def is_installed() -> bool:
    """Whether libvirt's binding can be imported; it is not."""
    return find_spec("libvirt") is not None


class DaemonMonitor:
    """A ``hostinfo.driver.Monitor`` of the daemon behind a URI."""

    def __init__(
        self, uri: str, groups: Collection[str], *, sockets: tuple[str, ...] = (), is_xen: bool = False
    ) -> None:
        """``groups``: all that the daemon tells; ``sockets``: where it listens, if it is local.

        Unavailable where libvirt's binding is missing.
        """
        if not is_installed():
            raise Unavailable(uri, "its events need libvirt's binding: hostinfo[libvirt] or python3-libvirt")
        # libvirt imports it, in another thread; a dataclass that is made meanwhile would find half of it (cpython 3.11)
        import_module("typing")
        self._heard: Mailbox[Heard] = Mailbox()
        self._follower = _Follower(uri, frozenset(groups), sockets, is_xen, self._heard)
        self._follower.start()

    def fileno(self) -> int:
        """The descriptor that becomes readable when there may be changes."""
        return self._heard.fileno()

    def receive(self) -> list[Heard]:
        """What happened since the last call."""
        return self._heard.take()

    def close(self) -> None:
        """Stop listening; nothing is waited for."""
        self._follower.end()
        self._heard.close()


class _Follower(threading.Thread):
    """The thread. It never waits for the daemon itself: what may hang has threads of its own."""

    def __init__(
        self, uri: str, groups: frozenset[str], sockets: tuple[str, ...], is_xen: bool, heard: Mailbox[Heard]
    ) -> None:
        super().__init__(name=f"libvirt follow {uri}", daemon=True)
        self._uri, self._groups, self._sockets, self._heard = uri, groups, sockets, heard
        self._with_domain = groups & (_MEMORY | {"guests"} if is_xen else {"guests"})
        self._inbox: Mailbox[Listener | HostInfoError | None] = Mailbox()
        self._spare: list[Listener] = []
        self._opening = self._attempt = 0
        self._ends = False

    def end(self) -> None:
        """Leave; from any thread."""
        self._ends = True
        self._inbox.put(None)

    def run(self) -> None:
        """Follow the daemon until the end."""
        was_lost = False
        while (found := self._find()) is not None:
            began = time.monotonic()
            # Also the first time something may have changed between a reading and this moment.
            has_failed = was_lost or self._attempt
            self._heard.put(ConnectionChange(None), *(self._groups if has_failed else self._with_domain))
            error = self._wait_for_its_end(found)
            found.close()
            if error is None:
                break
            was_lost = True
            self._heard.put(ConnectionChange(error), *self._groups)
            self._attempt = 0 if time.monotonic() - began > STEADY_SECONDS else self._attempt + 1
            self._wait(self._pause(), None)
        self._sort(self._inbox.close())
        self._close_spare()

    def _wait_for_its_end(self, listener: Listener) -> HostInfoError | None:
        """Why the connection ended; None: nobody listens any more."""
        while not self._ends:
            if listener.error is not None:
                return listener.error
            self._wait(None, None)
            self._close_spare()
        return None

    def _find(self) -> Listener | None:
        """Try until the daemon is there; None: nobody listens any more."""
        arrivals = self._arrivals()
        try:
            while not self._ends:
                if arrivals is not None:
                    arrivals.renew()
                if not self._sockets or any(map(os.path.exists, self._sockets)):
                    found = self._try()
                    if found is not None:
                        return found
                self._attempt += 1
                if self._wait(self._pause(), arrivals):
                    self._attempt = 1
            return None
        finally:
            if arrivals is not None:
                arrivals.close()

    def _arrivals(self) -> Arrivals | None:
        try:
            return Arrivals(self._sockets) if self._sockets else None
        except HostInfoError:  # the user has used up his inotify instances: trying now and then must do
            return None

    def _pause(self) -> float:
        limit = min(RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(self._attempt, 16))
        return random.uniform(0.0, limit)  # noqa: S311 - a fleet's jitter is no secret

    def _try(self) -> Listener | None:
        """What was opened, also by an earlier try; None: it failed, or the time is up."""
        if self._opening < OPENING_LIMIT:
            self._opening += 1
            threading.Thread(target=self._open, name=f"libvirt open {self._uri}", daemon=True).start()
        before, ends = self._opening, time.monotonic() + OPEN_SECONDS
        while not self._ends and self._opening == before and (left := ends - time.monotonic()) > 0:
            self._wait(left, None)
        return self._spare.pop() if self._spare else None

    def _open(self) -> None:
        """In a thread of its own: a daemon may take the connection and say nothing, for ever."""
        opened: Listener | HostInfoError
        try:
            opened = Listener(self._uri, self._groups, on_change=self._changed, on_end=self._look)
        except HostInfoError as error:
            opened = error
        except Exception as error:
            opened = Unavailable(self._uri, f"{type(error).__name__}: {error}")
        if not self._inbox.put(opened) and isinstance(opened, Listener):
            opened.close()

    def _changed(self, group: str) -> None:
        self._heard.put(*(self._with_domain if group == "guests" else (group,)))

    def _look(self) -> None:
        self._inbox.put(None)

    def _sort(self, items: list[Listener | HostInfoError | None]) -> None:
        self._opening -= sum(item is not None for item in items)
        self._spare += [item for item in items if isinstance(item, Listener)]

    def _close_spare(self) -> None:
        while self._spare:
            self._spare.pop().close()

    def _wait(self, seconds: float | None, arrivals: Arrivals | None) -> bool:
        """Until the time is up, something is in the inbox, or came into the socket's folder: then True."""
        poll = select.poll()
        poll.register(self._inbox, select.POLLIN)
        if arrivals is not None:
            poll.register(arrivals, select.POLLIN)
        ready = [number for number, _ in poll.poll(None if seconds is None else seconds * 1000)]
        self._sort(self._inbox.take())
        return arrivals is not None and arrivals.fileno() in ready
