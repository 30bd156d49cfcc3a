"""Where a command writes: results, complaints, progress."""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..answers import Answer
from .table import Row, chosen, columns, sheet, table
from .values import shown

BOLD, DIM, RED, YELLOW = "1", "2", "31", "33"
PROGRESS_AFTER, PROGRESS_EVERY = 1.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the program's output is, and how to write to it."""

    write: Callable[[str], None]
    print_error: Callable[[str], None]
    progress: Callable[[str], None] | None = None
    """Writes to a terminal beside the output; None where there is none."""
    width: int | None = None
    """Columns of the terminal; None where the output is none."""
    has_colour: bool = False
    is_json: bool = False

    def paint(self, text: str, code: str) -> str:
        """Give the text in a colour or weight, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour and text and code else text

    def records(self, found: Iterable[object]) -> None:
        """Write a list of JSON objects, one a line."""
        lines = ",\n".join(" " + _json(one) for one in found)
        self.write(f"[\n{lines}\n]\n" if lines else "[]\n")

    def record(self, one: object) -> None:
        """Write one line of JSON."""
        self.write(_json(one) + "\n")

    def rows(self, rows: Sequence[Row], wanted: Sequence[str] = ()) -> None:
        """Write a table; of a single row without wanted columns a sheet."""
        if len(rows) == 1 and not wanted:
            self.write("\n".join(sheet(rows[0], self.width)) + "\n")
            return
        names = chosen(rows, wanted) or columns(rows)
        if len(names) == 1 and wanted:
            self.write("".join(shown(row.get(names[0])) + "\n" for row in rows))
            return
        lines, hidden = table(rows, names, self.width)
        self.write("\n".join([self.paint(lines[0], BOLD), *lines[1:]]) + "\n")
        if hidden:
            names_text = ", ".join(name.removeprefix("@") for name in hidden)
            self.print_error(f"console: no room for {shown(names_text, 200)}: choose with --columns, or take --json")


class Progress:
    """Says on a terminal how far a request is, once it takes longer than a moment."""

    def __init__(self, screen: Screen, what: str, total: int = 0) -> None:
        self._say, self._what, self._total = screen.progress, what, total
        self._count = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        if self._say is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipe it away."""
        self._done.set()
        if self._say is not None:
            self._thread.join()

    def answer(self, _answer: Answer) -> None:
        """Count one."""
        self._count += 1

    def _run(self) -> None:
        if self._say is None or self._done.wait(PROGRESS_AFTER):
            return
        while not self._done.is_set():
            counted = f": {self._count} of {self._total} answered" if self._total else ""
            self._say(f"\r{self._what}{counted}\x1b[K")
            self._done.wait(PROGRESS_EVERY)
        self._say("\r\x1b[K")


def _json(one: object) -> str:
    return (
        json.dumps(one, ensure_ascii=False, allow_nan=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )
