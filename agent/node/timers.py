"""Periodic calls in the thread that runs them."""

import time
from collections.abc import Callable

_MAX_WAIT_SECONDS = 3600.0


class Timers:
    """Functions to call, each with its interval; a late call delays the ones after it."""

    def __init__(self) -> None:
        self._entries: dict[Callable[[], None], tuple[float, float]] = {}  # function -> interval, due

    def add(self, seconds: float, function: Callable[[], None]) -> None:
        """Call the function every so many seconds, first after that time; replace its entry if it has one."""
        self._entries[function] = seconds, time.monotonic() + seconds

    def add_once(self, seconds: float, function: Callable[[], None]) -> None:
        """Add the function unless it has an entry already."""
        if function not in self._entries:
            self.add(seconds, function)

    def remove(self, function: Callable[[], None]) -> None:
        """Call the function no more."""
        self._entries.pop(function, None)

    def set_interval(self, function: Callable[[], None], seconds: float) -> None:
        """Change the interval of a function that has an entry."""
        if function in self._entries and self._entries[function][0] != seconds:
            self.add(seconds, function)

    def remaining(self) -> float:
        """Seconds until the next call is due."""
        due = min((due for _, due in self._entries.values()), default=time.monotonic() + _MAX_WAIT_SECONDS)
        return max(0.0, due - time.monotonic())

    def run_due(self) -> None:
        """Call each function that is due."""
        for function, (interval, due) in list(self._entries.items()):
            if due <= (now := time.monotonic()) and function in self._entries:
                self._entries[function] = interval, now + interval
                function()
