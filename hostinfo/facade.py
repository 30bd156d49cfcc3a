"""The facade: one host, asked group by group through its drivers."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from hostinfo import registry
from hostinfo.driver import GROUPS, Driver, DriverFactory, RequestedFields
from hostinfo.errors import DriverError, HostInfoError, ReadError, Unsupported
from hostinfo.fact import GroupResult, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Any, Self

    from hostinfo.model.cpu import Cpu
    from hostinfo.model.domain import Domain
    from hostinfo.model.guests import Guests
    from hostinfo.model.hypervisor import Hypervisor
    from hostinfo.model.memory import Memory
    from hostinfo.model.network import Network
    from hostinfo.model.numa import Numa
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System
    from hostinfo.watch import Watch


def open(uri: str | None = None) -> "HostInfo":  # noqa: A001 - hostinfo.open, as libvirt.open
    """Open a host: by URI, or with none the machine that this program runs on.

    Nothing is read before the first group is asked for. Raises Unavailable where no driver knows the URI's scheme.
    """
    return HostInfo(registry.factories(uri), uri=uri)


class HostInfo:
    """One host; a context manager.

    Each group is a method that reads anew and returns a Fact. ``fields`` names the top-level fields that are needed:
    drivers then read no more than these take. Raises Unsupported where no driver offers the group, and the first
    driver's DriverError, with the others' in its message, where all that offer it failed.
    """

    def __init__(self, factories: Sequence[DriverFactory], *, uri: str | None = None) -> None:
        self.uri = uri
        self.snapshots = 0  # how many one_round() contexts are entered
        self._slots = [_LazyDriver(factory) for factory in factories]

    def system(self, fields: Collection[str] | None = None) -> "GroupResult[System]":
        """The machine as a whole: maker, UUID, names, architecture, operating system."""
        return self.read("system", fields)

    def hypervisor(self, fields: Collection[str] | None = None) -> "GroupResult[Hypervisor]":
        """What this kernel is to the machine: bare metal, KVM host, Dom0, guest, in a container."""
        return self.read("hypervisor", fields)

    def domain(self, fields: Collection[str] | None = None) -> "GroupResult[Domain]":
        """What this operating system was given of the machine."""
        return self.read("domain", fields)

    def cpu(self, fields: Collection[str] | None = None) -> "GroupResult[Cpu]":
        """Processors of the machine."""
        return self.read("cpu", fields)

    def memory(self, fields: Collection[str] | None = None) -> "GroupResult[Memory]":
        """Memory of the machine."""
        return self.read("memory", fields)

    def numa(self, fields: Collection[str] | None = None) -> "GroupResult[Numa]":
        """NUMA nodes of the machine."""
        return self.read("numa", fields)

    def network(self, fields: Collection[str] | None = None) -> "GroupResult[Network]":
        """Links, addresses and routes."""
        return self.read("network", fields)

    def guests(self, fields: Collection[str] | None = None) -> "GroupResult[Guests]":
        """The domains that this host runs."""
        return self.read("guests", fields)

    def statistics(self, fields: Collection[str] | None = None) -> "GroupResult[Statistics]":
        """Counters and levels of the moment, with whose they are."""
        return self.read("statistics", fields)

    def read_many(
        self, wanted: "Mapping[str, Collection[str] | None]"
    ) -> "Iterator[tuple[str, GroupResult[Any] | HostInfoError]]":
        """Several groups in one round: group -> needed fields (None: all), answered in that order."""
        with self.snapshot():
            for group, fields in wanted.items():
                try:
                    yield group, self.read(group, fields)
                except HostInfoError as error:
                    yield group, error

    def snapshot(self) -> "_Snapshot":
        """A context in which all questions share one deadline.

        A driver that did not answer in time, or could not be opened, is not asked again in it. Outside, each question
        is a round of its own.
        """
        return _Snapshot(self)

    def start_snapshot(self) -> None:
        """A new round begins: what failed in the one before is tried again."""
        for slot in self._slots:
            slot.start_snapshot()

    def read(self, group: str, fields: Collection[str] | None = None) -> "GroupResult[Any]":
        """A group by its name; see the method of that name."""
        if not self.snapshots:
            self.start_snapshot()
        requested: RequestedFields = None if fields is None else frozenset(fields)
        failures: list[Problem] = []
        for slot in self._slots:
            if group not in slot.factory.groups:
                continue
            try:
                driver = slot.driver()
                reader = getattr(driver, group) if driver is not None else None
                if reader is None:
                    continue
                result: GroupResult[Any] = reader(requested)
            except HostInfoError as error:
                failures.append(Problem(path="", error=error, driver=slot.factory.name))
            except Exception as error:
                fault = DriverError(slot.factory.name, f"fault in the driver: {type(error).__name__}: {error}")
                fault.__cause__ = error
                failures.append(Problem(path="", error=fault, driver=slot.factory.name))
            else:
                return replace(result, problems=(*failures, *result.problems)) if failures else result
        opened = [slot.opened for slot in self._slots if slot.opened is not None]
        reasons = [driver.unsupported_reasons[group] for driver in opened if group in driver.unsupported_reasons]
        raise _no_answer(group, failures, reasons)

    def watch(self, groups: Collection[str] | None = None) -> "Watch":
        """Hear from now on in which groups something changed, where the drivers' sources tell by themselves.

        ``groups``: listen to the drivers of these alone (None: all). What comes may be of others as well.
        """
        from hostinfo.watch import Watch

        watch = Watch()
        for slot in self._slots:
            if groups is None or not slot.factory.groups.isdisjoint(groups):
                slot.add_monitors(watch)
        return watch

    def drivers(self) -> tuple[Driver, ...]:
        """The drivers of this host's machine, opened, best first; those that can't be opened are left out."""
        found = []
        for slot in self._slots:
            try:
                driver = slot.driver()
            except HostInfoError:
                continue
            if driver is not None:
                found.append(driver)
        return tuple(found)

    def opened(self) -> tuple[str, ...]:
        """Names of the drivers that have been opened so far."""
        return tuple(slot.factory.name for slot in self._slots if slot.opened is not None)

    def close(self) -> None:
        """Close the drivers; a later question opens them again."""
        for slot in self._slots:
            slot.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", value: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()


class _Snapshot:
    """See HostInfo.one_round."""

    __slots__ = ("_host",)

    def __init__(self, host: HostInfo) -> None:
        self._host = host

    def __enter__(self) -> None:
        if not self._host.snapshots:
            self._host.start_snapshot()
        self._host.snapshots += 1

    def __exit__(self, *_: object) -> None:
        self._host.snapshots -= 1


class _LazyDriver:
    """A driver that is opened when it is first asked; one that could not be opened is tried again in the next round."""

    __slots__ = ("declined", "factory", "failure", "opened")

    def __init__(self, factory: DriverFactory) -> None:
        self.factory = factory
        self.opened: Driver | None = None
        self.declined = False
        self.failure: HostInfoError | None = None

    def driver(self) -> Driver | None:
        if self.failure is not None:
            raise self.failure
        if self.opened is None and not self.declined:
            try:
                self.opened = self.factory.open()
            except HostInfoError as error:
                self.failure = error
                raise
            self.declined = self.opened is None
        return self.opened

    def start_snapshot(self) -> None:
        self.failure = None
        if self.opened is None:
            return
        if self.opened.start_snapshot is not None:
            self.opened.start_snapshot()
        if all(getattr(self.opened, group) is None for group in GROUPS):
            self.close()  # it may have something to offer by now: a daemon that was not there comes

    def add_monitors(self, watch: "Watch") -> None:
        """Open what hears of this driver's changes; where there is none without it, the driver."""
        monitors = self.factory.monitors() if self.factory.monitors is not None else ()
        if not monitors:
            try:
                driver = self.driver()
            except HostInfoError:
                return
            monitors = driver.monitors if driver is not None else ()
        for monitor in monitors:
            watch.add_monitor(self.factory.name, monitor)

    def close(self) -> None:
        if self.opened is not None and self.opened.close is not None:
            self.opened.close()
        self.opened = None
        self.declined = False
        self.failure = None


def _no_answer(group: str, failures: list[Problem], reasons: list[str]) -> HostInfoError:
    if not failures:
        return Unsupported(group, "; ".join(reasons) or "no driver for this host offers it")
    first = failures[0].error
    if len(failures) == 1 and not reasons:
        first.drivers = (failures[0].driver,)
        return first
    others = [str(problem.error) for problem in failures[1:]] + reasons
    combined = type(first)(first.source, "; then ".join([first.detail, *others]))
    combined.__cause__ = first
    if isinstance(first, ReadError) and isinstance(combined, ReadError):
        combined.errno = first.errno
    combined.drivers = tuple(problem.driver for problem in failures)
    return combined
