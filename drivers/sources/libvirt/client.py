"""A client of one libvirt daemon: calls by name, each with a deadline that really ends the wait.

libvirt's calls block in C and cannot be cancelled. Each therefore runs in a thread that is left behind when the
deadline passes; it ends when the daemon replies or dies. All calls of one snapshot share one deadline. Only the
capabilities have a longer one of their own, because a daemon may have to start QEMU once to get them.
"""

from __future__ import annotations

import os
import time
import weakref
from errno import ECONNRESET, ETIMEDOUT

from hostinfo.errors import HostInfoError, ReadError, Unavailable, Unsupported

from .blocking_call import BlockingCall, hung_calls
from .calls import CALLS
from .connection import close_async, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import libvirt

    from .calls import Result

DEADLINE_SECONDS = 5.0
CAPABILITIES_SECONDS = 20.0
RESULT_LIMIT = 16 * 1024 * 1024
"""Most characters of a result; the capabilities of a big host have 300,000."""
_HUNG_LIMIT = 4
"""Hung calls per URI; beyond it the daemon is not called until one of them returns."""

# virErrorNumber: numbers of libvirt's stable interface, so that nothing is imported to name them
_NO_SUPPORT = frozenset({3, 67})  # the libvirt driver lacks the call; the host lacks what it would report
_CONNECTION_LOST = frozenset({1, 5, 6, 7, 38, 39})
"""Internal error, no connection, invalid connection, invalid argument, system error, RPC error."""


class ReplayClient:
    """A client whose results come from a recording, or from another client whose results are being recorded."""

    def __init__(self, call: Callable[[str], Result]) -> None:
        self.call = call

    def start_snapshot(self) -> None:
        """Do nothing: recorded results do not change."""

    def close(self) -> None:
        """Do nothing: there is no connection."""


class LibvirtClient:
    """One read-only connection, opened by the first call and reopened after it broke."""

    def __init__(self, uri: str, deadline_seconds: float | None = None) -> None:
        self.uri = uri
        self._deadline_seconds = deadline_seconds or _configured_deadline()
        self._connection: Any = None
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._is_verified = False
        self._snapshot_ends: float | None = None
        self._failure: HostInfoError | None = None
        self._results: dict[str, Result] = {}

    def start_snapshot(self) -> None:
        """Restart the deadline, and forget the results and the failure of the last snapshot."""
        self._snapshot_ends = None
        self._failure = None
        self._is_verified = False
        self._results.clear()

    def call(self, name: str) -> Result:
        """Return the result of one of ``CALLS``; each is made once per snapshot.

        Raises Unsupported if this kind of daemon does not have it, Unavailable if there is no daemon, and ReadError if
        it failed or timed out; after that, the daemon is not called again in this snapshot.
        """
        if name not in self._results:
            if self._failure is not None:
                raise self._failure
            source = f"{self.uri} {name}"
            try:
                result = self._call(name, source)
            except ReadError:
                if self._connection is not None or self._is_verified or self._failure is None or hung_calls(self.uri):
                    raise
                self._failure = None  # a connection of an earlier snapshot, whose daemon has been restarted since
                result = self._call(name, source)
            if isinstance(result, str) and len(result) > RESULT_LIMIT:
                raise ReadError(source, f"longer than {RESULT_LIMIT} characters")
            self._results[name] = result
        return self._results[name]

    def close(self) -> None:
        """Close the connection without waiting."""
        close_async(self._detach_connection())

    def _call(self, name: str, source: str) -> Any:
        if self._connection is None:
            self._connection = self._call_with_deadline(self._time_left(), _open, self.uri, self.uri)
            self._finalizer = weakref.finalize(self, close_async, self._connection)
            self._is_verified = True
        left = self._time_left()
        limit = CAPABILITIES_SECONDS if name == "capabilities" and left > 0 else left
        result = self._call_with_deadline(limit, CALLS[name], self._connection, source)
        self._is_verified = True
        if name == "capabilities":
            self._snapshot_ends = time.monotonic() + left  # its own deadline does not shorten that of the others
        return result

    def _detach_connection(self) -> object:
        connection, self._connection = self._connection, None
        if self._finalizer is not None:
            self._finalizer.detach()
        return connection

    def _time_left(self) -> float:
        now = time.monotonic()
        if self._snapshot_ends is None:
            self._snapshot_ends = now + self._deadline_seconds
        return max(self._snapshot_ends - now, 0.0)

    def _call_with_deadline(self, seconds: float, function: Callable[[Any], Any], argument: object, source: str) -> Any:
        hung = hung_calls(self.uri)
        if seconds <= 0:
            why = f"not called: the deadline of {self._deadline_seconds:.1f} s has passed"
            raise self._failed(ReadError(source, why, ETIMEDOUT))
        if hung >= _HUNG_LIMIT:
            raise self._failed(ReadError(source, f"not called: {hung} earlier calls have not returned", ETIMEDOUT))
        call = BlockingCall(function, argument, self.uri, name=f"libvirt {source}")
        call.start()
        if not call.wait(seconds):
            self._detach_connection()  # the call uses it until it returns, and then closes it
            raise self._failed(ReadError(source, f"timed out after {seconds:.1f} s", ETIMEDOUT))
        if call.error is not None:
            raise self._mapped(call.error, source) from call.error
        return call.result

    def _mapped(self, error: BaseException, source: str) -> HostInfoError:
        if isinstance(error, HostInfoError):
            return self._failed(error)
        code = getattr(error, "get_error_code", lambda: None)()
        if code is None and not isinstance(error, OSError):
            return ReadError(source, f"{type(error).__name__}: {error}")
        if code in _NO_SUPPORT:
            return Unsupported(source, f"this libvirt driver does not support it: {error}")
        if self._connection is None:
            return self._failed(Unavailable(source, str(error)))
        if code in _CONNECTION_LOST:
            self.close()
            return self._failed(ReadError(source, str(error), ECONNRESET))
        return ReadError(source, str(error))

    def _failed(self, error: HostInfoError) -> HostInfoError:
        self._failure = error
        return error


def _configured_deadline() -> float:
    """Return HOSTINFO_DEADLINE_SECONDS if it is a positive number, else the default."""
    try:
        seconds = float(os.environ.get("HOSTINFO_DEADLINE_SECONDS", ""))
    except ValueError:
        return DEADLINE_SECONDS
    return seconds if 0 < seconds < 3600 else DEADLINE_SECONDS


def _open(uri: str) -> libvirt.virConnect:
    from .event_loop import keep_alive

    connection = connect(uri)
    keep_alive(connection)
    return connection
