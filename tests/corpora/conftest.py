"""Print at the end of a run how many values of third-party machines were compared."""

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
            f"exceptions: {TALLY.exceptions}"
        )


@pytest.fixture
def unpack_dir() -> Iterator[Path]:
    """Return a temporary directory for thousands of small files, in memory if possible."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)
