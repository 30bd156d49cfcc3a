"""Values of agents as text for a terminal, and in JSON's types. Nothing that an agent sends controls the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from uuid import UUID

from ...qmf import DataObject, SchemaId

MAX_CHARACTERS = 10_000
"""Longest text of one value."""


def escape(text: str) -> str:
    """Return the text with control characters as escape sequences: they neither move the cursor nor end a line."""
    text = text[:MAX_CHARACTERS]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def to_text(value: object, width: int = MAX_CHARACTERS) -> str:
    """Return a value on one line of at most `width` characters; for a longer list, the number of omitted items."""
    if isinstance(value, list | tuple):
        return _list(value, width)
    text = _text(value)
    return text if len(text) <= width else text[: max(1, width - 1)] + "…"


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10g}"
        case bytes():
            try:
                return escape(value.decode())
            except ValueError:
                return value.hex()
        case {"_object_name": str(name)}:
            return escape(name)
        case dict():
            return " ".join(f"{escape(str(key))}={to_text(item)}" for key, item in value.items())
    return escape(str(value))


def _list(values: list[object] | tuple[object, ...], width: int) -> str:
    texts = [_text(list(value)) if isinstance(value, tuple) else to_text(value) for value in values[:MAX_CHARACTERS]]
    whole = " ".join(texts)
    if len(whole) <= width:
        return whole or "-"
    for count in range(len(texts) - 1, 0, -1):
        text = f"{' '.join(texts[:count])} … +{len(values) - count}"
        if len(text) <= width:
            return text
    return whole[: max(1, width - 1)] + "…"


def to_builtins(value: object) -> object:
    """Return the value in JSON's types: UUIDs as text, binary as text or hexadecimal, no NaN."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if isfinite(value) else None
        case bytes():
            try:
                return value.decode()
            except ValueError:
                return value.hex()
        case UUID():
            return str(value)
        case Mapping():
            return {str(key): to_builtins(item) for key, item in value.items()}
        case list() | tuple():
            return [to_builtins(item) for item in value]
    return str(value)


def class_name(schema_id: SchemaId | None) -> str:
    """Return `package:class`."""
    return f"{schema_id.package}:{schema_id.name}" if schema_id is not None else ""


def object_record(node: str, agent: str, item: DataObject, **more: object) -> dict[str, object]:
    """Return an object as a JSON record."""
    record: dict[str, object] = {"node": node, "agent": agent, "class": class_name(item.schema_id)}
    record["id"] = item.object_id.object_name if item.object_id is not None else None
    record |= more | {"values": to_builtins(item.values)}
    if item.update_ts:
        record["updated"] = time_text(item.update_ts)
    return record


def time_text(nanoseconds: int) -> str:
    """Return a time in ns since 1970 as RFC 3339, in UTC."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return str(nanoseconds)
