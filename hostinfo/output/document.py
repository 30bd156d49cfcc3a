"""What a host tells, as one document: asked once, shown as plain values, JSON or YAML.

The document has ``hostinfo`` (version, format, uri, drivers, time), one key a group (None where it failed), ``sources``
(group -> field -> where it was read) and ``errors`` (group or path -> kind, message). ``hostinfo schema`` describes it.
"""

import time
from collections.abc import Mapping, Sequence

from hostinfo import __version__
from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import Problem
from hostinfo.groups import GROUPS
from hostinfo.output.json import to_builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.facade import HostInfo

FORMAT = 1
"""Version of the document: it changes when a field is renamed or removed, not when one is added."""


class GroupReport:
    """What came of asking for one group: its ``value`` with ``sources``, and the ``problems``.

    ``is_available`` is False where the group as a whole could not be told; the reason is its only problem then.
    """

    __slots__ = ("group", "is_available", "problems", "sources", "value")

    def __init__(
        self,
        group: str,
        *,
        is_available: bool,
        value: object,
        sources: Mapping[str, str],
        problems: tuple[Problem, ...],
    ) -> None:
        self.group = group
        self.is_available = is_available
        self.value = value
        self.sources = sources
        self.problems = problems

    def without_value(self) -> "GroupReport":
        """The same without the value, which may be large."""
        return GroupReport(
            self.group, is_available=self.is_available, value=None, sources=self.sources, problems=self.problems
        )

    def has_failed(self) -> bool:
        """Whether a driver failed, if only at one field; that nobody can tell something is no failure."""
        return any(isinstance(problem.error, DriverError) for problem in self.problems)


def collect_group(host: "HostInfo", group: str, fields: "frozenset[str] | None" = None) -> GroupReport:
    """Ask for one group; its failure is part of the answer."""
    try:
        fact = host.read(group, fields)
    except HostInfoError as error:
        problem = Problem(path="", error=error, driver="")
        return GroupReport(group, is_available=False, value=None, sources={}, problems=(problem,))
    return GroupReport(group, is_available=True, value=fact.value, sources=fact.sources, problems=fact.problems)


def read_document(host: "HostInfo", groups: tuple[str, ...] = GROUPS) -> "dict[str, Any]":
    """The whole document in plain values: what ``json.loads`` makes of ``hostinfo dump --json``."""
    return build_document(host, [collect_group(host, group) for group in groups])


def build_document(host: "HostInfo", answers: "Sequence[GroupReport]") -> "dict[str, Any]":
    """The document of these answers."""
    told: dict[str, Any] = {"hostinfo": build_header(host)}
    told |= {answer.group: to_builtins(answer.value) for answer in answers}
    told["sources"] = {answer.group: dict(answer.sources) for answer in answers if answer.is_available}
    told["errors"] = {path: error for answer in answers for path, error in errors_by_path(answer).items()}
    return told


def build_header(host: "HostInfo") -> "dict[str, Any]":
    """Who tells, of what, when, by which drivers: those that were opened so far."""
    return {
        "version": __version__,
        "format": FORMAT,
        "uri": host.uri,
        "drivers": list(host.opened()),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def errors_by_path(answer: GroupReport) -> dict[str, dict[str, str]]:
    """Group or group.field -> kind and message; several of one path are joined, a failure's kind before Unsupported."""
    found: dict[str, dict[str, str]] = {}
    for problem in answer.problems:
        path = f"{answer.group}.{problem.path}" if problem.path else answer.group
        kind, message = problem.error.kind, str(problem.error)
        if path in found:
            if message not in found[path]["message"].split("; "):
                found[path]["message"] += "; " + message
            if found[path]["kind"] == "Unsupported":
                found[path]["kind"] = kind
        else:
            found[path] = {"kind": kind, "message": message}
    return found
