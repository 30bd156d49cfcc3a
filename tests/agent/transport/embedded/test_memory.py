"""The memory of the real agent while clients hoard: it stays below the MemoryMax of its unit, and others are served."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("proton")
from tests.support.agent_process import ROOT
from tests.support.hoarding_clients import HoardingClients, send_parts_of_messages
from tests.support.transport_helpers import TOPIC, free_port

pytestmark = pytest.mark.slow
UNIT = (ROOT / "packaging" / "hostinfo-agent.service").read_text()
MEMORY_MAX_KIB = int(re.findall(r"(?m)^MemoryMax=(\d+)M$", UNIT)[0]) * 1024


class ListeningAgent:
    """``hostinfo agent --listen`` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = f"amqp://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "hostinfo", "agent", "--listen", self.url, "--state", str(folder)]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stderr=log, cwd=ROOT)
        deadline = time.monotonic() + 30
        while "listening" not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def peak_kib(self) -> int:
        """Return the largest resident memory; ru_maxrss would include that of the parent."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])

    def query(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hostinfo", "console", "--broker", self.url, "get", "ovirtNode"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[ListeningAgent]:
    found = ListeningAgent(tmp_path)
    yield found
    found.process.terminate()
    found.process.wait(timeout=20)


@pytest.mark.parametrize("size", [20_000, 200_000])
def test_a_hundred_clients_that_never_read_do_not_exhaust_the_memory(agent: ListeningAgent, size: int) -> None:
    clients = HoardingClients(agent.url, TOPIC, 100)
    clients.fill(100, size)
    time.sleep(2.5)  # after two seconds they count as stalled, and go first
    done = agent.query()
    assert done.returncode == 0, done.stderr
    clients.fill(20, size)
    assert agent.query().returncode == 0
    assert agent.peak_kib() < MEMORY_MAX_KIB


def test_parts_of_messages_do_not_exhaust_the_memory(agent: ListeningAgent) -> None:
    connections = send_parts_of_messages(agent.url, TOPIC, 20, 900_000)
    done = agent.query()
    assert done.returncode == 0, done.stderr
    assert agent.peak_kib() < MEMORY_MAX_KIB
    assert "disconnected to free memory for other clients" in agent.log.read_text()
    del connections
