"""Change notifications from the sources: the kernel's multicasts, a daemon's events.

A notification names the group that changed, not the change: read the group for that. Changes without a notification
(a counter that grows, a remote host) are found only by polling.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable

from hostinfo.driver import ConnectionChange, Driver
from hostinfo.errors import HostInfoError
from hostinfo.fact import Problem
from hostinfo.lowlevel.wakeup import Wakeup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from hostinfo.driver import Monitor

DEBOUNCE_SECONDS = 0.2
"""Changes arrive in bursts (a link, its addresses, its routes): wait so long for the rest after the first one."""


class Watch:
    """Monitors changes from its creation on; a context manager. One thread waits, any thread may wake it."""

    def __init__(self, drivers: Iterable[Driver] = ()) -> None:
        self.problems: list[Problem] = []
        """Monitors that could not be opened, or that ended."""
        self._monitors: dict[int, tuple[str, Monitor]] = {}
        self._poll = select.poll()
        self._wakeup = Wakeup()
        self._poll.register(self._wakeup, select.POLLIN)
        self._connections: list[tuple[str, HostInfoError | None]] = []
        for driver in drivers:
            for factory in driver.monitors:
                self.add_monitor(driver.name, factory)

    def add_monitor(self, driver: str, factory: Callable[[], Monitor]) -> None:
        """Open a monitor of the driver; a failure is added to ``problems``."""
        try:
            monitor = factory()
        except HostInfoError as error:
            self._add_problem(driver, error)
        else:
            self._monitors[monitor.fileno()] = driver, monitor
            self._poll.register(monitor.fileno(), select.POLLIN)

    @property
    def has_monitors(self) -> bool:
        """Whether any monitor is active. If not, poll instead."""
        return bool(self._monitors)

    def wait(self, seconds: float, debounce: float = DEBOUNCE_SECONDS) -> frozenset[str]:
        """Return the groups that changed; empty after ``seconds``, or when another thread called ``wake``."""
        ready = self._ready(seconds)
        changed = set(self._receive(ready))
        end = time.monotonic() + debounce
        while changed and self._wakeup.fileno() not in ready and (left := end - time.monotonic()) > 0:
            ready = self._ready(left)
            changed.update(self._receive(ready))
        return frozenset(changed)

    def connections(self) -> list[tuple[str, HostInfoError | None]]:
        """Return the connection changes since the last call, in order: driver, and the error (None: established)."""
        changes, self._connections = self._connections, []
        return changes

    def wake(self) -> None:
        """End the current ``wait`` at once, or the next one."""
        self._wakeup.wake()

    def close(self) -> None:
        """Close all monitors."""
        for _, monitor in self._monitors.values():
            monitor.close()
        self._monitors.clear()
        self._wakeup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self, seconds: float) -> list[int]:
        return [number for number, _ in self._poll.poll(max(0, int(seconds * 1000)))]

    def _receive(self, ready: list[int]) -> set[str]:
        groups: set[str] = set()
        for number in ready:
            if number == self._wakeup.fileno():
                self._wakeup.clear()
                continue
            name, monitor = self._monitors[number]
            try:
                for change in monitor.receive():
                    if isinstance(change, ConnectionChange):
                        self._connections.append((name, change.error))
                    else:
                        groups.add(change)
            except HostInfoError as error:
                self._add_problem(name, error)
                self._poll.unregister(number)
                del self._monitors[number]
                monitor.close()
        return groups

    def _add_problem(self, driver: str, error: HostInfoError) -> None:
        self.problems.append(Problem(path="", error=error, driver=driver))
