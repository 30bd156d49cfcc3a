"""Recorded machines: a folder made by ``hostinfo record``, replayed through the drivers that read the live machine.

There are no readers here: only the input of the drivers comes from the folder. docs/recording.md describes its use.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hostinfo.driver_factory import DriverFactory

    from .report import Report


def replay_factories(
    uri: str, find_rows: Callable[[Collection[str]], Sequence[DriverFactory]]
) -> tuple[DriverFactory, ...]:
    """Return the drivers of the machine in DIR of ``recorded:DIR``, in the order of the machine that was recorded.

    ``find_rows`` returns the table of drivers, with those of these names. Unavailable if DIR is not a recording.
    """
    from .replay import replay_factories as replay

    return replay(uri, find_rows)


def record(
    directory: str,
    rows: Sequence[DriverFactory],
    uri: str | None = None,
    *,
    raw: bool = False,
    key: bytes | None = None,
) -> Report:
    """Record a machine into a new folder; see ``recorder.record``."""
    from .recorder import record as record_machine

    return record_machine(directory, rows, uri, raw=raw, key=key)
