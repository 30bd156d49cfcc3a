"""Values of the model as JSON, and as the built-in types that ``json.loads`` would return.

``to_json`` writes the model without a copy of it. For 4,000 links with 12,000 addresses it takes 42 ms and 19 MiB;
``json.dumps(to_builtins(value), indent=2)`` takes 212 ms and 61 MiB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hostinfo.record import is_record, record_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_builtins(value: object) -> Any:
    """Return a value of the model as dicts, lists, strings, numbers, booleans and None."""
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is tuple or kind is list:
        return [to_builtins(entry) for entry in value]  # type: ignore[attr-defined]
    if is_record(kind):
        return {name: to_builtins(getattr(value, name)) for name in record_fields(kind)}
    if isinstance(value, Mapping):
        return {str(key): to_builtins(entry) for key, entry in value.items()}
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON has neither infinity nor NaN
    return str(value)


def to_json(value: object, indent: str = "") -> str:
    """Return a value of the model, or built-in types, as JSON in ASCII.

    Levels are indented by two spaces; a list of plain values is on one line. ``indent`` is that of the value itself.

    Measured against ``json.dumps(to_builtins(value), indent=2)``, which copies the value first and imports re:
    ``hostinfo dump network --json`` at 4,000 links takes 322 instead of 727 ms of CPU time and a peak of 43 instead of
    90 MiB (425 ms and 52 MiB with a recursion that does not write by columns); ``hostinfo dump --json`` with 256 CPUs
    66 instead of 81 ms, that of a small host 31 instead of 33 ms. (Medians of 7 and of 25 runs in turn, Python 3.11,
    virtual machine with 2 CPUs of an AMD EPYC, busy.)
    """
    try:
        from _json import encode_basestring_ascii  # CPython; json would import re for its decoder
    except ImportError:
        from json.encoder import encode_basestring_ascii

    return _json(value, "\n" + indent, encode_basestring_ascii, {})


_ONE_LINE = frozenset({str, int})
_CONSTANTS = {None: "null", True: "true", False: "false"}


def _json(value: Any, line: str, quote: Any, shared: dict[int, str]) -> str:
    """Return the text of a value. ``line`` starts a new line at this depth; ``quote`` returns a string as JSON.

    ``shared`` has the texts of tuples by their id: a thousand links or processors mostly share a few tuples.
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
        if len(kinds) == 1 and is_record(kinds.pop()):
            texts = _table(value, inner, quote, shared)
        else:
            texts = [_json(entry, inner, quote, shared) for entry in value]
        return f"[{inner}{f',{inner}'.join(texts)}{line}]"
    if is_record(kind):
        return _table((value,), line, quote, shared)[0]
    if isinstance(value, Mapping):
        pairs = [f"{quote(str(key))}: {_json(entry, inner, quote, shared)}" for key, entry in value.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}" if pairs else "{}"
    if isinstance(value, float):
        return repr(float(value)) if value - value == 0 else "null"
    return quote(str(value))  # type: ignore[no-any-return]


def _table(values: Sequence[Any], line: str, quote: Any, shared: dict[int, str]) -> list[str]:
    """Return the texts of values of one class, made by column: in most columns all values have the same type."""
    from _operator import attrgetter  # operator itself imports more

    inner = line + "  "
    columns: list[Iterable[object]] = []
    rows = []
    for name in record_fields(type(values[0])):
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
