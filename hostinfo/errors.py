"""What can go wrong, as a tree.

HostInfoError
├── Unsupported        no open driver offers this group, or nobody can tell this field
├── DriverError        a driver that offers it failed
│   ├── Unavailable    meant for this host, could not be opened
│   ├── ReadError      the source could not be read (permission, vanished, timed out)
│   └── ParseError     read, not understood
├── RecordingError     the recording could not be written
└── ActionError
    ├── Refused        a guard said no; nothing was touched
    ├── Failed         tried, did not take
    └── ActionRolledBack     undone; the host is as before
"""


class HostInfoError(Exception):
    """Something that hostinfo could not tell or do.

    The message names the source first (a file, a call, a driver, a group), then what is the matter with it.
    """

    drivers: tuple[str, ...] = ()
    """The drivers that failed, where a host was asked for a group and none told it."""

    def __init__(self, source: str, detail: str) -> None:
        super().__init__(source, detail)
        self.source = source
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.source}: {self.detail}"

    @property
    def kind(self) -> str:
        """The class name, as the JSON dump shows it."""
        return type(self).__name__


class Unsupported(HostInfoError):
    """Nobody here can tell this; the message says why."""


class DriverError(HostInfoError):
    """A driver that offers the group failed."""


class Unavailable(DriverError):
    """The driver is meant for this host and could not be opened."""


class ReadError(DriverError):
    """The source could not be read: no permission, vanished, timed out.

    ``errno`` is the system's number for it where it had one; a daemon that did not answer is ECONNRESET or ETIMEDOUT.
    """

    def __init__(self, source: str, detail: str, errno: int | None = None) -> None:
        super().__init__(source, detail)
        self.errno = errno

    @classmethod
    def from_os(cls, source: str, error: OSError) -> "ReadError":
        """The same failure with the source that was asked for, instead of the path that was opened."""
        return cls(source, error.strerror or str(error), error.errno)


class ParseError(DriverError):
    """The source was read and not understood."""


class RecordingError(HostInfoError):
    """A recording could not be written: its folder is not empty, not a folder, or not writable."""


class ActionError(HostInfoError):
    """A change to the host that did not come about."""


class ActionRefused(ActionError):
    """A guard said no; nothing was touched."""


class ActionFailed(ActionError):
    """Tried, and did not take."""


class ActionRolledBack(ActionError):
    """Undone; the host is as before."""
