"""The countdown on a terminal: keep the change or undo it."""

from __future__ import annotations

import os
import select
import sys
from time import monotonic

from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, write_output
from hostinfo.model.report import TransactionState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DECIDED = (TransactionState.CONFIRMED, TransactionState.ROLLED_BACK, TransactionState.UNKNOWN)


def decide(pending: Any) -> int:
    """Ask until the user or somebody else has decided, or the time is over; return the exit code.

    The guard undoes the change at the end of the window, also if this process or its terminal ends before.
    """
    write_output(f"{pending.transaction.id}: applied. Type k to keep it, u to undo it, then Enter.\n")
    shown = None
    while True:
        report = pending.report
        if report.state in DECIDED:
            write_output(f"\r{report.id}: {report.state.value}{' ' * 20}\n")
            return EXIT_OK if report.state is TransactionState.CONFIRMED else EXIT_NO_DATA
        left = f"\r{report.remaining_seconds:3.0f} s until it is undone: keep or undo? [k/u] "
        if left != shown:
            write_output(left)
            shown = left
        answer = _answer()
        if answer == "k":
            write_output(f"{pending.commit().result.value}\n")
            return EXIT_OK
        if answer == "u":
            write_output(f"{pending.rollback().result.value}\n")
            return EXIT_NO_DATA


def _answer() -> str:
    """Return the first letter of a line that was typed within half a second; empty: none."""
    end = monotonic() + 0.5
    while (left := end - monotonic()) > 0:
        if select.select([sys.stdin], [], [], left)[0]:
            line = os.read(sys.stdin.fileno(), 1000)
            if not line:  # the terminal is gone; the guard decides
                raise KeyboardInterrupt
            return line.decode("ascii", "replace").strip()[:1].lower()
    return ""
