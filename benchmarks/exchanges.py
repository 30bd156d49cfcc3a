"""The exchanges of a fleet: the embedded one, and RabbitMQ in both versions; the CPU time and memory of processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.rabbitmq import RabbitMq

ROOT = Path(__file__).resolve().parent.parent


class CpuClock:
    """CPU seconds of a process by its threads, from the scheduler: ticks miss short runs.

    A thread that has ended counts with what it had at the last reading.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._nanoseconds: dict[str, int] = {}

    def seconds(self) -> float:
        for thread in os.listdir(f"/proc/{self._pid}/task"):
            try:
                with open(f"/proc/{self._pid}/task/{thread}/schedstat") as file:
                    self._nanoseconds[thread] = int(file.read().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
        return sum(self._nanoseconds.values()) / 1e9


def memory_mib(pid: int, what: str = "VmRSS") -> float:
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(what + ":")) / 1024


def pss_mib(pid: int) -> float:
    """Return the proportional set size: shared pages count in part."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


@contextmanager
def simulated(*words: str) -> Iterator[int]:
    """Run simulated agents; yield the process id when they are ready."""
    running = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("simulated.py"), *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        if running.stdout.readline().strip() != "ready":
            raise SystemExit(f"{' '.join(words)} did not start")
        yield running.pid
    finally:
        running.kill()
        running.communicate()


def free_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"amqp://127.0.0.1:{free.getsockname()[1]}"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A broker of the fleet, and its figures."""

    name: str
    url: str
    agents: int  # in the broker's process
    cpu: Callable[[], float]
    memory: Callable[[], float]
    waiting: Callable[[], str]  # messages in its queues


@contextmanager
def embedded() -> Iterator[Exchange]:
    url = free_url()
    with simulated("serve", url, "1") as pid:
        clock = CpuClock(pid)
        yield Exchange(
            name="embedded exchange",
            url=url,
            agents=1,
            cpu=clock.seconds,
            memory=lambda: memory_mib(pid),
            waiting=lambda: f"{memory_mib(pid):.0f} MiB resident",
        )


@contextmanager
def started(*, is_version_4: bool = True) -> Iterator[RabbitMq]:
    """Run RabbitMQ with one scheduler thread, as the tests do."""
    sys.path.insert(0, str(ROOT))
    from tests.support.rabbitmq import RabbitMq, version_4_root

    version_4 = version_4_root() if is_version_4 else None
    with tempfile.TemporaryDirectory() as folder, RabbitMq(Path(folder), version_4=version_4) as broker:
        yield broker


@contextmanager
def rabbitmq(name: str) -> Iterator[Exchange]:
    """RabbitMQ as docs/brokers.md configures it: the distribution's version 3, or version 4 in a root of its own."""
    with started(is_version_4=name == "RabbitMQ 4") as broker:
        pid = broker.pid()
        clock = CpuClock(pid)

        def waiting() -> str:
            queues = [int(line) for line in broker.control("list_queues", "messages", "--no-table-headers").split()]
            return f"{sum(queues):,} in {len(queues):,} queues, most {max(queues, default=0):,}"

        yield Exchange(
            name=name, url=broker.url, agents=0, cpu=clock.seconds, memory=lambda: memory_mib(pid), waiting=waiting
        )
