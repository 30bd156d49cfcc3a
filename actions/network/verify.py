"""Judging a change by reading again, as no return code proves anything."""

from __future__ import annotations

import time
from collections.abc import Callable

from hostinfo.model.network_state import NetworkState

from .operations import Verify

INTERVAL_SECONDS = 0.2
"""Between reads: a link gets its carrier, and an address ends its duplicate detection, within 0.1 s to 3 s."""


def verify_by(differences: Callable[[NetworkState, NetworkState], tuple[str, ...]]) -> Verify:
    """Return a ``Verify`` that reads until nothing differs; ``differences``: (current, desired) -> what differs."""

    def verify(read: Callable[[], NetworkState], desired: NetworkState, seconds: float) -> tuple[str, ...]:
        deadline = time.monotonic() + seconds
        while True:
            differing = differences(read(), desired)
            remaining = deadline - time.monotonic()
            if not differing or remaining <= 0:
                return differing
            time.sleep(min(INTERVAL_SECONDS, remaining))

    return verify
