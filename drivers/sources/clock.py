"""The time of a reading, as the model has it."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def utc(clock: Callable[[], float] | None = None) -> str:
    """Return the time in ISO 8601, UTC, with milliseconds; None: by this machine's clock."""
    seconds = clock() if clock is not None else time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
