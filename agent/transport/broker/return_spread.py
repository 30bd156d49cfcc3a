"""When a client logs in again after an outage: at a random time, so that a fleet's return does not overload the broker.

The wait is at most SHARE of the outage, so that it does not lengthen it much, and at most ``spread_seconds``; it may be
MIN_SPREAD_SECONDS even if another broker accepts at once, because all clients of a lost broker come to it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_SPREAD_SECONDS = 2.0
SHARE = 0.25


class ReturnSpread:
    """The wait of one client, chosen once in an outage; ``clock`` and ``uniform`` are replaced in tests."""

    def __init__(
        self,
        spread_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._spread_seconds, self._clock, self._uniform = spread_seconds, clock, uniform
        self._lost_at: float | None = None
        self._may_enter_at: float | None = None

    def lost(self) -> None:
        """Note that there is no connection; only the first time of an outage counts."""
        if self._lost_at is None:
            self._lost_at = self._clock()

    def connected(self) -> None:
        """Note that the outage is over."""
        self._lost_at = self._may_enter_at = None

    def wait_seconds(self) -> float:
        """Return how long to wait now that a broker accepts connections; 0: log in.

        A client that has waited does not wait again, until a whole spread later the return has turned out to be none.
        """
        if self._lost_at is None or self._spread_seconds <= 0:
            return 0.0
        now = self._clock()
        if self._may_enter_at is None or now > self._may_enter_at + 2 * self._spread_seconds:
            longest = min(self._spread_seconds, max(SHARE * (now - self._lost_at), MIN_SPREAD_SECONDS))
            self._may_enter_at = now + self._uniform(0.0, longest)
        return max(0.0, self._may_enter_at - now)
