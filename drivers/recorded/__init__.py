"""Recorded machines: a folder made by ``hostinfo record``, replayed through the drivers that read the live machine.

It has readers of its own for nothing: only the input comes from the folder. docs/recording.md says how to use it.
"""

from hostinfo.driver import DriverFactory
from hostinfo.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .recorder import Report

__all__ = ["factories", "record"]


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """The drivers of the machine recorded in DIR of ``recorded:DIR``; Unavailable where that is no recording."""
    from .folder import load
    from .recordable import replaying

    directory = (uri or "").partition(":")[2]
    if not directory:
        raise Unavailable("recorded:", "no folder; write recorded:DIR")
    return replaying(load(directory), directory)


def record(directory: str, uri: str | None = None, *, raw: bool = False, key: bytes | None = None) -> "Report":
    """Record a machine into a new folder; see ``recorder.record``."""
    from .recorder import record as make

    return make(directory, uri, raw=raw, key=key)
