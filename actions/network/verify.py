"""Judging a change by reading again, as no return code proves anything."""

from __future__ import annotations

import time
from collections.abc import Callable

from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Change

from .compare import compare
from .management import changed_links

INTERVAL_SECONDS = 0.2
"""Between reads: a link gets its carrier, and an address ends its duplicate detection, within 0.1 s to 3 s."""


def verify(
    read: Callable[[], NetworkState], wanted: NetworkState, changes: tuple[Change, ...], seconds: float
) -> tuple[str, ...]:
    """Read until the links that were changed are as wanted, and the routes and name servers; return what differs."""
    deadline = time.monotonic() + seconds
    links = changed_links(changes)
    while True:
        differing = [one for one in compare(read(), wanted) if changed_links([one]) <= links]
        remaining = deadline - time.monotonic()
        if not differing or remaining <= 0:
            return tuple(f"{one.path} is {one.old or 'absent'} instead of {one.new or 'absent'}" for one in differing)
        time.sleep(min(INTERVAL_SECONDS, remaining))
