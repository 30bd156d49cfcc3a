"""When to read again what failed: soon, and ever later while it goes on failing."""

import math
import random
import time
from collections.abc import Set

FIRST_SECONDS = 1.0


class Patience:
    """The groups whose last reading failed, and when they are due."""

    def __init__(self) -> None:
        self.failed: frozenset[str] = frozenset()
        self._due = math.inf
        self._pause = FIRST_SECONDS

    def seconds(self) -> float:
        """Until they are due; infinite where nothing failed."""
        return self._due - time.monotonic()

    def due(self) -> frozenset[str]:
        """What shall be read again now."""
        return self.failed if self.seconds() <= 0 else frozenset()

    def note(self, read: Set[str], failed: Set[str], limit: float) -> None:
        """These groups were read, and these of them failed; the pauses double up to ``limit`` seconds."""
        before, self.failed = self.failed, self.failed - read | failed
        if not self.failed:
            self._due = math.inf
        elif self.failed - before:
            self._wait(FIRST_SECONDS, limit)
        elif failed:
            self._wait(2 * self._pause, limit)

    def _wait(self, seconds: float, limit: float) -> None:
        self._pause = min(seconds, limit)
        self._due = time.monotonic() + self._pause * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
