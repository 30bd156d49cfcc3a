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
    """Read until all is as wanted that the transaction changed; return what differs.

    Links that others changed do not count, nor do routes that they added. A route that is missing counts always: it may
    have been lost with a link.
    """
    deadline = time.monotonic() + seconds
    while True:
        differing = [one for one in compare(read(), wanted) if _is_ours(one, changes)]
        remaining = deadline - time.monotonic()
        if not differing or remaining <= 0:
            return tuple(f"{one.path} is {one.old or 'absent'} instead of {one.new or 'absent'}" for one in differing)
        time.sleep(min(INTERVAL_SECONDS, remaining))


def _is_ours(difference: Change, changes: tuple[Change, ...]) -> bool:
    if difference.path == "routes" and difference.new is None:
        return any(one.path == "routes" and difference.old in (one.old, one.new) for one in changes)
    return changed_links([difference]) <= changed_links(changes)
