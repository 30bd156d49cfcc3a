"""Things to do again and again, in the thread that asks for them."""

import time
from collections.abc import Callable

_LONGEST = 3600.0


class Timers:
    """Each call with its interval; one that is late is not made up for."""

    def __init__(self) -> None:
        self._all: dict[Callable[[], None], tuple[float, float]] = {}  # call -> interval, due

    def every(self, seconds: float, call: Callable[[], None]) -> None:
        """Call every so many seconds."""
        self._all[call] = seconds, time.monotonic() + seconds

    def start(self, seconds: float, call: Callable[[], None]) -> None:
        """The same, unless it is called already."""
        if call not in self._all:
            self.every(seconds, call)

    def stop(self, call: Callable[[], None]) -> None:
        """Call it no more."""
        self._all.pop(call, None)

    def change(self, call: Callable[[], None], seconds: float) -> None:
        """The same call at another interval."""
        if call in self._all and self._all[call][0] != seconds:
            self.every(seconds, call)

    def wait(self) -> float:
        """Seconds until something is due."""
        due = min((due for _, due in self._all.values()), default=time.monotonic() + _LONGEST)
        return max(0.0, due - time.monotonic())

    def run_due(self) -> None:
        """Call what is due."""
        for call, (interval, due) in list(self._all.items()):
            if due <= (now := time.monotonic()) and call in self._all:
                self._all[call] = interval, now + interval
                call()
