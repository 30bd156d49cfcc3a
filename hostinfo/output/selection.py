"""One fact of a group, selected by its path: the value with its source, or the reasons why there is none."""

from __future__ import annotations

from hostinfo.errors import DriverError
from hostinfo.path import NoSuchItem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from hostinfo.output.document import GroupReport
    from hostinfo.path import Path


class Selection:
    """What a group's report has at a path."""

    __slots__ = ("failed_drivers", "has_failed", "is_available", "path", "reasons", "report", "value")

    def __init__(self, path: Path, report: GroupReport, value: object, reasons: Iterable[str]) -> None:
        self.path = path
        self.report = report
        self.value = value
        self.reasons = list(reasons)
        """Why there is no value, or what was not available on the way to it."""
        self.failed_drivers: list[str] = []
        """What the drivers reported that failed before another one provided the value."""
        self.is_available = True
        """Whether the value was read; None counts if it means that the host has none."""
        self.has_failed = False
        """Whether a source failed, or the host has no such item."""

    def source(self) -> str | None:
        """Return where the value was read; None: the whole group is not available."""
        return self.path.source(self.report.sources) if self.report.is_available else None


def needed_fields(paths: Iterable[Path]) -> dict[str, frozenset[str] | None]:
    """Return for each group the top-level fields that the paths need; None: all."""
    needed: dict[str, frozenset[str] | None] = {}
    for path in paths:
        before = needed.get(path.group, frozenset())
        needed[path.group] = None if path.field is None or before is None else before | {path.field}
    return needed


def select(path: Path, report: GroupReport) -> Selection:
    """Return the value at the path, or the reasons why there is none."""
    problems = [problem for problem in report.problems if _concerns(problem.path, path)]
    found = Selection(path, report, None, dict.fromkeys(str(problem.error) for problem in problems))
    found.has_failed = any(isinstance(problem.error, DriverError) for problem in problems)
    found.failed_drivers = list(dict.fromkeys(str(failed.error) for failed in report.failed_drivers))
    if not report.is_available:
        found.is_available = False
        return found
    try:
        found.value = path.resolve(report.value)
    except NoSuchItem as error:
        found.reasons.append(str(error))
        found.is_available, found.has_failed = False, True
        return found
    if found.value is None and any(problem.path for problem in problems):
        found.is_available = False
    elif found.value is None:
        found.reasons.append(_meaning_of_none(path))
    if (
        found.reasons and found.value in (None, (), {}) and found.failed_drivers
    ):  # one of them might have reported what is missing
        found.reasons = [*found.failed_drivers, *found.reasons]
        found.failed_drivers = []
        found.has_failed = True
    return found


def _concerns(place: str, path: Path) -> bool:
    """Whether a problem at this place concerns the path: it is at the same field, above it or below it."""
    selected = [step for step in path.steps if isinstance(step, str)]
    parts = [part.partition("[")[0] for part in place.split(".")] if place else []
    return all(one == other for one, other in zip(selected, parts, strict=False))


def _meaning_of_none(path: Path) -> str:
    """Return what None means there, from the field's documentation."""
    from hostinfo.field_docs import meaning_of_none

    return meaning_of_none(path) or "not present or not reported"
