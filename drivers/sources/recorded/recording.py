"""The content of a recording, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hostinfo.errors import DriverError, HostInfoError, ParseError, ReadError, Unavailable, Unsupported
from hostinfo.record import record

FORMAT = 1
"""Number of the format that is written; newer formats are not read."""

_ERRORS: tuple[type[HostInfoError], ...] = (ReadError, ParseError, Unavailable, Unsupported, DriverError)


@record
class Failure:
    """The error of a call to a source other than the files."""

    kind: str
    """Class of the error: OSError, ReadError, …"""
    source: str
    detail: str
    errno: int | None = None

    @classmethod
    def from_error(cls, error: HostInfoError | OSError) -> Failure:
        """Return the failure in the form that is stored."""
        if isinstance(error, OSError):
            return cls(kind="OSError", source="", detail=error.strerror or str(error), errno=error.errno)
        errno = error.errno if isinstance(error, ReadError) else None
        return cls(kind=error.kind, source=error.source, detail=error.detail, errno=errno)

    def to_error(self) -> HostInfoError | OSError:
        """Return the error as it was raised."""
        if self.kind == "OSError":
            return OSError(self.errno or 0, self.detail)
        if self.kind == "ReadError":
            return ReadError(self.source, self.detail, self.errno)
        error = next((error for error in _ERRORS if error.__name__ == self.kind), DriverError)
        return error(self.source, self.detail)


@dataclass(slots=True, kw_only=True)
class Recording:
    """Everything that was read on a machine.

    Paths are the machine's, as they were read, without a leading slash. Paths that were read and did not exist are not
    stored: when replayed, everything that is not stored does not exist.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    """Path -> content."""
    errors: dict[str, int] = field(default_factory=dict)
    """Path -> errno; a path with a slash at its end is a directory that could not be listed."""
    links: dict[str, str] = field(default_factory=dict)
    """Symbolic link -> target, for links that a reader read as such."""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Directory -> its entries."""
    replies: dict[str, bytes] = field(default_factory=dict)
    """Name of a call to another source ("netlink/links.bin") -> raw result."""
    failures: dict[str, Failure] = field(default_factory=dict)
    """Name of such a call -> its error."""
    drivers: tuple[str, ...] = ()
    """Names of the drivers that were recorded, in order of preference."""
    clock: float = 0.0
    """Seconds since the epoch when the recording began."""
    is_scrubbed: bool = False
    """Whether secrets were replaced."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Notes for people."""
