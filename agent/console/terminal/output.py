"""Where a command writes: results, error messages, progress."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..responses import Response
from .table import Row, default_columns, record_lines, requested_columns, table
from .values import to_text

BOLD, DIM, RED, YELLOW = "1", "2", "31", "33"
PROGRESS_AFTER_SECONDS, PROGRESS_SECONDS = 1.0, 0.3
HIDDEN_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The program's output streams, and how to format for them."""

    write: Callable[[str], None]
    print_error: Callable[[str], None]
    write_progress: Callable[[str], None] | None = None
    """Writes to the terminal without a new line; None: standard error is not a terminal."""
    width: int | None = None
    """Width of the terminal in characters; None: not a terminal."""
    has_color: bool = False
    is_json: bool = False

    def colorize(self, text: str, code: str) -> str:
        """Return the text in a color or weight, if the output has color."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_color and text and code else text

    def write_records(self, records: Iterable[object]) -> None:
        """Write a list of JSON objects, one per line."""
        lines = ",\n".join(" " + _json(record) for record in records)
        self.write(f"[\n{lines}\n]\n" if lines else "[]\n")

    def write_record(self, record: object) -> None:
        """Write one line of JSON."""
        self.write(_json(record) + "\n")

    def write_rows(self, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
        """Write a table; for a single row without requested columns, one line per property."""
        if len(rows) == 1 and not columns:
            self.write("\n".join(record_lines(rows[0], self.width)) + "\n")
            return
        names = requested_columns(rows, columns) or default_columns(rows)
        if len(names) == 1 and columns:
            self.write("".join(to_text(row.get(names[0])) + "\n" for row in rows))
            return
        lines, hidden = table(rows, names, self.width)
        self.write("\n".join([self.colorize(lines[0], BOLD), *lines[1:]]) + "\n")
        if hidden:
            text = to_text(", ".join(name.removeprefix("@") for name in hidden), HIDDEN_CHARACTERS)
            self.print_error(f"console: columns not shown: {text}; select with --columns, or use --json")


class Progress:
    """Shows the progress of a request on a terminal if it takes longer than a second; a context manager."""

    def __init__(self, output: Output, label: str, total: int = 0) -> None:
        self._write, self._label, self._total = output.write_progress, label, total
        self._count = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start to wait."""
        if self._write is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the line."""
        self._done.set()
        if self._write is not None:
            self._thread.join()

    def count(self, _response: Response) -> None:
        """Count a response."""
        self._count += 1

    def _run(self) -> None:
        if self._write is None or self._done.wait(PROGRESS_AFTER_SECONDS):
            return
        while not self._done.is_set():
            counted = f": {self._count} of {self._total} responded" if self._total else ""
            self._write(f"\r{self._label}{counted}\x1b[K")
            self._done.wait(PROGRESS_SECONDS)
        self._write("\r\x1b[K")


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")  # line ends for some readers
