"""The document: all facts of a host in one object, as ``hostinfo dump --json`` prints it.

Its keys are ``hostinfo`` (version, format, uri, drivers, time), each group (None if it is not available), ``sources``
(group -> field -> where it was read), ``errors`` (group or path -> kind, message) and ``failed_drivers`` (group -> the
drivers that failed before another one reported the group). ``hostinfo schema`` describes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from hostinfo import __version__
from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import Problem
from hostinfo.groups import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.facade import HostInfo

FORMAT = 1
"""Version of the document. It changes when a field is renamed or removed, not when one is added."""


class GroupReport:
    """The result of reading one group: its ``value`` with ``sources``, the ``problems`` and the ``failed_drivers``.

    ``is_available`` is False if the group as a whole could not be read; then the reason is its only problem.
    """

    __slots__ = ("failed_drivers", "group", "is_available", "problems", "sources", "value")

    def __init__(
        self,
        group: str,
        *,
        is_available: bool,
        value: object,
        sources: Mapping[str, str],
        problems: tuple[Problem, ...],
        failed_drivers: tuple[Problem, ...] = (),
    ) -> None:
        self.group = group
        self.is_available = is_available
        self.value = value
        self.sources = sources
        self.problems = problems
        self.failed_drivers = failed_drivers

    def without_value(self) -> GroupReport:
        """Return the same report without its value, which may be large."""
        return GroupReport(
            self.group,
            is_available=self.is_available,
            value=None,
            sources=self.sources,
            problems=self.problems,
            failed_drivers=self.failed_drivers,
        )

    def has_failed(self) -> bool:
        """Whether anything is missing because a source failed.

        Neither a fact that no source provides is a failure, nor a driver that failed before another one reported all.
        """
        return any(isinstance(problem.error, DriverError) for problem in self.problems)


def collect_group(host: HostInfo, group: str, fields: frozenset[str] | None = None) -> GroupReport:
    """Read one group; a failure becomes part of the report."""
    try:
        result = host.read(group, fields)
    except HostInfoError as error:
        problem = Problem(path="", error=error, driver="")
        return GroupReport(group, is_available=False, value=None, sources={}, problems=(problem,))
    return GroupReport(
        group,
        is_available=True,
        value=result.value,
        sources=result.sources,
        problems=result.problems,
        failed_drivers=result.failed_drivers,
    )


def why_unreachable(reports: Iterable[GroupReport]) -> DriverError | None:
    """Return the one error that made every group unavailable; None if any group was read or they failed differently.

    Groups that the host's drivers do not offer are not counted.
    """
    errors: dict[str, DriverError] = {}
    for report in reports:
        if report.is_available:
            return None
        errors |= {str(one.error): one.error for one in report.problems if isinstance(one.error, DriverError)}
    return errors.popitem()[1] if len(errors) == 1 else None


def read_document(host: HostInfo, groups: Iterable[str] = GROUPS) -> dict[str, Any]:
    """Read these groups and return their document in built-in types."""
    return build_document(host, [collect_group(host, group) for group in groups])


def build_document(host: HostInfo, reports: Sequence[GroupReport]) -> dict[str, Any]:
    """Return the document of these reports in built-in types."""
    from hostinfo.output.json import to_builtins

    document: dict[str, Any] = {"hostinfo": build_header(host)}
    document |= {report.group: to_builtins(report.value) for report in reports}
    document["sources"] = {report.group: dict(report.sources) for report in reports if report.is_available}
    document["errors"] = all_errors(host, reports)
    document["failed_drivers"] = all_failed_drivers(reports)
    return document


def all_failed_drivers(reports: Iterable[GroupReport]) -> dict[str, list[dict[str, str]]]:
    """Return driver, kind and message of the drivers that failed before another one reported the group, by group."""
    return {
        report.group: [
            {"driver": failed.driver, "kind": failed.error.kind, "message": str(failed.error)}
            for failed in report.failed_drivers
        ]
        for report in reports
        if report.failed_drivers
    }


def all_errors(host: HostInfo, reports: Iterable[GroupReport]) -> dict[str, dict[str, str]]:
    """Return kind and message of all problems: of drivers that could not be loaded, then those of the reports."""
    errors = {
        f"hostinfo.drivers[{problem.driver}]": {"kind": problem.error.kind, "message": str(problem.error)}
        for problem in host.problems
    }
    return errors | {path: error for report in reports for path, error in errors_by_path(report).items()}


def build_header(host: HostInfo) -> dict[str, Any]:
    """Return the version of hostinfo, the host's URI, the drivers that have been opened so far, and the time."""
    return {
        "version": __version__,
        "format": FORMAT,
        "uri": host.uri,
        "drivers": list(host.opened()),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def errors_by_path(report: GroupReport) -> dict[str, dict[str, str]]:
    """Return kind and message for each group or group.field with a problem.

    Several problems of one path are joined; then the kind is that of a failure rather than Unsupported.
    """
    found: dict[str, dict[str, str]] = {}
    for problem in report.problems:
        path = f"{report.group}.{problem.path}" if problem.path else report.group
        kind, message = problem.error.kind, str(problem.error)
        if path not in found:
            found[path] = {"kind": kind, "message": message}
            continue
        if message not in found[path]["message"].split("; "):
            found[path]["message"] += "; " + message
        if found[path]["kind"] == "Unsupported":
            found[path]["kind"] = kind
    return found
