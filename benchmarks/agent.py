"""Agent and console: latency, a large response, a fleet, the idle agent.

    python benchmarks/agent.py                     # everything, with 1,000 simulated agents: about three minutes
    python benchmarks/agent.py --agents 100 --rest 20
    python benchmarks/agent.py --only fleet --broker rabbitmq-4    # the fleet at RabbitMQ 4, started here

Each side runs in a separate process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from exchanges import CpuClock, Exchange, embedded, free_url, memory_mib, rabbitmq, simulated
from simulated import HOST, INTERVAL_SECONDS, raise_descriptor_limit

from hostinfo.agent.console import AgentChange, AgentState, Console
from hostinfo.agent.qmf import Indication, Query, SchemaId
from hostinfo.agent.transport import TransportOptions, open_transport

BROKERS: dict[str, Callable[[], AbstractContextManager[Exchange]]] = {
    "embedded": embedded,
    "rabbitmq-3": partial(rabbitmq, "RabbitMQ 3"),
    "rabbitmq-4": partial(rabbitmq, "RabbitMQ 4"),
}
OWN = CpuClock(os.getpid())


def connect(url: str) -> Console:
    return Console(open_transport(TransportOptions(urls=(url,))))


def row(subject: str, measured: str, target: str = "") -> None:
    print(f"| {subject:<62} | {measured:>26} | {target:<14} |", flush=True)


def latency(console: Console, name: str, query: Query, rounds: int) -> None:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = console.query([name], query)[0]
        times.append(time.perf_counter() - begun)
        assert answer.is_success
        assert len(answer.items) == 1
    times.sort()
    median, p99 = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
    row(f"query of one object, {rounds} times: median / p99", f"{median:.1f} / {p99:.1f} ms", "5 / 20 ms")


def measure_rest(seconds: float, rounds: int) -> None:
    """Measure the real agent of this machine."""
    url = free_url()
    with tempfile.TemporaryDirectory() as state:
        line = [sys.executable, "-m", "hostinfo", "agent", "--listen", url, "--state", state]
        running = subprocess.Popen(line, stderr=subprocess.DEVNULL)
        try:
            with connect(url) as console:
                console.connect(60, tries=1_000)
                (agent,) = console.agents(seconds=20)
                name = agent.name
                one = console.query([name], Query(schema_id=SchemaId("", "ovirtNode", None)))[0].objects[0]
                latency(console, name, Query(object_id=one.object_id), rounds)
            time.sleep(12)
            clock = CpuClock(running.pid)
            before = clock.seconds()
            time.sleep(seconds)
            share = (clock.seconds() - before) / seconds * 100
            row(f"idle hostinfo agent over {seconds:.0f} s: share of a core", f"{share:.2f} %", "0.3 %")
            row("idle hostinfo agent: resident", f"{memory_mib(running.pid):.0f} MiB", "60 MiB")
        finally:
            running.terminate()
            running.wait(20)


def measure_large(count: int) -> None:
    url = free_url()
    with simulated("serve", url, str(count)) as pid, connect(url) as console:
        clock = CpuClock(pid)
        (agent,) = console.agents()
        before, cpu, own = memory_mib(pid), clock.seconds(), OWN.seconds()
        begun = time.perf_counter()
        answer = console.query([agent], Query(schema_id=HOST.id), 120)[0]
        took = time.perf_counter() - begun
        assert answer.is_success
        assert len(answer.items) == count
        row(f"{count:,} objects of 31 values in one query", f"{took:.2f} s", "1.5 s")
        shares = f"{clock.seconds() - cpu:.2f} / {OWN.seconds() - own:.2f} s"
        row("the same: CPU of the agent / of the console", shares, "together 1.5 s")
        row("the same: the agent's memory before / peak", f"{before:.0f} / {memory_mib(pid, 'VmHWM'):.0f} MiB")


def measure_fleet(kind: Callable[[], AbstractContextManager[Exchange]], count: int, seconds: float) -> None:
    with kind() as exchange:
        empty = exchange.memory()
        with simulated("fleet", exchange.url, str(count)) as agents:
            with connect(exchange.url) as console:
                watch_fleet(exchange, console, count, seconds)
                row(f"{exchange.name}: memory per agent", f"{(exchange.memory() - empty) / count * 1024:.0f} KiB")
                row("the simulated agents together: resident", f"{memory_mib(agents):.0f} MiB")
            list_fleet(exchange, CpuClock(agents))


def watch_fleet(exchange: Exchange, console: Console, count: int, seconds: float) -> None:
    """Measure a console that receives all updates of the agents."""
    console.connect()
    updates: list[AgentChange | Indication] = []
    console.add_listener(updates.append, events=False, data=True)
    time.sleep(INTERVAL_SECONDS + 2)
    waiting = exchange.waiting()
    time.sleep(2)  # updates that this delayed have arrived
    updates.clear()
    before, own, begun = exchange.cpu(), OWN.seconds(), time.monotonic()
    time.sleep(seconds)
    received, took = list(updates), time.monotonic() - begun
    cpu, own = (exchange.cpu() - before) / took, (OWN.seconds() - own) / took
    heartbeats = sum(isinstance(item, AgentChange) and item.state is not AgentState.LOST for item in received)
    indications = len(received) - heartbeats
    expected = (count + exchange.agents) * took / INTERVAL_SECONDS
    share = f"{heartbeats / expected * 100:.0f} %"
    row(f"{exchange.name}, {count:,} agents: heartbeats received / expected", share, "steady")
    row("statistics received / expected", f"{indications / expected / 2 * 100:.0f} %", "steady")
    row("messages in its queues, at first", waiting)
    row(f"the same after {took:.0f} s", exchange.waiting(), "no more")
    row(f"{exchange.name}: share of a core", f"{cpu * 100:.1f} %")
    row(f"{exchange.name}: CPU per agent and interval of 10 s", f"{cpu / count * INTERVAL_SECONDS * 1000:.2f} ms")
    row("the console that receives all: CPU per agent and interval", f"{own / count * INTERVAL_SECONDS * 1000:.2f} ms")
    row(f"{exchange.name}: resident", f"{exchange.memory():.0f} MiB")


def list_fleet(exchange: Exchange, fleet: CpuClock) -> None:
    """Measure a new console that finds all agents and queries each."""
    for _ in range(3):
        before, fleet_before, own_before = exchange.cpu(), fleet.seconds(), OWN.seconds()
        begun = time.perf_counter()
        with connect(exchange.url) as console:
            found = console.agents(seconds=30)
            took = time.perf_counter() - begun
            row(f"{exchange.name}: console list, {len(found):,} agents found", f"{took:.2f} s", "3 s")
            shares = [exchange.cpu() - before, fleet.seconds() - fleet_before]
            row("the same: CPU of exchange / fleet", " / ".join(f"{share:.2f}" for share in shares) + " s")
            begun = time.perf_counter()
            answers = console.query(found, Query(schema_id=HOST.id), 60)
            took = time.perf_counter() - begun
            good = sum(answer.is_success for answer in answers)
            row(f"one object of each of them: {good:,} answers", f"{took:.2f} s")
            row("both: CPU of the console", f"{OWN.seconds() - own_before:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--rest", type=float, default=60.0, help="seconds to measure the idle agent")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds to measure the fleet")
    parser.add_argument("--broker", choices=BROKERS, default="embedded", help="the exchange of the fleet")
    parser.add_argument("--only", choices=["rest", "large", "fleet"])
    options = parser.parse_args()
    raise_descriptor_limit()
    print(f"| {'subject':<62} | {'measured':>26} | {'target':<14} |\n|{'-' * 64}|{'-' * 27}:|{'-' * 16}|")
    if options.only in (None, "large"):
        measure_large(options.objects)
    if options.only in (None, "fleet"):
        measure_fleet(BROKERS[options.broker], options.agents, options.seconds)
    if options.only in (None, "rest"):
        measure_rest(options.rest, options.rounds)


if __name__ == "__main__":
    main()
