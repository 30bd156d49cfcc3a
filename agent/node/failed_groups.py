"""Groups whose last read failed: read again soon, and ever later while they keep failing."""

from collections.abc import Set

from hostinfo.lowlevel.backoff import Backoff

FIRST_SECONDS = 1.0


class FailedGroups:
    """The groups to retry, and when; one delay for all of them."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self.groups: frozenset[str] = frozenset()
        self._backoff = backoff or Backoff(FIRST_SECONDS, FIRST_SECONDS, jitter=(0.8, 1.2))

    def remaining(self) -> float:
        """Seconds until the retry; infinite when nothing failed."""
        return self._backoff.remaining()

    def due(self) -> frozenset[str]:
        """Return the groups to read again now."""
        return self.groups if self.remaining() <= 0 else frozenset()

    def update(self, read: Set[str], failed: Set[str], max_seconds: float) -> None:
        """Note which groups were read and which of them failed; delays double up to ``max_seconds``."""
        before, self.groups = self.groups, self.groups - read | failed
        self._backoff.max_seconds = max_seconds
        if not self.groups:
            self._backoff.reset()
        elif self.groups - before:
            self._backoff.reset()
            self._backoff.schedule()
        elif failed:
            self._backoff.schedule()
