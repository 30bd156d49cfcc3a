"""A group of facts with where each was read, and what failed on the way."""

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
    """One thing that could not be told, and why."""

    path: str
    """The field within the group, dotted; empty: the whole group, as this driver would have told it."""
    error: HostInfoError
    """An Unsupported (nobody here can tell) or a DriverError (somebody should, and failed)."""
    driver: str
    """The driver that was asked."""


@record
class GroupResult(_Generic["T"]):
    """What a driver told about one group.

    ``sources`` names for each field the place it was read from; a field that is not listed was read where its
    parent was (``processors`` stands for ``processors.core_id``). ``problems`` lists what is missing from ``value``
    because it could not be told, and which drivers failed before this one answered.
    """

    value: T
    sources: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class FactBuilder:
    """Collects, while a driver reads one group, where each field came from and what could not be read.

    ``fields`` are the top-level fields that the caller needs (None: all): a reader may read more, never less.
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
        """These fields were read from this source."""
        for name in fields:
            self.sources[name] = source

    def add_problem(self, path: str, error: HostInfoError) -> None:
        """This field (dotted path; empty: the group) could not be told."""
        self.problems.append(Problem(path=path, error=error, driver=self.driver))

    def unsupported(self, path: str, source: str, why: str) -> None:
        """Nobody here can tell this field."""
        self.add_problem(path, Unsupported(source, why))

    def merge(self, base: GroupResult[U], except_for: Collection[str] = ()) -> None:
        """Take over where another answer about the group was read and what it lacks, but for some top-level fields."""
        for path, source in base.sources.items():
            if path.partition(".")[0] not in except_for:
                self.sources[path] = source
        for problem in base.problems:
            if problem.path.partition(".")[0].partition("[")[0] not in except_for:
                self.problems.append(problem)

    def try_read(self, path: str, read: Callable[[], U]) -> U | None:
        """What ``read`` returns; None, with the problem noted, where it raised a DriverError."""
        try:
            return read()
        except DriverError as error:
            self.add_problem(path, error)
            return None

    def build(self, value: T) -> GroupResult[T]:
        """The finished answer: sources of absent fields are left out, for nothing was read there."""
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
