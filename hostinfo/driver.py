"""The driver table: libvirt's driver struct in Python.

A ``Driver`` has one entry per group; a group without an entry is not offered on this machine. How drivers are found and
opened is in ``hostinfo.driver_factory``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from hostinfo.groups import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, Unpack

    from hostinfo.errors import HostInfoError
    from hostinfo.groups import Reader, Readers

    class Monitor(Protocol):
        """Reports changes since it was opened, without polling."""

        def fileno(self) -> int:
            """Return the descriptor that becomes readable when there may be changes."""
            ...

        def receive(self) -> Collection[str | ConnectionChange]:
            """Return the groups that changed since the last call, and changes of the driver's connection.

            They are in the order in which they happened. Does not wait. A HostInfoError ends the monitor.
            """
            ...

        def close(self) -> None:
            """Stop monitoring."""


RequestedFields = frozenset[str] | None
"""The top-level fields of a group that are needed; None: all."""


class ConnectionChange:
    """A change of the driver's connection to its daemon."""

    __slots__ = ("error",)

    def __init__(self, error: HostInfoError | None) -> None:
        self.error = error
        """Why the connection broke; None: it is established, for the first time or again."""


class Driver:
    """What one driver offers on the machine that it was opened for: one keyword argument per group, a ``Reader``.

    A reader takes the fields that are needed (``RequestedFields``) and returns a GroupResult, or raises a DriverError.
    It may be called any number of times and reads its sources each time. A group without a reader is not offered;
    ``unsupported_reasons`` may say why no source on this host provides it. The facade passes the reason on if no other
    driver offers the group.
    """

    __slots__ = ("close", "monitors", "name", "readers", "start_snapshot", "unsupported_reasons")

    def __init__(
        self,
        *,
        name: str,
        unsupported_reasons: Mapping[str, str] | None = None,
        start_snapshot: Callable[[], None] | None = None,
        close: Callable[[], None] | None = None,
        monitors: tuple[Callable[[], Monitor], ...] = (),
        **readers: Unpack[Readers],
    ) -> None:
        given: Any = readers  # a TypedDict has no type for all its values
        unknown = given.keys() - set(GROUPS)
        if unknown:
            raise TypeError(f"driver {name}: no such group: {', '.join(sorted(unknown))}")
        self.name = name
        self.readers: Mapping[str, Reader[Any]] = {group: read for group, read in given.items() if read is not None}
        self.unsupported_reasons = unsupported_reasons or {}
        self.start_snapshot = start_snapshot
        """Called at the beginning of a snapshot: start its deadline, forget the failures of the one before."""
        self.close = close
        self.monitors = monitors
        """Each opens a monitor of changes on this machine; empty: only reading again shows them."""
