"""Says at the end of a run how much was compared with third-party machines."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .comparison import TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY.machines:
        terminalreporter.write_line(
            f"third-party machines: {len(TALLY.machines)}, values compared: {TALLY.values}, "
            f"of which the table of exceptions has {TALLY.exceptions}"
        )


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder for some thousand small files, gone after the test: in memory where that can be."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)
