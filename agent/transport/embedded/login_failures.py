"""How logins that fail are slowed and reported: pure decisions over plain values; ``now`` is in seconds, monotonic.

A failure is a connection that ends with an error before its client has logged in. Each failure from a source doubles
the time that its next connections wait before the protocol begins. A flood of failures is reported one by one at first,
then as a number each minute, so that it does not fill the log.
"""

from __future__ import annotations

FIRST_DELAY_SECONDS = 0.25
MAX_DELAY_SECONDS = 4.0
"""Less than the time in which a connection must open."""
FORGET_SECONDS = 600.0
MAX_SOURCES = 1_000
REPORTED_SINGLY = 5
SUMMARY_SECONDS = 60.0


class _Source:
    __slots__ = ("failures", "last", "reported", "unreported")

    def __init__(self) -> None:
        self.failures = self.unreported = 0
        self.last = self.reported = 0.0


class LoginFailures:
    """The recent failures by source; of MAX_SOURCES sources, those that failed last."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def delay_seconds(self, source: str, now: float) -> float:
        """Return how long the next connection from this source waits."""
        found = self._sources.get(source)
        if found is None or now - found.last > FORGET_SECONDS:
            return 0.0
        return min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * (1 << min(found.failures - 1, 10)))

    def add(self, source: str, now: float) -> int:
        """Note a failure; return how many to report now: 1, several after a pause, or 0."""
        found = self._sources.pop(source, None)
        if found is None or now - found.last > FORGET_SECONDS:
            found = _Source()
        self._sources[source] = found  # the last in the order
        if len(self._sources) > MAX_SOURCES:
            del self._sources[next(iter(self._sources))]
        found.failures += 1
        found.unreported += 1
        found.last = now
        if found.failures > REPORTED_SINGLY and now - found.reported < SUMMARY_SECONDS:
            return 0
        count, found.unreported, found.reported = found.unreported, 0, now
        return count
