"""Single facts as text: plain values alone, lists of them one per line, anything else as YAML."""

from __future__ import annotations

from hostinfo.output.escape import escape_unprintable


def lines_of(value: object) -> list[str]:
    """Return the lines of one fact without a label; none for None."""
    if value is None:
        return []
    if isinstance(value, tuple) and not any(_is_compound(entry) for entry in value):
        return [_plain(entry) for entry in value]
    if _is_compound(value):
        from hostinfo.output.json import to_builtins
        from hostinfo.output.yaml import to_yaml

        return to_yaml(to_builtins(value)).splitlines()
    return [_plain(value)]


def labelled(label: str, value: object, source: str | None) -> str:
    """Return one of several facts: its path, value and, unless None, source."""
    suffix = "" if source is None else f"  ({source})"
    if _is_compound(value):
        if isinstance(value, tuple) and not any(_is_compound(entry) for entry in value):
            return f"{label}: {' '.join(_plain(entry) for entry in value)}{suffix}\n"
        return "".join([f"{label}:{suffix}\n", *(f"  {line}\n" for line in lines_of(value))])
    return f"{label}: {_plain(value)}{suffix}\n"


def _is_compound(value: object) -> bool:
    return not (value is None or isinstance(value, str | int | float))


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_unprintable(str(value))
