"""Tables that fit their terminal; columns that do not fit are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .values import to_text

CELL_WIDTH, LIST_CELL_WIDTH, MIN_CELL_WIDTH, MIN_TEXT_WIDTH = 36, 28, 8, 20
LONG_TEXT, COMPARED_CHARACTERS = 80, 200
GAP = "  "
NODE, ID = "@node", "@id"
"""The console's own columns begin with @, which is not shown: agents may have properties of the same names."""
Row = Mapping[str, object]


def requested_columns(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Return the columns with the names that a user gave."""
    known = {name for row in rows for name in row}
    return [f"@{name}" if f"@{name}" in known else name for name in names]


def default_columns(rows: Sequence[Row]) -> list[str]:
    """Return the non-empty columns in the order of importance: columns with equal values in all rows come late.

    Columns with long lists come last, because they never fit.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    kept = [name for name in names if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    texts = {name: {to_text(row.get(name), COMPARED_CHARACTERS) for row in rows} for name in kept}

    def rank(name: str) -> int:
        if name.startswith("@"):
            return 0
        longest = max(map(len, texts[name]))
        return 3 if longest > LONG_TEXT else 2 if len(rows) > 1 and len(texts[name]) == 1 else 1

    return sorted(kept, key=rank)  # stable: otherwise in the agent's order


def table(rows: Sequence[Row], names: Sequence[str], width: int | None) -> tuple[list[str], list[str]]:
    """Return the lines, and the columns that did not fit; `width` None: all fit."""
    cells = {name: [_cell(row.get(name), width) for row in rows] for name in names}
    widths = {name: max(len(name), *map(len, cells[name])) for name in names}
    fitting = list(names) if width is None else _fitting(names, widths, width)
    columns = [widths[name] for name in fitting]
    lines = [_line([(name.removeprefix("@"), False) for name in fitting], columns)]
    for number, row in enumerate(rows):
        line = [(cut(cells[name][number], widths[name]), _is_number(row.get(name))) for name in fitting]
        lines.append(_line(line, columns))
    return lines, [name for name in names if name not in fitting]


def _fitting(names: Sequence[str], widths: dict[str, int], width: int) -> list[str]:
    """The columns that fit; the last one may be narrowed in ``widths``."""
    fitting: list[str] = []
    left = width
    for name in names:
        needed = widths[name] + (len(GAP) if fitting else 0)
        if needed > left and fitting and left < MIN_CELL_WIDTH + len(GAP):
            break
        if needed > left:
            if widths[name] > left - len(GAP) and len(fitting) > 1:
                continue
            widths[name] = max(MIN_CELL_WIDTH, left - len(GAP))
        fitting.append(name)
        left -= widths[name] + len(GAP)
    return fitting


def record_lines(row: Row, width: int | None) -> list[str]:
    """Return one object as lines of name and value, long values wrapped."""
    label = max((len(name.removeprefix("@")) for name in row), default=0)
    lines: list[str] = []
    for name, value in row.items():
        texts = _wrap(to_text(value), (width or 10**6) - label - len(GAP))
        lines.append(f"{to_text(name.removeprefix('@')):<{label}}{GAP}{texts[0]}".rstrip())
        lines += [" " * (label + len(GAP)) + text for text in texts[1:]]
    return lines


def cut(text: str, width: int) -> str:
    """Shorten a text to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _cell(value: object, width: int | None) -> str:
    if isinstance(value, list | dict):
        return to_text(value, LIST_CELL_WIDTH)
    return to_text(value, CELL_WIDTH) if width is not None else to_text(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(cells: Sequence[tuple[str, bool]], widths: Sequence[int]) -> str:
    parts = [
        f"{cut(to_text(text), width):>{width}}" if is_right else f"{cut(to_text(text), width):<{width}}"
        for (text, is_right), width in zip(cells, widths, strict=True)
    ]
    return GAP.join(parts).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    width = max(width, MIN_TEXT_WIDTH)
    lines: list[str] = []
    while len(text) > width:
        at = text.rfind(" ", 0, width + 1)
        at = at if at > 0 else width
        lines.append(text[:at])
        text = text[at:].lstrip()
    return [*lines, text]
