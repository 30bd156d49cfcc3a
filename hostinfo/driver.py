"""The driver table: libvirt's driver struct in Python.

A driver is a ``Driver`` with one entry a group; None there means that it does not offer the group on this machine. A
driver package has a function ``factories(uri)`` that the registry calls: with None to probe this machine, with a URI of
one of its schemes otherwise. It returns ``DriverFactory``s, best first; nothing is opened before it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from hostinfo.groups import GROUPS
from hostinfo.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, Unpack

    from hostinfo.errors import HostInfoError
    from hostinfo.groups import Reader, Readers

    class Monitor(Protocol):
        """Hears of changes from its opening on, without asking for them."""

        def fileno(self) -> int:
            """The descriptor that becomes readable when there may be changes."""
            ...

        def receive(self) -> Collection[str | ConnectionChange]:
            """Groups in which something changed since the last call, and what became of the driver's connection.

            In the order in which it happened, and without waiting; a HostInfoError ends the monitor.
            """
            ...

        def close(self) -> None:
            """Stop listening."""


RequestedFields = frozenset[str] | None
"""The top-level fields of a group that are needed; None: all."""


class ConnectionChange:
    """What became of a driver's connection to the daemon that it asks."""

    __slots__ = ("error",)

    def __init__(self, error: HostInfoError | None) -> None:
        self.error = error
        """Why it broke; None: it stands, for the first time or again."""


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


@record
class DriverFactory:
    """A driver that can be opened when a group asks for it.

    ``open`` returns None where this is not the machine for the driver, and raises Unavailable where it is and the
    driver could not be opened. ``groups`` are those that it may ever offer: it is not opened for another.
    """

    name: str
    open: Callable[[], Driver | None]
    groups: frozenset[str] = frozenset(GROUPS)
    monitors: Callable[[], tuple[Callable[[], Monitor], ...]] | None = None
    """Finds the openers of what hears of changes also while the driver can't be opened; instead of the Driver's own."""
