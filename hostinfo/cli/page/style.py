"""How the page looks: colour, lines, units, and text from strangers made harmless."""

import os
import sys

from hostinfo.cli import terminal_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.dump import GroupReport

BOLD, DIM, RED, YELLOW = "1", "2", "31", "33"
LABEL_WIDTH = 15


class Style:
    """What the reader's terminal can show, and whether sources are wanted."""

    def __init__(self, *, with_sources: bool = False) -> None:
        self.with_sources = with_sources
        out = sys.stdout
        self.width = terminal_width()
        is_terminal = out is not None and out.isatty()
        self.colour = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
        try:
            "├─└│\N{MULTIPLICATION SIGN}…\N{EN DASH}→".encode(getattr(out, "encoding", None) or "ascii")
            self.fork, self.last, self.bar, self.gap = "├─ ", "└─ ", "│  ", "   "
            self.times, self.dash, self.arrow = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}", "\N{LEFTWARDS ARROW}"
        except (UnicodeEncodeError, LookupError):
            self.fork, self.last, self.bar, self.gap = "|- ", "`- ", "|  ", "   "
            self.times, self.dash, self.arrow = "x", "-", "<-"

    def paint(self, text: str, code: str) -> str:
        """The text in a colour or weight, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text and code else text


class Section:
    """One group's part of the page: a title, and rows of label and value."""

    def __init__(self, style: Style, answer: "GroupReport", title: str) -> None:
        self.style = style
        self.answer = answer
        self.lines = [style.paint(title, BOLD)]

    def row(self, label: str, value: object, *paths: str) -> None:
        """A label with its value, wrapped; nothing where the value is None or empty. ``paths``: fields it came from."""
        if value is None or value == "":
            return
        lines = wrap(clean(str(value)), self.style.width - LABEL_WIDTH - 3)
        source = self.source(*paths)
        self.lines.append(f"  {self.style.paint(f'{label:<{LABEL_WIDTH}}', DIM)} {lines[0]}")
        self.lines += [" " * (LABEL_WIDTH + 3) + line for line in lines[1:]]
        if source:
            self.lines.append(" " * (LABEL_WIDTH + 3) + source)

    def source(self, *paths: str) -> str:
        """Where these fields were read, where the reader wants to know it."""
        if not self.style.with_sources:
            return ""
        found: dict[str, None] = {}
        for path in paths:
            place = path
            while place and place not in self.answer.sources:
                place = place.rpartition(".")[0]
            if place:
                found[self.answer.sources[place]] = None
            found |= dict.fromkeys(s for p, s in self.answer.sources.items() if p.startswith(path + ".") and not place)
        text = f"{self.style.arrow} {clean('; '.join(found))}" if found else ""
        return self.style.paint(text, DIM)


def clean(text: str) -> str:
    """The text without what would command a terminal or break a line: such characters are shown as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, broken at blanks; a longer word stands on its own line."""
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


def size(count: int | None) -> str | None:
    """Bytes for people: 16 GiB, 31.2 GiB, 512 KiB."""
    if count is None:
        return None
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024 or unit == "PiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if value == int(value) or value >= 100 else f"{value:.1f} {unit}"


def frequency(hertz: int | None) -> str | None:
    """Hertz for people: 2.4 GHz, 800 MHz."""
    if hertz is None:
        return None
    return f"{hertz / 1e9:.2f}".rstrip("0").rstrip(".") + " GHz" if hertz >= 10**9 else f"{hertz / 1e6:.0f} MHz"


def speed(megabits: int | None) -> str | None:
    """Megabits a second for people: 100 Mb/s, 2.5 Gb/s."""
    if megabits is None:
        return None
    return f"{megabits / 1000:g} Gb/s" if megabits >= 1000 else f"{megabits} Mb/s"


def duration(seconds: float | None) -> str | None:
    """Seconds for people: 3 d 4 h, 12 min, 5 s."""
    if seconds is None:
        return None
    left = int(seconds)
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= length:
            parts.append(f"{left // length} {unit}")
            left %= length
    return " ".join(parts[:2]) or "0 s"


def ranges(numbers: "tuple[int, ...] | list[int]") -> str:
    """Numbers as the kernel lists CPUs: 0-3,8-11."""
    parts: list[str] = []
    start = last = None
    for number in [*sorted(numbers), None]:
        if last is not None and number is not None and number == last + 1:
            last = number
            continue
        if start is not None:
            parts.append(str(start) if start == last else f"{start}-{last}")
        start = last = number
    return ",".join(parts)


def count(number: int, noun: str) -> str:
    """1 socket, 2 sockets."""
    return f"{number:,} {noun}".replace(",", " ") + ("" if number == 1 else "es" if noun.endswith("ch") else "s")


def words(*parts: object) -> str | None:
    """The parts that are there, with commas; None: there is none."""
    return ", ".join(str(part) for part in parts if part) or None
