"""Tables that fit their terminal: what does not fit is named, not lost."""

from collections.abc import Mapping, Sequence

from .values import shown

CELL, LIST_CELL, LEAST = 36, 28, 8
GAP = "  "
NODE, ID = "@node", "@id"
"""Columns of ours begin with @, which is not shown: agents may have properties of these names."""
Row = Mapping[str, object]


def chosen(rows: Sequence[Row], wanted: Sequence[str]) -> list[str]:
    """Give the columns of the names that a user gave."""
    names = {name for row in rows for name in row}
    return [f"@{name}" if f"@{name}" in names else name for name in wanted]


def columns(rows: Sequence[Row]) -> list[str]:
    """Give the columns worth showing, in the order to keep them: those where all rows say the same come late.

    Columns in which no row has anything are left out. Long lists come last: they never fit.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    kept = [name for name in names if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    texts = {name: {shown(row.get(name), 200) for row in rows} for name in kept}

    def rank(name: str) -> int:
        if name.startswith("@"):
            return 0
        longest = max(map(len, texts[name]))
        return 3 if longest > 80 else 2 if len(rows) > 1 and len(texts[name]) == 1 else 1

    return sorted(kept, key=rank)  # stable: else as the agent has them


def table(rows: Sequence[Row], names: Sequence[str], width: int | None) -> tuple[list[str], list[str]]:
    """Give the lines, and the columns that found no place. `width` None: all have."""
    cells = {name: [_cell(row.get(name), width) for row in rows] for name in names}
    widths = {name: max(len(name), *map(len, cells[name])) for name in names}
    taken = [name for name in names if width is None]
    left = width or 0
    for name in names if width is not None else ():
        need = widths[name] + (len(GAP) if taken else 0)
        if need > left and taken and left < LEAST + len(GAP):
            break
        if need > left:
            if widths[name] > left - len(GAP) and len(taken) > 1:
                continue
            widths[name] = max(LEAST, left - len(GAP))
        taken.append(name)
        left -= widths[name] + len(GAP)
    lines = [_line([(name.removeprefix("@"), False) for name in taken], [widths[name] for name in taken])]
    for number, row in enumerate(rows):
        line = [(shown_cut(cells[name][number], widths[name]), _is_number(row.get(name))) for name in taken]
        lines.append(_line(line, [widths[name] for name in taken]))
    return lines, [name for name in names if name not in taken]


def sheet(row: Row, width: int | None) -> list[str]:
    """Give one object as a list of names and values, long ones wrapped."""
    label = max((len(name.removeprefix("@")) for name in row), default=0)
    lines: list[str] = []
    for name, value in row.items():
        texts = _wrap(shown(value), (width or 10**6) - label - len(GAP))
        lines.append(f"{shown(name.removeprefix('@')):<{label}}{GAP}{texts[0]}".rstrip())
        lines += [" " * (label + len(GAP)) + text for text in texts[1:]]
    return lines


def _cell(value: object, width: int | None) -> str:
    if isinstance(value, list | dict):
        return shown(value, LIST_CELL)
    return shown(value, CELL) if width is not None else shown(value)


def shown_cut(text: str, width: int) -> str:
    """Cut a text that is too wide."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _line(cells: Sequence[tuple[str, bool]], widths: Sequence[int]) -> str:
    parts = [
        f"{shown_cut(shown(text), width):>{width}}" if is_right else f"{shown_cut(shown(text), width):<{width}}"
        for (text, is_right), width in zip(cells, widths, strict=True)
    ]
    return GAP.join(parts).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    width = max(width, 20)
    lines: list[str] = []
    while len(text) > width:
        at = text.rfind(" ", 0, width + 1)
        at = at if at > 0 else width
        lines.append(text[:at])
        text = text[at:].lstrip()
    return [*lines, text]
