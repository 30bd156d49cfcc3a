"""Changes as the sources tell them by themselves: the kernel's multicasts, a daemon's events.

A change names the group in which something is different, not what: ask the group for that. What no source tells by
itself (a value that just grows, a remote host) is found only by asking again now and then.
"""

import os
import select
import time
from collections.abc import Callable, Iterable

from hostinfo.driver import ConnectionChange, Driver
from hostinfo.errors import HostInfoError
from hostinfo.fact import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from hostinfo.driver import Monitor

DEBOUNCE_SECONDS = 0.2
"""Changes come in swarms (a link, its addresses, its routes): after the first one, wait so long for the others."""


class Watch:
    """Listens from its making on; a context manager. One thread waits, any thread may wake it."""

    def __init__(self, drivers: Iterable[Driver] = ()) -> None:
        self.problems: list[Problem] = []
        """What could not be listened to, or ended."""
        self._monitors: dict[int, tuple[str, Monitor]] = {}
        self._poll = select.poll()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll.register(self._bell, select.POLLIN)
        self._connections: list[tuple[str, HostInfoError | None]] = []
        for driver in drivers:
            for factory in driver.monitors:
                self.add_monitor(driver.name, factory)

    def add_monitor(self, driver: str, factory: "Callable[[], Monitor]") -> None:
        """Hear also what this monitor of the driver tells."""
        try:
            monitor = factory()
        except HostInfoError as error:
            self._failed(driver, error)
        else:
            self._monitors[monitor.fileno()] = driver, monitor
            self._poll.register(monitor.fileno(), select.POLLIN)

    @property
    def has_monitors(self) -> bool:
        """Whether anything is listened to; where not, all that helps is to ask again."""
        return bool(self._monitors)

    def wait(self, seconds: float, settle: float = DEBOUNCE_SECONDS) -> frozenset[str]:
        """Groups in which something changed; empty when the time was up, or somebody called ``wake``."""
        ready = self._ready(seconds)
        changed = set(self._receive(ready))
        ends = time.monotonic() + settle
        while changed and self._bell not in ready and (left := ends - time.monotonic()) > 0:
            ready = self._ready(left)
            changed.update(self._receive(ready))
        return frozenset(changed)

    def connections(self) -> list[tuple[str, HostInfoError | None]]:
        """Drivers whose connection broke (with the reason) or stands now (None) since the last call, in that order."""
        told, self._connections = self._connections, []
        return told

    def wake(self) -> None:
        """End a ``wait`` at once, the next one if there is none now."""
        try:
            os.eventfd_write(self._bell, 1)
        except OSError:  # closed, or rung very often
            return

    def close(self) -> None:
        """Stop listening."""
        for _, monitor in self._monitors.values():
            monitor.close()
        self._monitors.clear()
        if self._bell >= 0:
            os.close(self._bell)
            self._bell = -1

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", value: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _ready(self, seconds: float) -> list[int]:
        return [number for number, _ in self._poll.poll(max(0, int(seconds * 1000)))]

    def _receive(self, ready: list[int]) -> set[str]:
        found: set[str] = set()
        for number in ready:
            if number == self._bell:
                os.eventfd_read(self._bell)
                continue
            name, monitor = self._monitors[number]
            try:
                for what in monitor.receive():
                    if isinstance(what, ConnectionChange):
                        self._connections.append((name, what.error))
                    else:
                        found.add(what)
            except HostInfoError as error:
                self._failed(name, error)
                self._poll.unregister(number)
                del self._monitors[number]
                monitor.close()
        return found

    def _failed(self, name: str, error: HostInfoError) -> None:
        self.problems.append(Problem(path="", error=error, driver=name))
