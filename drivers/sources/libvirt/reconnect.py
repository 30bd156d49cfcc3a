"""The thread that keeps an event connection to a libvirt daemon open."""

from __future__ import annotations

import os
import select
import threading
import time

from hostinfo.driver import ConnectionChange
from hostinfo.errors import HostInfoError, Unavailable
from hostinfo.lowlevel.backoff import Backoff
from hostinfo.lowlevel.inotify import PathWatch
from hostinfo.lowlevel.wakeable_queue import WakeableQueue

from .event_connection import EventConnection

Change = str | ConnectionChange
"""A group in which something changed, or what happened to the connection."""
RECONNECT_SECONDS = 0.25
"""Longest delay after a stable connection broke."""
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 30.0
STABLE_AFTER_SECONDS = 10.0
"""A connection that lasted longer resets the backoff."""
OPEN_SECONDS = 60.0
OPENING_LIMIT = 4
"""Threads that may wait for a connection to open."""
_XEN_MEMORY = frozenset({"memory", "numa"})  # their free memory, which changes with the domains


class ReconnectThread(threading.Thread):
    """Connects, waits until the connection ends, and connects again.

    ::

        connecting --opened--> established --ended--> delay --+
            ^                                                 |
            +-------------------------------------------------+

    It never calls the daemon itself: what may hang has threads of its own.
    """

    def __init__(
        self,
        uri: str,
        groups: frozenset[str],
        changes: WakeableQueue[Change],
        *,
        sockets: tuple[str, ...],
        is_xen: bool,
    ) -> None:
        super().__init__(name=f"libvirt reconnect {uri}", daemon=True)
        self._uri, self._groups, self._sockets, self._changes = uri, groups, sockets, changes
        self._domain_groups = groups & (_XEN_MEMORY | {"guests"} if is_xen else {"guests"})
        self._inbox: WakeableQueue[EventConnection | HostInfoError | None] = WakeableQueue()
        self._ready: list[EventConnection] = []
        self._backoff = Backoff(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS)
        self._opening = 0
        self._ends = False

    def stop(self) -> None:
        """End the thread; from any thread."""
        self._ends = True
        self._inbox.put(None)

    def run(self) -> None:
        """Connect, wait for the connection to end, and connect again, until the thread is stopped."""
        was_lost = False
        while (connection := self._connect()) is not None:
            began = time.monotonic()
            # Also the first connection may have missed changes since the groups were read.
            has_failed = was_lost or self._backoff.failures
            self._changes.put(ConnectionChange(None), *(self._groups if has_failed else self._domain_groups))
            error = self._wait_until_ended(connection)
            connection.close()
            if error is None:
                break
            was_lost = True
            self._changes.put(ConnectionChange(error), *self._groups)
            self._wait(self._delay_after(time.monotonic() - began), None)
        self._collect_opened(self._inbox.close())
        self._close_ready()

    def _delay_after(self, lasted_seconds: float) -> float:
        if lasted_seconds <= STABLE_AFTER_SECONDS:
            return self._backoff.next_delay()
        delay = self._backoff.next_delay(RECONNECT_SECONDS)
        self._backoff.reset()
        return delay

    def _wait_until_ended(self, connection: EventConnection) -> HostInfoError | None:
        """Return why the connection ended; None: the thread was stopped."""
        while not self._ends:
            if connection.error is not None:
                return connection.error
            self._wait(None, None)
            self._close_ready()
        return None

    def _connect(self) -> EventConnection | None:
        """Try until a connection is established; None: the thread was stopped."""
        watch = self._watch_sockets()
        try:
            while not self._ends:
                if watch is not None:
                    watch.rearm()
                if not self._sockets or any(map(os.path.exists, self._sockets)):
                    connection = self._try()
                    if connection is not None:
                        return connection
                if self._wait(self._backoff.next_delay(), watch):
                    self._backoff.failures = 1
            return None
        finally:
            if watch is not None:
                watch.close()

    def _watch_sockets(self) -> PathWatch | None:
        try:
            return PathWatch(self._sockets) if self._sockets else None
        except HostInfoError:  # the user's limit of inotify instances is reached: retries alone must do
            return None

    def _try(self) -> EventConnection | None:
        """Return an opened connection, also one from an earlier attempt; None after an error or a timeout."""
        if self._opening < OPENING_LIMIT:
            self._opening += 1
            threading.Thread(target=self._open, name=f"libvirt open {self._uri}", daemon=True).start()
        before, ends = self._opening, time.monotonic() + OPEN_SECONDS
        while not self._ends and self._opening == before and (left := ends - time.monotonic()) > 0:
            self._wait(left, None)
        return self._ready.pop() if self._ready else None

    def _open(self) -> None:
        """Run in a thread of its own: a daemon may accept the connection and never reply."""
        opened: EventConnection | HostInfoError
        try:
            opened = EventConnection(self._uri, self._groups, on_change=self._on_change, on_end=self._wake)
        except HostInfoError as error:
            opened = error
        except Exception as error:
            opened = Unavailable(self._uri, f"{type(error).__name__}: {error}")
        if not self._inbox.put(opened) and isinstance(opened, EventConnection):
            opened.close()

    def _on_change(self, group: str) -> None:
        self._changes.put(*(self._domain_groups if group == "guests" else (group,)))

    def _wake(self) -> None:
        self._inbox.put(None)

    def _collect_opened(self, items: list[EventConnection | HostInfoError | None]) -> None:
        self._opening -= sum(item is not None for item in items)
        self._ready += [item for item in items if isinstance(item, EventConnection)]

    def _close_ready(self) -> None:
        while self._ready:
            self._ready.pop().close()

    def _wait(self, seconds: float | None, watch: PathWatch | None) -> bool:
        """Wait for the time, an item in the inbox, or a change in the socket's directory; True: the last one."""
        poll = select.poll()
        poll.register(self._inbox, select.POLLIN)
        if watch is not None:
            poll.register(watch, select.POLLIN)
        ready = [number for number, _ in poll.poll(None if seconds is None else seconds * 1000)]
        self._collect_opened(self._inbox.take())
        return watch is not None and watch.fileno() in ready
