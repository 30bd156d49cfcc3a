"""What the agent logs while it cannot connect: each reason once, then a summary at an interval."""

from __future__ import annotations

import re

SUMMARY_SECONDS = 300.0
MAX_REASONS = 16
_VARYING = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}(-\d+)*|<\d+\.\d+\.\d+>")
"""Parts of a reason that differ with each attempt: unique names, also numbered ones, and Erlang's process ids.

Reasons with other numbers, of brokers, ports and error codes, are different. If they never end, MAX_REASONS holds.
"""


class OutageLog:
    """Decides about one connection which of its states are logged; pure, times are in seconds of one monotonic clock.

    ::

        connected ── a state with a reason: logged ──▶ outage ── connected: logged, with the attempts ──▶ connected
                                                        │  ▲  a reason that was not logged in this outage: logged
                                                        └──┘  any other: counted; summarised every SUMMARY_SECONDS
    """

    def __init__(self) -> None:
        self._reasons: set[str] = set()
        self._attempts = 0
        self._logged = 0.0

    def connected(self, text: str) -> str:
        """Return the line for an established connection."""
        attempts, self._attempts = self._attempts, 0
        self._reasons.clear()
        return text + (f", after {attempts} failed attempts" if attempts > 1 else "")

    def disconnected(self, text: str, now: float) -> str | None:
        """Return the line for a lost connection or a failed attempt; None: it is only counted."""
        self._attempts += 1
        reason = _VARYING.sub("#", text)
        if reason not in self._reasons and len(self._reasons) < MAX_REASONS:
            self._reasons.add(reason)
            self._logged = now
            return text
        if now - self._logged >= SUMMARY_SECONDS:
            self._logged = now
            return f"still, after {self._attempts} attempts: {text}"
        return None
