"""What can go wrong, as a tree.

HostInfoError
├── Unsupported          no open driver offers this group, or no source on this host provides this field
├── DriverError          a driver that offers it failed
│   ├── Unavailable      meant for this host, could not be opened
│   ├── ReadError        the source could not be read (permission, vanished, timed out)
│   └── ParseError       read, not understood
├── RecordingError       the recording could not be written
└── ActionError          a change that was not made
    ├── ActionRefused    a rule forbids it; nothing was changed
    │   └── ActionBusy   another change is in progress or waits for confirmation
    ├── ActionFailed     attempted, and the host may have changed; the message states what is true now
    └── ActionRolledBack attempted and undone; the host is as before
"""

from __future__ import annotations


class HostInfoError(Exception):
    """A fact that hostinfo could not read, or a change that it did not make.

    The message names the source first (a file, a call, a driver, a group), then what happened.
    """

    drivers: tuple[str, ...] = ()
    """The drivers that failed, where a group was read and none of them provided it."""

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
    """No source on this host provides the group or field; the message has the reason."""


class DriverError(HostInfoError):
    """A driver that offers the group failed."""


class Unavailable(DriverError):
    """The driver is meant for this host and could not be opened."""


class ReadError(DriverError):
    """The source could not be read: permission denied, vanished, timed out.

    ``errno`` is the number of the system's error, if it had one. A daemon that did not reply has ECONNRESET or
    ETIMEDOUT.
    """

    def __init__(self, source: str, detail: str, errno: int | None = None) -> None:
        super().__init__(source, detail)
        self.errno = errno

    @classmethod
    def from_os(cls, source: str, error: OSError) -> ReadError:
        """Return an OSError as a ReadError that names the requested source instead of the path that was opened."""
        return cls(source, error.strerror or str(error), error.errno)


class ParseError(DriverError):
    """The source was read and not understood."""


class RecordingError(HostInfoError):
    """A recording could not be written: its folder is not empty, not a folder, or not writable."""


class ActionError(HostInfoError):
    """A change of the host that was not made, or not confirmed.

    ``steps_done`` names the steps that were applied before, in order, whether or not they were undone.
    """

    def __init__(self, source: str, detail: str, steps_done: tuple[str, ...] = ()) -> None:
        super().__init__(source, detail)
        self.args = (source, detail, steps_done)
        self.steps_done = steps_done


class ActionRefused(ActionError):
    """A rule forbids the change; nothing was changed. The message names the rule, and what would allow the change."""


class ActionBusy(ActionRefused):
    """Another change is in progress or waits for its confirmation; nothing was changed.

    ``transaction`` is its ID, ``requester`` who began it, ``since`` when (UTC, for people); None: it is not recorded
    yet. ``remaining_seconds`` is the time left to confirm it; 0: it is being rolled back; None: unknown.
    """

    def __init__(
        self,
        source: str,
        detail: str,
        transaction: str | None = None,
        requester: str | None = None,
        since: str | None = None,
        remaining_seconds: float | None = None,
    ) -> None:
        super().__init__(source, detail)
        self.args = (source, detail, transaction, requester, since, remaining_seconds)
        self.transaction = transaction
        self.requester = requester
        self.since = since
        self.remaining_seconds = remaining_seconds


class ActionFailed(ActionError):
    """The change was attempted, and the host may have changed. The message states what is true now."""


class ActionRolledBack(ActionError):
    """The change was attempted and undone: the host is as before. The message has the reason."""
