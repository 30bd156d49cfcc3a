"""Compares a dump with expected facts; the result is a table: field, expected, reported, source."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .expect import Expectation

Dump = dict[str, Any]
WIDTH = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One compared field."""

    path: str
    expected: str
    reported: str
    source: str
    verdict: str  # ok, absent (with a reason), WRONG


def compare(dump: Dump, expectations: Iterable[Expectation], *, may_be_absent: bool = False) -> list[Row]:
    """Compare every field; with `may_be_absent` an absent one is correct too, if the dump has the reason."""
    return [_row(dump, expectation, may_be_absent=may_be_absent) for expectation in expectations]


def wrong(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.verdict == "WRONG"]


def table(title: str, rows: Iterable[Row]) -> str:
    lines = [f"{title}", f"  {'field':{WIDTH}} | {'expected':{WIDTH}} | {'reported':{WIDTH}} | source"]
    for row in rows:
        mark = {"ok": " ", "absent": "-", "WRONG": "!"}[row.verdict]
        cells = (row.path, row.expected, row.reported)
        lines.append(f"{mark} " + " | ".join(f"{_short(cell):{WIDTH}}" for cell in cells) + f" | {row.source}")
    return "\n".join(lines)


def value_at(dump: Any, path: str) -> Any:
    """Return the value at a path: a.b, a[key=value].b (first match), a[*].b (all), a[*].(b,c) (tuples)."""
    head, _, rest = _split(path)
    if not head:
        return dump
    if head.startswith("("):
        return tuple(value_at(dump, name) for name in head[1:-1].split(","))
    name, selector = re.fullmatch(r"(\w+)(?:\[(.*)\])?", head).groups()  # type: ignore[union-attr]
    value = dump.get(name) if isinstance(dump, dict) else None
    if selector == "*":
        return None if value is None else [value_at(item, rest) for item in value]
    if selector:
        keys = dict(pair.split("=", 1) for pair in selector.split(","))
        value = next((item for item in value or () if all(str(item.get(k)) == v for k, v in keys.items())), None)
    return value_at(value, rest) if rest else value


def source_of(dump: Dump, path: str) -> str:
    """Return the source that the dump names for a field, or for the nearest enclosing part of its group."""
    group, _, rest = path.partition(".")
    sources = (dump.get("sources") or {}).get(group) or {}
    plain = re.sub(r"\[[^]]*\]", "", rest).split(".(")[0]
    names = {re.sub(r"\[[^]]*\]", "", name): text for name, text in sources.items()}
    while plain:
        if plain in names:
            return str(names[plain])
        plain = plain.rpartition(".")[0]
    return ""


def reason_for(dump: Dump, path: str) -> str:
    """Return the reason in the dump why a field is absent, or an empty text."""
    group = path.partition(".")[0]
    errors: dict[str, Any] = dump.get("errors") or {}
    reasons = [text for name, text in errors.items() if name == group or name.startswith((f"{group}.", f"{group}["))]
    return json.dumps(reasons[0]) if reasons else ""


def _row(dump: Dump, expectation: Expectation, *, may_be_absent: bool) -> Row:
    value = value_at(dump, expectation.path)
    verdict, source = "ok", source_of(dump, expectation.path)
    if not _matches(expectation, value):
        absent = value in (None, []) or (isinstance(value, list) and all(item in (None, (None,) * 3) for item in value))
        reason = reason_for(dump, expectation.path)
        verdict = "absent" if may_be_absent and absent and reason else "WRONG"
        source = reason or source
    return Row(
        path=expectation.path, expected=expectation.expected, reported=str(value), source=source, verdict=verdict
    )


def _matches(expectation: Expectation, value: Any) -> bool:
    try:
        return expectation.matches(value)
    except (TypeError, ValueError, AttributeError):
        return False


def _split(path: str) -> tuple[str, str, str]:
    """Split at the first dot outside of brackets: values may contain dots."""
    depth = 0
    for index, character in enumerate(path):
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(character, 0)
        if character == "." and depth == 0:
            return path[:index], ".", path[index + 1 :]
    return path, "", ""


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
