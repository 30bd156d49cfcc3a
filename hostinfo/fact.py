"""A group of facts with the source of each, and the problems met while they were read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import GenericAlias

from hostinfo.errors import DriverError, HostInfoError, Unsupported
from hostinfo.record import field, record

TYPE_CHECKING = False  # a constant that type checkers know: importing typing for it would cost 8 ms
if TYPE_CHECKING:
    from typing import Generic, TypeVar

    T = TypeVar("T")
    U = TypeVar("U")

    class _Generic(Generic[T]):
        pass

else:

    class _Generic:
        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


@record
class Problem:
    """One fact, or group, that is missing, and the reason."""

    path: str
    """The field within the group, dotted; empty: the whole group, as far as this driver provides it."""
    error: HostInfoError
    """Unsupported: no source on this host provides it; DriverError: a source should, and failed."""
    driver: str
    """Name of the driver that reported the problem."""


@record
class GroupResult(_Generic["T"]):
    """One group of facts as a driver read it.

    ``sources`` maps fields to the place that they were read from. A field that is not listed has the source of its
    parent (``processors`` is the parent of ``processors.core_id``). ``problems`` lists what could not be read.
    ``failed_drivers`` lists the drivers that were tried before this one and failed; what this one reported is none the
    less valid.
    """

    value: T
    sources: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    failed_drivers: tuple[Problem, ...] = ()

    def group_failures(self) -> tuple[Problem, ...]:
        """Return the problems of the group as a whole, those of the failed drivers first."""
        return (*self.failed_drivers, *(problem for problem in self.problems if not problem.path))


class FactBuilder:
    """Collects the sources and the problems of one group while a driver reads it.

    ``fields`` are the top-level fields that the caller needs (None: all). A reader may read more, never less.
    """

    __slots__ = ("driver", "fields", "problems", "sources")

    def __init__(self, driver: str, fields: frozenset[str] | None = None) -> None:
        self.driver = driver
        self.fields = fields
        self.sources: dict[str, str] = {}
        self.problems: list[Problem] = []

    def needs(self, *fields: str) -> bool:
        """Whether the caller needs one of these fields."""
        return self.fields is None or not self.fields.isdisjoint(fields)

    def record_source(self, source: str, *fields: str) -> None:
        """Record the source that fields were read from."""
        for name in fields:
            self.sources[name] = source

    def add_problem(self, path: str, error: HostInfoError) -> None:
        """Record why a field (dotted path; empty: the group) could not be read."""
        self.problems.append(Problem(path=path, error=error, driver=self.driver))

    def unsupported(self, path: str, source: str, why: str) -> None:
        """Record that no source on this host provides a field."""
        self.add_problem(path, Unsupported(source, why))

    def merge(self, base: GroupResult[U], except_for: Collection[str] = ()) -> None:
        """Add the sources and the problems of another result for the group, except for some top-level fields."""
        for path, source in base.sources.items():
            if path.partition(".")[0] not in except_for:
                self.sources[path] = source
        for problem in base.problems:
            if problem.path.partition(".")[0].partition("[")[0] not in except_for:
                self.problems.append(problem)

    def try_read(self, path: str, read: Callable[[], U]) -> U | None:
        """Return what ``read`` returns; on a DriverError, add the problem and return None."""
        try:
            return read()
        except DriverError as error:
            self.add_problem(path, error)
            return None

    def build(self, value: T) -> GroupResult[T]:
        """Return the result. Sources of absent fields are left out, because nothing was read there."""
        present = {path: source for path, source in self.sources.items() if _is_present(value, path)}
        return GroupResult(value=value, sources=present, problems=tuple(self.problems))


def _is_present(value: object, path: str) -> bool:
    for name in path.split("."):
        if isinstance(value, tuple):
            return True
        value = getattr(value, name, None)
        if value is None or value == ():
            return False
    return True
