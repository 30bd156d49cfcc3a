"""Section of a group that has none of its own: rows and tables made from the model."""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo import introspect
from hostinfo.output.text.style import BOLD, Section, Style, align
from hostinfo.output.text.units import bit_rate, duration, frequency, ranges, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from hostinfo.output.document import GroupReport

UNITS: Mapping[str, Callable[[Any], str | None]] = {
    "_bytes": size,
    "_hz": frequency,
    "_mbps": bit_rate,
    "_mts": lambda value: f"{value} MT/s",
    "_seconds": duration,
    "_milliseconds": lambda value: f"{value} ms",
    "_percent": lambda value: f"{value:g} %",
}
"""Ending of a field's name -> how its value is printed."""
MAX_ROWS = 20
"""Rows of a table that are printed; the rest is counted."""


def render(style: Style, report: GroupReport) -> list[str]:
    """Return the lines of the section: plain fields as rows, lists of records as tables."""
    section = Section(style, report, _heading(report.group))
    _add_fields(section, report.value, report.group, "")
    return section.lines()


def _add_fields(section: Section, value: Any, path: str, prefix: str) -> None:
    for name, annotation in introspect.fields(type(value)).items():
        entry, place = getattr(value, name), f"{prefix}{name}"
        if entry is None or entry in ((), {}):
            continue
        if introspect.model(annotation) is None:
            label, text = describe(name, entry)
            section.row(label, text, place)
        elif introspect.item(annotation) is None:
            _add_fields(section, entry, f"{path}.{name}", f"{place}.")
        else:
            section.body.append("  " + section.style.colorize(f"{_heading(name)} ({len(entry)})", BOLD))
            section.body += ["  " + line for line in _table(entry, section.style)]
            if len(entry) > MAX_ROWS:
                section.body.append(f"    … {len(entry) - MAX_ROWS} more (hostinfo dump {path}.{name})")
            source = section.source(place)
            section.body += ["    " + source] if source else []


def _table(items: Sequence[Any], style: Style) -> list[str]:
    """Return the items as rows, with a column for each plain field that at least one item has."""
    shown = items[:MAX_ROWS]
    columns = [
        name
        for name, annotation in introspect.fields(type(items[0])).items()
        if introspect.model(annotation) is None and any(getattr(one, name) not in (None, (), {}) for one in shown)
    ]
    rows = [[describe(name, getattr(one, name))[0] for name in columns] for one in items[:1]]
    rows += [[style.or_dash(describe(name, getattr(one, name))[1]) for name in columns] for one in shown]
    return align(rows)


def describe(name: str, value: object) -> tuple[str, str | None]:
    """Return the label of a field, without its unit, and its value with the unit; None: there is no value."""
    for ending, convert in UNITS.items():
        if name.endswith(ending):
            return _heading(name.removesuffix(ending)), None if value is None else convert(value)
    return _heading(name), _plain(value)


def _plain(value: object) -> str | None:
    if value is None or value in ((), {}):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        if all(type(entry) is int for entry in value):
            return ranges(value)
        return " ".join(str(entry) for entry in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {entry}" for key, entry in value.items())
    return str(value)


def _heading(name: str) -> str:
    """Return a field's name as a label: ``max_frequency_hz`` as "Max frequency"."""
    text = name.removeprefix("is_").removeprefix("has_").replace("_", " ")
    return text[:1].upper() + text[1:]
