"""The actions service on the toy network: ``python -m tests.support.actions_service FOLDER POLICY [SOCKET]``.

Without SOCKET, systemd passes it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hostinfo.actions.network.transaction import Limits, NetworkAction
from hostinfo.actions.service.main import serve
from hostinfo.model.report import Requester
from tests.support import toy_network as toy
from tests.support.toy_actions import CHECKOUT

POLICY = """
[window]
minimum_seconds = 1
maximum_seconds = 600

[[allow]]
who = ["local"]
read = ["*"]

[[allow]]
who = ["60001"]
call = ["*Network"]
"""
ALLOWED, FORBIDDEN = 60001, 60002
"""User IDs without a name."""
BECOME = """
import json, os, sys
from hostinfo.varlink.client import call
from hostinfo.varlink.errors import VarlinkError
os.setgroups([])
uid = int(sys.argv.pop(1))
os.setgid(uid)
os.setuid(uid)
"""


def main(folder: str, policy: str, path: str | None = None) -> None:
    def open_network(requester: Requester, _: tuple[str, ...], limits: Limits) -> NetworkAction:
        chosen = toy.SHORT if requester.uid == 0 else limits
        return NetworkAction(toy.reference(Path(folder)), root=f"{folder}/journal", requester=requester, limits=chosen)

    idle = float(os.environ.get("IDLE_SECONDS", "60"))
    serve(
        policy=policy,
        path=path,
        journal_root=f"{folder}/journal",
        idle_seconds=None if path else idle,
        open_network=open_network,
    )


class ServiceProcess:
    """The service in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "run" / "actions")
        self.policy = folder / "actions.toml"
        self._log = folder / "log"
        (folder / "run").mkdir()
        self.policy.write_text(POLICY)
        self.policy.chmod(0o644)
        line = [sys.executable, "-m", __name__, str(folder), str(self.policy), self.path]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(line, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while "ready" not in self._log.read_text():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def log(self) -> list[str]:
        return self._log.read_text().splitlines()

    def audits(self) -> list[str]:
        """Return the audit records so far."""
        return [line.partition("audit: ")[2] for line in self.log() if "audit: " in line]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter; those of pytest are closed by each pytest that starts."""
    with TemporaryDirectory(prefix="hostinfo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def service() -> Iterator[ServiceProcess]:
    with open_folder() as folder:
        process = ServiceProcess(toy.create(folder, eth0=1500))
        try:
            yield process
        finally:
            process.kill()


def run_as(uid: int, code: str, *arguments: str) -> str:
    """Run code as another user without a name, and return its output.

    Modules are imported before: that user may not read the folder of the interpreter.
    """
    line = [sys.executable, "-c", BECOME + code, str(uid), *arguments]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
