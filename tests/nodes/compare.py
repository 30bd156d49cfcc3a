"""A dump held against expectations, as a table: field, expected, told, source."""

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
    """A compared field."""

    path: str
    wanted: str
    told: str
    source: str
    verdict: str  # ok, absent (with a reason), WRONG


def compare(dump: Dump, expectations: Iterable[Expectation], *, may_be_absent: bool = False) -> list[Row]:
    """Every field; with `may_be_absent` one that nobody tells is right too, if the dump says why."""
    return [_row(dump, expectation, may_be_absent=may_be_absent) for expectation in expectations]


def wrong(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.verdict == "WRONG"]


def table(title: str, rows: Iterable[Row]) -> str:
    lines = [f"{title}", f"  {'field':{WIDTH}} | {'expected':{WIDTH}} | {'told':{WIDTH}} | source"]
    for row in rows:
        mark = {"ok": " ", "absent": "-", "WRONG": "!"}[row.verdict]
        cells = (row.path, row.wanted, row.told)
        lines.append(f"{mark} " + " | ".join(f"{_short(cell):{WIDTH}}" for cell in cells) + f" | {row.source}")
    return "\n".join(lines)


def look(dump: Any, path: str) -> Any:
    """A value by its path: a.b, a[key=value].b (the first that matches), a[*].b (all), a[*].(b,c) (tuples)."""
    head, _, rest = _split(path)
    if not head:
        return dump
    if head.startswith("("):
        return tuple(look(dump, name) for name in head[1:-1].split(","))
    name, selector = re.fullmatch(r"(\w+)(?:\[(.*)\])?", head).groups()  # type: ignore[union-attr]
    value = dump.get(name) if isinstance(dump, dict) else None
    if selector == "*":
        return None if value is None else [look(item, rest) for item in value]
    if selector:
        wanted = dict(pair.split("=", 1) for pair in selector.split(","))
        value = next((item for item in value or () if all(str(item.get(k)) == v for k, v in wanted.items())), None)
    return look(value, rest) if rest else value


def source_of(dump: Dump, path: str) -> str:
    """What the dump names as the source of a field, or of the group's part that it belongs to."""
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
    """Why a field is absent, as the dump says."""
    group = path.partition(".")[0]
    errors: dict[str, Any] = dump.get("errors") or {}
    told = [text for name, text in errors.items() if name == group or name.startswith((f"{group}.", f"{group}["))]
    return json.dumps(told[0]) if told else ""


def _row(dump: Dump, expectation: Expectation, *, may_be_absent: bool) -> Row:
    told = look(dump, expectation.path)
    verdict, source = "ok", source_of(dump, expectation.path)
    if not _judge(expectation, told):
        absent = (
            told is None or told == [] or (isinstance(told, list) and all(item in (None, (None,) * 3) for item in told))
        )
        reason = reason_for(dump, expectation.path)
        verdict = "absent" if may_be_absent and absent and reason else "WRONG"
        source = reason or source
    return Row(path=expectation.path, wanted=expectation.wanted, told=str(told), source=source, verdict=verdict)


def _judge(expectation: Expectation, told: Any) -> bool:
    try:
        return expectation.holds(told)
    except (TypeError, ValueError, AttributeError):
        return False


def _split(path: str) -> tuple[str, str, str]:
    """The first dot outside of brackets: values may hold dots themselves."""
    depth = 0
    for index, character in enumerate(path):
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(character, 0)
        if character == "." and depth == 0:
            return path[:index], ".", path[index + 1 :]
    return path, "", ""


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
