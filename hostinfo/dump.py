"""What a host tells, as one document: asked once, shown as plain values, JSON or YAML.

The document has ``hostinfo`` (version, format, uri, drivers, time), one key a group (None where it failed), ``sources``
(group -> field -> where it was read) and ``errors`` (group or path -> kind, message). ``hostinfo schema`` describes it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

from hostinfo import __version__
from hostinfo.driver import GROUPS
from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import Problem

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


def document(host: "HostInfo", groups: tuple[str, ...] = GROUPS) -> "dict[str, Any]":
    """The whole document in plain values: what ``json.loads`` makes of ``hostinfo dump --json``."""
    return build_document(host, [collect_group(host, group) for group in groups])


def build_document(host: "HostInfo", answers: "Sequence[GroupReport]") -> "dict[str, Any]":
    """The document of these answers."""
    told: dict[str, Any] = {"hostinfo": header(host)}
    told |= {answer.group: plain(answer.value) for answer in answers}
    told["sources"] = {answer.group: dict(answer.sources) for answer in answers if answer.is_available}
    told["errors"] = {path: error for answer in answers for path, error in errors(answer).items()}
    return told


def header(host: "HostInfo") -> "dict[str, Any]":
    """Who tells, of what, when, by which drivers: those that were opened so far."""
    return {
        "version": __version__,
        "format": FORMAT,
        "uri": host.uri,
        "drivers": list(host.opened()),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def errors(answer: GroupReport) -> dict[str, dict[str, str]]:
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


def plain(value: object) -> "Any":
    """A value of the model as dicts, lists, strings, numbers, booleans and None."""
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is tuple or kind is list:
        return [plain(entry) for entry in value]  # type: ignore[attr-defined]
    slots = getattr(kind, "__dataclass_fields__", None)
    if slots is not None:
        return {name: plain(getattr(value, name)) for name in slots}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither JSON nor a fact: infinite, not a number
    return str(value)


def to_json(value: object, indent: str = "") -> str:
    """A value of the model, or plain values, as JSON: ASCII, two spaces a level, a list of plain values on one line.

    Written from the model as it stands: copies of it, and Python's own indenting encoder, would cost twice the time
    and memory at thousands of links.
    """
    try:
        from _json import encode_basestring_ascii  # CPython's: json itself would import re for its decoder
    except ImportError:
        from json.encoder import encode_basestring_ascii

    return _json(value, "\n" + indent, encode_basestring_ascii, {})


_ONE_LINE = frozenset({str, int})
_CONSTANTS = {None: "null", True: "true", False: "false"}


def _json(value: "Any", line: str, quote: "Any", shared: dict[int, str]) -> str:
    """``line``: the start of a new line at this depth; ``quote``: of a string.

    ``shared``: what became of tuples, by their id: those of a thousand links or processors are mostly the same few.
    """
    kind = type(value)
    if kind is str:
        return quote(value)  # type: ignore[no-any-return]
    if kind is int:
        return str(value)
    if value is None or kind is bool:
        return _CONSTANTS[value]
    inner = line + "  "
    if kind is tuple or kind is list:
        kinds = set(map(type, value))
        if _ONE_LINE.issuperset(kinds):
            text = "[" + ", ".join([quote(entry) if type(entry) is str else str(entry) for entry in value]) + "]"
            if kind is tuple:
                shared[id(value)] = text
            return text
        if len(kinds) == 1 and hasattr(kinds.pop(), "__dataclass_fields__"):
            texts = _table(value, inner, quote, shared)
        else:
            texts = [_json(entry, inner, quote, shared) for entry in value]
        return f"[{inner}{f',{inner}'.join(texts)}{line}]"
    if hasattr(kind, "__dataclass_fields__"):
        return _table((value,), line, quote, shared)[0]
    if isinstance(value, Mapping):
        pairs = [f"{quote(str(key))}: {_json(entry, inner, quote, shared)}" for key, entry in value.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}" if pairs else "{}"
    if isinstance(value, float):
        return repr(float(value)) if value - value == 0 else "null"
    return quote(str(value))  # type: ignore[no-any-return]


def _table(values: "Sequence[Any]", line: str, quote: "Any", shared: dict[int, str]) -> list[str]:
    """Values of one class, taken by columns: of a thousand links most fields are absent, or all strings or numbers."""
    from _operator import attrgetter  # operator's own, without the rest of it

    inner = line + "  "
    columns: list[Iterable[object]] = []
    rows = []
    for name in type(values[0]).__dataclass_fields__:
        column = list(map(attrgetter(name), values))
        kinds = set(map(type, column))
        if kinds == _ABSENT:
            rows.append(f"{quote(name)}: null")
            continue
        rows.append(f"{quote(name)}: %s")
        if kinds == _TEXT:
            columns.append(map(quote, column))
        elif kinds == _NUMBER:
            columns.append(column)
        elif kinds <= _SWITCH:
            columns.append(map(_CONSTANTS.__getitem__, column))
        else:
            columns.append([
                "null" if entry is None
                else quote(entry) if type(entry) is str
                else shared.get(id(entry)) or _json(entry, inner, quote, shared)
                for entry in column
            ])  # fmt: skip
    text = f"{{{inner}{f',{inner}'.join(rows)}{line}}}"
    return list(map(text.__mod__, zip(*columns, strict=True))) if columns else [text] * len(values)


_ABSENT, _TEXT, _NUMBER, _SWITCH = {type(None)}, {str}, {int}, {bool, type(None)}
