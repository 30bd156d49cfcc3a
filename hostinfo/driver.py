"""The driver table: libvirt's driver struct in Python.

A driver is a ``Driver`` with one entry a group; None there means that it does not offer the group on this machine. A
driver package has a function ``factories(uri)`` that the registry calls: with None to probe this machine, with a URI of
one of its schemes otherwise. It returns ``DriverFactory``s, best first; nothing is opened before it is needed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from hostinfo.fact import GroupResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from hostinfo.errors import HostInfoError
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.domain import Domain
    from hostinfo.model.guests import Guests
    from hostinfo.model.hypervisor import Hypervisor
    from hostinfo.model.memory import Memory
    from hostinfo.model.network import Network
    from hostinfo.model.numa import Numa
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System

    class Monitor(Protocol):
        """Hears of changes from its opening on, without asking for them."""

        def fileno(self) -> int:
            """The descriptor that becomes readable when there may be changes."""
            ...

        def receive(self) -> "Collection[str | ConnectionChange]":
            """Groups in which something changed since the last call, and what became of the driver's connection.

            In the order in which it happened, and without waiting; a HostInfoError ends the monitor.
            """
            ...

        def close(self) -> None:
            """Stop listening."""


GROUPS = ("system", "hypervisor", "domain", "cpu", "memory", "numa", "network", "guests", "statistics")
"""The groups in the order of the dump; each is an entry of the table and a method of HostInfo."""

RequestedFields = frozenset[str] | None
"""The top-level fields of a group that are needed; None: all."""


class ConnectionChange:
    """What became of a driver's connection to the daemon that it asks."""

    __slots__ = ("error",)

    def __init__(self, error: "HostInfoError | None") -> None:
        self.error = error
        """Why it broke; None: it stands, for the first time or again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What one driver offers on the machine that it was opened for.

    An entry takes the fields that are needed (``RequestedFields``) and returns a Fact, or raises a DriverError. It may be called
    any number of times and reads anew each time. Where it is None, ``unsupported_reasons`` may say why nobody can tell the group
    here; the facade passes it on when no other driver answers.
    """

    name: str
    system: "Callable[[RequestedFields], GroupResult[System]] | None" = None
    hypervisor: "Callable[[RequestedFields], GroupResult[Hypervisor]] | None" = None
    domain: "Callable[[RequestedFields], GroupResult[Domain]] | None" = None
    cpu: "Callable[[RequestedFields], GroupResult[Cpu]] | None" = None
    memory: "Callable[[RequestedFields], GroupResult[Memory]] | None" = None
    numa: "Callable[[RequestedFields], GroupResult[Numa]] | None" = None
    network: "Callable[[RequestedFields], GroupResult[Network]] | None" = None
    guests: "Callable[[RequestedFields], GroupResult[Guests]] | None" = None
    statistics: "Callable[[RequestedFields], GroupResult[Statistics]] | None" = None
    unsupported_reasons: Mapping[str, str] = field(default_factory=dict)
    start_snapshot: Callable[[], None] | None = None
    """A new round of questions begins (one dump): start its deadline, forgive what failed in the round before."""
    close: Callable[[], None] | None = None
    monitors: "tuple[Callable[[], Monitor], ...]" = ()
    """Openers of what hears of changes on this machine, each on its own; empty: ask again to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFactory:
    """A driver that can be opened when a group asks for it.

    ``open`` returns None where this is not the machine for the driver, and raises Unavailable where it is and the
    driver could not be opened. ``groups`` are those that it may ever offer: it is not opened for another.
    """

    name: str
    open: Callable[[], Driver | None]
    groups: frozenset[str] = frozenset(GROUPS)
    monitors: "Callable[[], tuple[Callable[[], Monitor], ...]] | None" = None
    """Finds the openers of what hears of changes also while the driver can't be opened; instead of the Driver's own."""
