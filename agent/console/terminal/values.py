"""Values of agents as text for a terminal, and as what JSON can hold. What strangers sent never commands a terminal."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from uuid import UUID

from ...qmf import DataObject, SchemaId

MOST = 10_000  # characters of one value


def clean(text: str) -> str:
    """Give the text without what would command a terminal or break a line: such characters are shown as escapes."""
    text = text[:MOST]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def shown(value: object, width: int = MOST) -> str:
    """Give a value on one line of at most so many characters; of a list what fits, and how many more there are."""
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
                return clean(value.decode())
            except ValueError:
                return value.hex()
        case {"_object_name": str(name)}:
            return clean(name)
        case dict():
            return " ".join(f"{clean(str(key))}={shown(item)}" for key, item in value.items())
    return clean(str(value))


def _list(values: "list[object] | tuple[object, ...]", width: int) -> str:
    texts = [_text(list(value)) if isinstance(value, tuple) else shown(value) for value in values[:MOST]]
    whole = " ".join(texts)
    if len(whole) <= width:
        return whole or "-"
    for count in range(len(texts) - 1, 0, -1):
        text = f"{' '.join(texts[:count])} … +{len(values) - count}"
        if len(text) <= width:
            return text
    return whole[: max(1, width - 1)] + "…"


def plain(value: object) -> object:
    """Give the value in JSON's types: UUIDs as text, binary as text or hexadecimal, no NaN."""
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
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return str(value)


def class_name(schema_id: SchemaId | None) -> str:
    """Give `package:class`."""
    return f"{schema_id.package}:{schema_id.name}" if schema_id is not None else ""


def record(node: str, agent: str, item: DataObject, **more: object) -> dict[str, object]:
    """Give an object as JSON has it."""
    found: dict[str, object] = {"node": node, "agent": agent, "class": class_name(item.schema_id)}
    found["id"] = item.object_id.object_name if item.object_id is not None else None
    found |= more | {"values": plain(item.values)}
    if item.update_ts:
        found["updated"] = time_text(item.update_ts)
    return found


def time_text(nanoseconds: int) -> str:
    """Give a time as RFC 3339 has it, in UTC."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return str(nanoseconds)
