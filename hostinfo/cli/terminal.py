"""The terminal on standard output: its width, whether it has colour, what its encoding can show."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.output.text.style import Style


def terminal_width() -> int:
    """Return COLUMNS, else the columns of the terminal on standard output, else 100."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns[:5]) >= 20:
        return int(columns[:5])
    try:
        return max(os.get_terminal_size(1).columns, 20)
    except OSError:
        return 100


def has_colour() -> bool:
    """Whether standard output is a terminal with colour, and the user did not turn colour off (NO_COLOR)."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def make_style(*, with_sources: bool) -> Style:
    """Return the style of text on standard output."""
    from hostinfo.output.text.style import Style

    is_ascii = False
    try:
        "├─└│\N{MULTIPLICATION SIGN}…\N{EN DASH}→".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        is_ascii = True
    return Style(width=terminal_width(), has_colour=has_colour(), is_ascii=is_ascii, with_sources=with_sources)
