"""Layout of the page: colour, line drawing, titles, rows of label and value."""

from __future__ import annotations

from hostinfo.output.escape import escape_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.output.document import GroupReport

BOLD, DIM, YELLOW = "1", "2", "33"
"""Parameters of the terminal's SGR sequence, console_codes(4)."""
LABEL_WIDTH = 16


class Style:
    """What the reader's terminal can show, and whether the sources of facts are shown."""

    def __init__(
        self, *, width: int = 100, has_colour: bool = False, is_ascii: bool = False, with_sources: bool = False
    ) -> None:
        self.width = width
        self.has_colour = has_colour
        self.with_sources = with_sources
        if is_ascii:
            self.fork, self.last, self.bar, self.gap = "|- ", "`- ", "|  ", "   "
            self.times, self.dash, self.arrow = "x", "-", "<-"
        else:
            self.fork, self.last, self.bar, self.gap = "├─ ", "└─ ", "│  ", "   "
            self.times, self.dash, self.arrow = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}", "\N{LEFTWARDS ARROW}"

    def colorize(self, text: str, code: str) -> str:
        """Return the text in a colour or weight, if the terminal has colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour and text and code else text

    def or_dash(self, value: object) -> str:
        """Return the value as text; a dash for None."""
        return self.dash if value is None else escape_unprintable(str(value))


class Section:
    """The part of the page that shows one group: a title, and rows of label and value."""

    def __init__(self, style: Style, report: GroupReport, title: str) -> None:
        self.style = style
        self.report = report
        self.title = style.colorize(title, BOLD)
        self.body: list[str] = []

    def row(self, label: str, value: object, *paths: str) -> None:
        """Add a label with its value, wrapped; nothing if the value is None or empty.

        ``paths`` are the fields that the value was made from: their sources are shown if the reader wants sources.
        """
        if value is None or value == "":
            return
        lines = wrap(escape_unprintable(str(value)), self.style.width - LABEL_WIDTH - 3)
        source = self.source(*paths)
        self.body.append(f"  {self.style.colorize(f'{escape_unprintable(label):<{LABEL_WIDTH}}', DIM)} {lines[0]}")
        self.body += [" " * (LABEL_WIDTH + 3) + line for line in lines[1:]]
        if source:
            self.body.append(" " * (LABEL_WIDTH + 3) + source)

    def lines(self) -> list[str]:
        """Return the title and the rows; no line at all if there is no row."""
        return [self.title, *self.body] if self.body else []

    def source(self, *paths: str) -> str:
        """Return where these fields were read; an empty text if the reader does not want sources."""
        if not self.style.with_sources:
            return ""
        sources = self.report.sources
        found: dict[str, None] = {}
        for path in paths:
            place = path
            while place and place not in sources:
                place = place.rpartition(".")[0]
            if place:
                found[sources[place]] = None
            else:
                found |= dict.fromkeys(text for name, text in sources.items() if name.startswith(path + "."))
        text = f"{self.style.arrow} {escape_unprintable('; '.join(found))}" if found else ""
        return self.style.colorize(text, DIM)


def wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most ``width`` columns, broken at blanks; a longer word has its own line."""
    if len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table as indented lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip() for row in rows
    ]
