"""What a fleet costs RabbitMQ 4, apart for connections, queues, heartbeats, statistics and a console.

    python benchmarks/broker_costs.py                       # 200 and 500 agents: about 13 minutes
    python benchmarks/broker_costs.py --agents 50 --seconds 20

Each row is a broker that was started for it, with the rows above included. Memory and CPU time are those of the
broker's process, less those of a broker without connections, divided by the number of agents.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from exchanges import CpuClock, memory_mib, pss_mib, simulated, started
from simulated import INTERVAL_SECONDS, raise_descriptor_limit

from hostinfo.agent.console import Console
from hostinfo.agent.transport import TransportOptions, open_transport

NOTHING = "no connection"
ROWS = {
    NOTHING: "",
    "idle connections": "connections",
    "+ session, links, queue with its bindings": "queues",
    "+ heartbeats": "heartbeats",
    "+ statistics": "fleet",
    "+ a console that receives all": "fleet",
}
STATUS_GROUPS = {
    "connections": ("connection_readers", "connection_writers", "connection_channels", "connection_other"),
    "queues": ("queue_procs", "queue_slave_procs", "quorum_queue_procs", "stream_queue_procs"),
    "metadata": ("metadata_store", "metadata_store_ets", "mnesia", "other_ets", "metrics"),
    "binaries": ("binary",),
}
"""Parts of the memory in `rabbitmqctl status`."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The broker's CPU seconds per second, its memory in KiB, and parts of that by its own count."""

    cpu: float
    rss: float
    pss: float
    parts: dict[str, float]


def measure(kind: str, count: int, seconds: float, settle: float, *, has_console: bool) -> tuple[Cost, str]:
    with started() as broker, simulated(kind, broker.url, str(count)) if kind else nullcontext():
        pid = broker.pid()
        with receiving(broker.url) if has_console else nullcontext():
            time.sleep(settle)
            clock, begun = CpuClock(pid), time.monotonic()
            cpu = clock.seconds()
            time.sleep(seconds)
            cpu = (clock.seconds() - cpu) / (time.monotonic() - begun)
            rss, pss = memory_mib(pid) * 1024, pss_mib(pid) * 1024
            status = json.loads(broker.control("status", "--formatter", "json"))
    parts = {name: sum(status["memory"].get(key, 0) for key in keys) / 1024 for name, keys in STATUS_GROUPS.items()}
    return Cost(cpu=cpu, rss=rss, pss=pss, parts=parts), status["rabbitmq_version"]


@contextmanager
def receiving(url: str) -> Iterator[None]:
    """A console that receives the heartbeats, events and statistics of all agents."""
    with Console(open_transport(TransportOptions(urls=(url,)))) as console:
        console.connect(60)
        console.add_listener(lambda _item: None, events=True, data=True)
        yield


def print_row(name: str, values: list[str]) -> None:
    print(f"| {name:<42} | " + " | ".join(f"{value:>11}" for value in values) + " |", flush=True)


def measure_fleet(count: int, seconds: float, settle: float, rows: int | None) -> None:
    print_row(f"{count} agents", ["CPU ms/10 s", "PSS KiB", "RSS KiB", *(f"{name}" for name in STATUS_GROUPS)])
    print(f"|{'-' * 44}|" + f"{'-' * 12}:|" * (3 + len(STATUS_GROUPS)))
    empty = None
    for name, kind in list(ROWS.items())[:rows]:
        cost, version = measure(kind, count, seconds, settle, has_console="console" in name)
        if empty is None:
            empty = cost
            figures = [cost.cpu * INTERVAL_SECONDS * 1000, cost.pss, cost.rss, *cost.parts.values()]
            print_row(f"{name} (RabbitMQ {version}, whole)", [f"{value:,.0f}" for value in figures])
            continue
        cpu = (cost.cpu - empty.cpu) * INTERVAL_SECONDS * 1000 / count
        parts = [(cost.parts[part] - empty.parts[part]) / count for part in STATUS_GROUPS]
        memory = [(cost.pss - empty.pss) / count, (cost.rss - empty.rss) / count, *parts]
        print_row(name, [f"{cpu:.2f}", *(f"{value:.0f}" for value in memory)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, nargs="+", default=[200, 500])
    parser.add_argument("--seconds", type=float, default=40.0, help="how long to measure each row")
    parser.add_argument("--settle", type=float, default=15.0, help="how long to wait before that")
    parser.add_argument("--rows", type=int, help="only the first ones")
    options = parser.parse_args()
    raise_descriptor_limit()
    for count in options.agents:
        measure_fleet(count, options.seconds, options.settle, options.rows)


if __name__ == "__main__":
    main()
