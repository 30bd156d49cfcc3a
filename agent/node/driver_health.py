"""Which drivers fail for which groups, which hypervisors cannot be reached, and the events of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from errno import ECONNRESET, ETIMEDOUT

from hostinfo import DriverError, GroupResult, HostInfoError, ReadError, Unavailable

from .events import PendingEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CONNECTED_DRIVERS = "libvirt"
"""Prefix of the drivers that have a connection to lose; hypercalls have none, they can only be forbidden."""


class DriverHealth:
    """The state of the drivers, from the results of reads and the changes of connections.

    ::

        per group and driver   (first read: the normal state)   working ── driverFailed ──▶ failing
                                                                   ▲                           │
                                                                   └───── driverRecovered ─────┘

        per hypervisor         reachable ── connection lost, or no response: hypervisorDisconnected ──▶ unreachable
                                   ▲                                                                        │
                                   └── connected, and every group responds again: hypervisorConnected ──────┘
    """

    def __init__(self) -> None:
        self._failing: dict[str, dict[str, str]] = {}  # group -> driver -> reason
        self._unresponsive: dict[str, dict[str, str]] = {}  # the same, of drivers that did not reach their daemon
        self._disconnected: dict[str, str] = {}  # driver whose connection was lost -> reason
        self._reported_lost: set[str] = set()  # drivers whose last event is hypervisorDisconnected

    def failing(self, group: str) -> Set[str]:
        """Return the drivers that failed at the last read of a group as a whole."""
        return self._failing.get(group, {}).keys()

    def update(self, group: str, result: GroupResult[Any] | HostInfoError) -> list[PendingEvent]:
        """Note the result of reading a group; return the events. The first read of a group defines its normal state."""
        failing = _failing(result, _has_failed)
        self._unresponsive[group] = _failing(result, _is_unresponsive)
        before, self._failing[group] = self._failing.get(group), failing
        if before is None:
            self._reported_lost.update(self._unreachable())
            return []
        events = [
            PendingEvent("driverFailed", {"group": group, "driver": driver, "reason": reason})
            for driver, reason in failing.items()
            if driver not in before
        ]
        recovered = [driver for driver in before if driver not in failing]
        events += [PendingEvent("driverRecovered", {"group": group, "driver": driver}) for driver in recovered]
        return events + list(self._hypervisor_events())

    def update_connection(self, driver: str, error: HostInfoError | None) -> list[PendingEvent]:
        """Note that a driver's connection was lost, or (None) established; return the events."""
        if error is None:
            self._disconnected.pop(driver, None)
        else:
            self._disconnected[driver] = reason_of(error)
        return list(self._hypervisor_events())

    def _hypervisor_events(self) -> Iterator[PendingEvent]:
        unreachable = self._unreachable()
        for driver in sorted(unreachable.keys() - self._reported_lost):
            yield PendingEvent("hypervisorDisconnected", {"driver": driver, "reason": unreachable[driver]})
        for driver in sorted(self._reported_lost - unreachable.keys()):
            yield PendingEvent("hypervisorConnected", {"driver": driver})
        self._reported_lost = set(unreachable)

    def _unreachable(self) -> dict[str, str]:
        """Driver -> reason, of the hypervisors whose connection is lost or that did not respond for any group."""
        found: dict[str, str] = {}
        for reasons in (*self._unresponsive.values(), self._disconnected):
            found |= {driver: reason for driver, reason in reasons.items() if driver.startswith(_CONNECTED_DRIVERS)}
        return found


def reason_of(error: HostInfoError) -> str:
    """Return an error's kind and message."""
    return f"{error.kind}: {error}"


def _has_failed(error: HostInfoError) -> bool:
    return isinstance(error, DriverError)


def _is_unresponsive(error: HostInfoError) -> bool:
    """Whether the driver could not reach its source; a result that cannot be parsed is a response."""
    return isinstance(error, Unavailable) or (isinstance(error, ReadError) and error.errno in (ECONNRESET, ETIMEDOUT))


def _failing(result: GroupResult[Any] | HostInfoError, condition: Callable[[HostInfoError], bool]) -> dict[str, str]:
    """Driver -> reason, of the drivers that failed for the whole group with such an error."""
    if isinstance(result, HostInfoError):
        return dict.fromkeys(result.drivers, reason_of(result)) if condition(result) else {}
    return {problem.driver: reason_of(problem.error) for problem in result.group_failures() if condition(problem.error)}
