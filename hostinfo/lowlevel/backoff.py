"""Delays between retries: exponential backoff with jitter."""

import math
import random
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_EXPONENT = 16
FULL_JITTER = (0.0, 1.0)


class Backoff:
    """The delay's limit doubles per failure from ``first_seconds`` up to ``max_seconds``; ``reset`` starts again.

    Each delay is drawn from ``jitter`` times the limit, so that many clients do not retry in step. ``clock`` and
    ``uniform`` are replaced in tests. One thread at a time.
    """

    def __init__(
        self,
        first_seconds: float,
        max_seconds: float,
        *,
        jitter: tuple[float, float] = FULL_JITTER,
        clock: "Callable[[], float]" = time.monotonic,
        uniform: "Callable[[float, float], float]" = random.uniform,
    ) -> None:
        self.first_seconds, self.max_seconds = first_seconds, max_seconds
        self.failures = 0
        """Failures since the last reset; may be lowered to retry sooner."""
        self._jitter, self._clock, self._uniform = jitter, clock, uniform
        self._due = math.inf

    def next_delay(self, max_seconds: float = math.inf) -> float:
        """Count a failure and return the seconds until the next attempt; ``max_seconds`` lowers the limit once."""
        limit = min(self.first_seconds * 2 ** min(self.failures, _MAX_EXPONENT), self.max_seconds, max_seconds)
        self.failures += 1
        return self._uniform(self._jitter[0] * limit, self._jitter[1] * limit)

    def schedule(self) -> None:
        """Count a failure, and let ``remaining`` count down to the next attempt."""
        self._due = self._clock() + self.next_delay()

    def remaining(self) -> float:
        """Seconds until the scheduled attempt, 0 or less when it is due; infinite when none is scheduled."""
        return self._due - self._clock()

    def reset(self) -> None:
        """Forget all failures and the scheduled attempt: the next failure is the first one."""
        self.failures = 0
        self._due = math.inf
