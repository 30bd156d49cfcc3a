"""The facade: one host, read group by group; the first driver that offers a group provides it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module

from hostinfo import registry
from hostinfo.driver import Driver, RequestedFields
from hostinfo.driver_factory import DriverFactory
from hostinfo.errors import DriverError, HostInfoError, ReadError, Unsupported
from hostinfo.fact import GroupResult, Problem
from hostinfo.groups import Groups
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType
    from typing import Any, Self

    from hostinfo.action import Actions
    from hostinfo.watch import Watch


def open(uri: str | None = None) -> HostInfo:  # noqa: A001 - hostinfo.open, as libvirt.open
    """Open a host by its URI; without one, the machine that this program runs on.

    No group is read before it is asked for. Raises Unavailable if no driver supports the URI's scheme, or this machine
    is not what the URI names: ``xen:///system`` on a machine without Xen.
    """
    return HostInfo(registry.factories(uri), uri=uri)


class HostInfo(Groups):
    """One host; a context manager.

    Each row of ``hostinfo.groups.Groups`` is a method: ``host.memory()`` reads the group ``memory`` from its sources
    and returns a GroupResult. ``fields`` names the top-level fields that are needed; drivers then read little else.
    Raises Unsupported if no driver offers the group. If all that offer it failed, raises the first one's DriverError,
    with the others' messages in its own.
    """

    def __init__(self, factories: Sequence[DriverFactory], *, uri: str | None = None) -> None:
        self.uri = uri
        self.snapshots = 0
        """How many contexts of ``snapshot`` are entered."""
        self.problems = tuple(
            Problem(path="", error=factory.load_error, driver=factory.name)
            for factory in factories
            if factory.load_error is not None
        )
        """Drivers of other distributions that could not be loaded. No group depends on them."""
        self._drivers = [_LazyDriver(factory) for factory in factories if factory.load_error is None]

    def read(self, group: str, fields: Collection[str] | None = None) -> GroupResult[Any]:
        """Read a group by its name, as the method of that name does."""
        if not self.snapshots:
            self.start_snapshot()
        requested: RequestedFields = None if fields is None else frozenset(fields)
        failures: list[Problem] = []
        for lazy in self._drivers:
            if group not in lazy.factory.groups:
                continue
            try:
                driver = lazy.driver()
                reader = None if driver is None else driver.readers.get(group)
                if reader is None:
                    continue
                result: GroupResult[Any] = reader(requested)
            except HostInfoError as error:
                failures.append(Problem(path="", error=error, driver=lazy.factory.name))
            except Exception as error:
                failures.append(Problem(path="", error=_internal(lazy.factory.name, error), driver=lazy.factory.name))
            else:
                return replace(result, failed_drivers=tuple(failures)) if failures else result
        opened = [lazy.opened for lazy in self._drivers if lazy.opened is not None]
        reasons = [driver.unsupported_reasons[group] for driver in opened if group in driver.unsupported_reasons]
        raise _combine(group, failures, reasons)

    def read_many(
        self, requests: Mapping[str, Collection[str] | None]
    ) -> Iterator[tuple[str, GroupResult[Any] | HostInfoError]]:
        """Read several groups in one snapshot: group -> needed fields (None: all); yields results in that order."""
        with self.snapshot():
            for group, fields in requests.items():
                try:
                    yield group, self.read(group, fields)
                except HostInfoError as error:
                    yield group, error

    def snapshot(self) -> _Snapshot:
        """Return a context in which all reads share one deadline.

        A driver that timed out or could not be opened is not tried again in it. Outside of a snapshot each read is a
        snapshot of its own.
        """
        return _Snapshot(self)

    def start_snapshot(self) -> None:
        """Start a new deadline; drivers that failed before are tried again."""
        for lazy in self._drivers:
            lazy.start_snapshot()

    def watch(self, groups: Collection[str] | None = None) -> Watch:
        """Return a watch that reports in which groups something changes from now on.

        ``groups``: monitor the sources of these groups only (None: all). Changes of other groups may be reported too.
        Sources that send no notifications are not covered: read again to find changes there.
        """
        from hostinfo.watch import Watch

        watch = Watch()
        for lazy in self._drivers:
            if groups is None or not lazy.factory.groups.isdisjoint(groups):
                lazy.add_monitors(watch)
        return watch

    def actions(self) -> Actions:
        """Return what can be changed on this host.

        The table has no entry for a recording, a remote host or files below another root; its
        ``unsupported_reasons`` then say so. Reading facts never imports an action.
        """
        from hostinfo.action import no_actions

        if not registry.is_this_host(self.uri):  # a wrong URI must never restart the wrong machine
            reason = f"{self.uri}: actions work on the host itself only; run hostinfo there, without a URI"
            return no_actions(str(self.uri), reason)
        actions: Actions = import_module("hostinfo.actions").open_actions()
        return actions

    def drivers(self) -> tuple[Driver, ...]:
        """Open and return the drivers of this host, in order of preference, without those that cannot be opened."""
        found = []
        for lazy in self._drivers:
            try:
                driver = lazy.driver()
            except HostInfoError:
                continue
            if driver is not None:
                found.append(driver)
        return tuple(found)

    def opened(self) -> tuple[str, ...]:
        """Return the names of the drivers that have been opened so far."""
        return tuple(lazy.factory.name for lazy in self._drivers if lazy.opened is not None)

    def close(self) -> None:
        """Close the drivers; the next read opens them again."""
        for lazy in self._drivers:
            lazy.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Snapshot:
    """See HostInfo.snapshot."""

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
    """A driver that is opened when it is first needed; if that fails, the next snapshot tries again."""

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
                self.opened = self.factory.open(self.factory.uri)
            except HostInfoError as error:
                self.failure = error
                raise
            except Exception as error:
                self.failure = _internal(self.factory.name, error)
                raise self.failure from error
            self.declined = self.opened is None
        return self.opened

    def start_snapshot(self) -> None:
        self.failure = None
        if self.opened is None:
            return
        if self.opened.start_snapshot is not None:
            self.opened.start_snapshot()
        if not self.opened.readers:
            self.close()  # opened again it may offer groups: a daemon may have started

    def add_monitors(self, watch: Watch) -> None:
        """Add the factory's monitors to the watch; if it has none, open the driver and add the driver's."""
        monitors = self.factory.monitors(self.factory.uri) if self.factory.monitors is not None else ()
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


def _internal(driver: str, error: Exception) -> DriverError:
    internal = DriverError(driver, f"internal error: {type(error).__name__}: {error}")
    internal.__cause__ = error
    return internal


def _combine(group: str, failures: list[Problem], reasons: list[str]) -> HostInfoError:
    """Return one error for all drivers that failed and all that have a reason why they do not offer the group."""
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
