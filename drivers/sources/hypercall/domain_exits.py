"""Whether a domain ended between two readings: then the sum of all domains' CPU time has a step."""

from __future__ import annotations


class DomainExitTracker:
    """Remembers the domains of the last reading."""

    def __init__(self) -> None:
        self._last: set[int] = set()

    def update(self, ids: set[int]) -> bool:
        """Store the ids of the domains that run now; return whether one of the last reading is missing."""
        has_exit = not self._last <= ids
        self._last = ids
        return has_exit
