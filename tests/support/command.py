"""Runs the command line in a new process, with the sample driver installed like one of a third party."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY = "import sys; from hostinfo.cli import main; sys.exit(main())"
"""The start script of an installed hostinfo."""


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return an environment in which the sample driver is installed: the path has a distribution's metadata."""
    info = tmp_path / "site" / "sample-1.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hostinfo.drivers]\nsample = tests.support.sample_factory:SAMPLE\n")
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "TERM")}
    return kept | {"PYTHONPATH": f"{ROOT}:{tmp_path / 'site'}", "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"} | more


def hostinfo(tmp_path: Path, *arguments: str, stdin: bytes = b"", **more: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line with these arguments and environment variables."""
    return subprocess.run(
        [sys.executable, "-c", ENTRY, *arguments],
        env=environment(tmp_path, **more),
        input=stdin.decode(),
        capture_output=True,
        text=True,
        encoding=more.get("PYTHONIOENCODING", "utf-8").partition(":")[0],
        timeout=60,
        check=False,
    )
