"""What a recording holds, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hostinfo.errors import DriverError, HostInfoError, ParseError, ReadError, Unavailable, Unsupported

FORMAT = 1
"""Number of the format that is written here; a reader refuses higher ones."""

_KINDS: tuple[type[HostInfoError], ...] = (ReadError, ParseError, Unavailable, Unsupported, DriverError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a question beside the files failed."""

    kind: str
    """Class of the error: OSError, ReadError, …"""
    source: str
    detail: str
    errno: int | None = None

    @classmethod
    def of(cls, error: HostInfoError | OSError) -> "Failure":
        """The failure as it can be written down."""
        if isinstance(error, OSError):
            return cls(kind="OSError", source="", detail=error.strerror or str(error), errno=error.errno)
        errno = error.errno if isinstance(error, ReadError) else None
        return cls(kind=error.kind, source=error.source, detail=error.detail, errno=errno)

    def error(self) -> HostInfoError | OSError:
        """The failure as it was raised."""
        if self.kind == "OSError":
            return OSError(self.errno or 0, self.detail)
        if self.kind == "ReadError":
            return ReadError(self.source, self.detail, self.errno)
        kind = next((kind for kind in _KINDS if kind.__name__ == self.kind), DriverError)
        return kind(self.source, self.detail)


@dataclass(slots=True, kw_only=True)
class Recording:
    """Everything that was asked of a machine, and what it answered.

    Paths are the machine's, as they were asked for, without a leading slash. What was asked for and absent is not
    here: absent is what a recording answers to all that it doesn't hold.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    """Path -> content."""
    errors: dict[str, int] = field(default_factory=dict)
    """Path -> errno; a path with a slash at its end is a directory that could not be listed."""
    links: dict[str, str] = field(default_factory=dict)
    """Symbolic link -> its target, where a reader asked for the link itself."""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Directory -> what it lists."""
    replies: dict[str, bytes] = field(default_factory=dict)
    """Name of a question beside the files ("netlink/links") -> raw answer."""
    failures: dict[str, Failure] = field(default_factory=dict)
    """Name of such a question -> how it failed."""
    drivers: tuple[str, ...] = ()
    """Names of the drivers that were asked, best first."""
    clock: float = 0.0
    """Seconds since the epoch when the recording began."""
    is_scrubbed: bool = False
    """Whether secrets were replaced."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Further notes for people."""
