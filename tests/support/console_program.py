"""``hostinfo console`` as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .command import ENTRY, environment, hostinfo

Completed = subprocess.CompletedProcess[str]


class Program:
    def __init__(self, tmp_path: Path, url: str) -> None:
        self.tmp_path, self.url = tmp_path, url

    def __call__(self, *arguments: str) -> Completed:
        return hostinfo(self.tmp_path, "console", "--broker", self.url, *arguments)

    def json(self, *arguments: str) -> list[dict[str, object]]:
        ran = self("--json", *arguments)
        assert ran.returncode == 0, ran.stderr
        found: list[dict[str, object]] = json.loads(ran.stdout)
        return found

    def start(self, *arguments: str, before: str = "") -> subprocess.Popen[str]:
        """Start a command; ``before`` is Python code that runs first in its process."""
        line = [sys.executable, "-c", f"{before}\n{ENTRY}", "console", "--broker", self.url, *arguments]
        return subprocess.Popen(
            line, env=environment(self.tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def rows(completed: Completed) -> list[list[str]]:
    return [line.split() for line in completed.stdout.splitlines()]
