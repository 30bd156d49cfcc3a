"""Agent and console through the embedded broker: latency, a large response, a fleet, the idle agent.

    python benchmarks/agent.py                     # everything, with 1,000 simulated agents: about three minutes
    python benchmarks/agent.py --agents 100 --rest 20
    python benchmarks/agent.py --only fleet --rabbitmq      # the fleet at RabbitMQ, started here

Each side runs in a separate process. The simulated agents use the protocol library's agent side, with one connection
each. Every ten seconds, each sends a heartbeat and the statistics of a host with four links.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from hostinfo.agent.console import AgentChange, AgentState, Console
from hostinfo.agent.qmf import (
    AgentName,
    DataObject,
    DataType,
    Identity,
    Indication,
    Message,
    ObjectId,
    Query,
    Responder,
    SchemaClass,
    SchemaId,
    SchemaProperty,
    ULong,
    data_indications,
    heartbeat,
)
from hostinfo.agent.qmf.wire.addresses import LOCATE_BINDING, direct_exchange, topic_exchange
from hostinfo.agent.transport import ConnectionState, Transport, TransportOptions, open_transport
from hostinfo.agent.transport.amqp.event_loop import EventLoop
from hostinfo.agent.transport.broker.transport import BrokerTransport

PACKAGE = "com.redhat.ovirtNode"
INTERVAL_SECONDS = 10.0


def schema(name: str, count: int) -> SchemaClass:
    properties = tuple(SchemaProperty(name=f"{name}Counter{n}", type=DataType.INT) for n in range(count))
    return SchemaClass(package=PACKAGE, name=name, properties=properties)


HOST, LINK = schema("hostStatistics", 31), schema("interfaceStatistics", 13)


class Store:
    def __init__(self, objects: Iterable[DataObject]) -> None:
        self.all = {item.object_id.object_name: item for item in objects if item.object_id is not None}

    def schemas(self) -> Iterable[SchemaClass]:
        return (HOST, LINK)

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:
        del schema_id
        return self.all.values()

    def object(self, object_id: ObjectId) -> DataObject | None:
        return self.all.get(object_id.object_name)


def data(of: SchemaClass, number: int) -> DataObject:
    values = {item.name: ULong(10**12 + number) for item in of.properties}
    return DataObject(
        object_id=ObjectId(f"{of.name}:{number}"),
        schema_id=of.id,
        values=values,
        create_ts=time.time_ns(),
        update_ts=time.time_ns(),
    )


class SharedLoop(EventLoop):
    """A loop that many transports share, because a thousand threads in one process would block each other."""

    def __init__(self, host: EventLoop) -> None:
        self._host = host
        self.call_soon, self.call_later = host.call_soon, host.call_later  # type: ignore[method-assign]
        self.watch = host.watch  # type: ignore[method-assign]

    def start(self) -> None:
        pass

    @property
    def is_started(self) -> bool:
        return True

    @property
    def is_current_thread(self) -> bool:
        return self._host.is_current_thread

    def stop(self) -> None:
        pass

    def join(self, seconds: float) -> None:
        pass


class Simulated:
    """One agent on a transport."""

    def __init__(
        self,
        transport: Transport,
        number: int,
        objects: Iterable[DataObject],
        *,
        is_threaded: bool = False,
    ) -> None:
        identity = Identity(
            name=AgentName("example.org", "simulated", f"{number:06d}"),
            attributes={"hostname": f"sim{number:06d}", "uuid": f"{number:032x}", "architecture": "x86_64"},
            epoch=1,
        )
        self.responder = Responder(identity=identity, store=Store(objects))
        self.statistics = [data(HOST, 0), *(data(LINK, n) for n in range(4))]
        self.transport = transport
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self.is_connected = threading.Event()
        self.transport.subscribe(direct_exchange(), str(identity.name))
        self.transport.subscribe(topic_exchange(), LOCATE_BINDING)
        self.transport.start(self._inbox.put if is_threaded else self._answer, self._state)
        if is_threaded:
            threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        """Respond in a separate thread, like `hostinfo agent`."""
        while True:
            self._answer(self._inbox.get())

    def _answer(self, message: Message) -> None:
        for answer in self.responder.handle(message, time.time_ns()):
            self.transport.send(answer)

    def _state(self, state: ConnectionState, _text: str) -> None:
        if state is ConnectionState.CONNECTED:
            self.is_connected.set()

    def beat(self) -> None:
        self.transport.send(heartbeat(self.responder.identity, time.time_ns()))
        for message in data_indications(self.responder.identity, self.statistics):
            self.transport.send(message)


def serve(url: str, objects: int) -> None:
    """Role: one agent with the embedded broker and `objects` objects."""
    options = TransportOptions(listen=url, max_connections=20_000)
    agent = Simulated(open_transport(options), 0, [data(HOST, n) for n in range(objects)], is_threaded=True)
    agent.is_connected.wait()
    print("ready", flush=True)
    while True:
        agent.beat()
        time.sleep(INTERVAL_SECONDS)


def fleet(url: str, count: int) -> None:
    """Role: `count` agents with one connection each; their heartbeats are spread over the interval."""
    agents = []
    loop = EventLoop("fleet")
    loop.start()
    options = TransportOptions(urls=(url,))
    for number in range(1, count + 1):
        agents.append(Simulated(BrokerTransport(options, SharedLoop(loop)), number, [data(HOST, 0)]))
        if number % 50 == 0:
            agents[-1].is_connected.wait(30)
    for agent in agents:
        if not agent.is_connected.wait(60):
            raise SystemExit("an agent could not connect")
    print("ready", flush=True)
    begun = time.monotonic()
    beats = 0
    while True:
        agents[beats % count].beat()
        beats += 1
        time.sleep(max(0.0, begun + beats * INTERVAL_SECONDS / count - time.monotonic()))


@contextmanager
def role(*words: str) -> Iterator[int]:
    """Run this file in another role; yield the process id when it is ready."""
    running = subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True)
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


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all live threads, from the scheduler: ticks miss short runs."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory_mib(pid: int, what: str = "VmRSS") -> float:
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(what + ":")) / 1024


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
            before = cpu_seconds(running.pid)
            time.sleep(seconds)
            share = (cpu_seconds(running.pid) - before) / seconds * 100
            row(f"idle hostinfo agent over {seconds:.0f} s: share of a core", f"{share:.2f} %", "0.3 %")
            row("idle hostinfo agent: resident", f"{memory_mib(running.pid):.0f} MiB", "60 MiB")
        finally:
            running.terminate()
            running.wait(20)


def measure_large(count: int) -> None:
    url = free_url()
    with role("--serve", url, str(count)) as pid, connect(url) as console:
        (agent,) = console.agents()
        before, cpu, own = memory_mib(pid), cpu_seconds(pid), cpu_seconds(os.getpid())
        begun = time.perf_counter()
        answer = console.query([agent], Query(schema_id=HOST.id), 120)[0]
        took = time.perf_counter() - begun
        assert answer.is_success
        assert len(answer.items) == count
        row(f"{count:,} objects of 31 values in one query", f"{took:.2f} s", "1.5 s")
        shares = f"{cpu_seconds(pid) - cpu:.2f} / {cpu_seconds(os.getpid()) - own:.2f} s"
        row("the same: CPU of the agent / of the console", shares, "together 1.5 s")
        row("the same: the agent's memory before / peak", f"{before:.0f} / {memory_mib(pid, 'VmHWM'):.0f} MiB")


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
    with role("--serve", url, "1") as pid:
        yield Exchange(
            name="embedded exchange",
            url=url,
            agents=1,
            cpu=lambda: cpu_seconds(pid),
            memory=lambda: memory_mib(pid),
            waiting=lambda: f"{memory_mib(pid):.0f} MiB resident",
        )


@contextmanager
def rabbitmq() -> Iterator[Exchange]:
    """The distribution's RabbitMQ, configured as in docs/brokers.md."""
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from tests.support.rabbitmq import RabbitMq

    with tempfile.TemporaryDirectory() as folder:
        broker = RabbitMq(Path(folder))
        try:
            broker.start()
            pid = broker.pid()

            def waiting() -> str:
                queues = [int(line) for line in broker.control("list_queues", "messages", "--no-table-headers").split()]
                return f"{sum(queues):,} in {len(queues):,} queues, most {max(queues, default=0):,}"

            yield Exchange(
                name="RabbitMQ",
                url=broker.url,
                agents=0,
                cpu=lambda: cpu_seconds(pid),
                memory=lambda: memory_mib(pid),
                waiting=waiting,
            )
        finally:
            broker.stop()


def measure_fleet(kind: Callable[[], AbstractContextManager[Exchange]], count: int, seconds: float) -> None:
    with kind() as exchange:
        empty = exchange.memory()
        with role("--fleet", exchange.url, str(count)) as agents:
            with connect(exchange.url) as console:
                watch_fleet(exchange, console, count, seconds)
                row(f"{exchange.name}: memory per agent", f"{(exchange.memory() - empty) / count * 1024:.0f} KiB")
                row("the simulated agents together: resident", f"{memory_mib(agents):.0f} MiB")
            list_fleet(exchange, agents)


def watch_fleet(exchange: Exchange, console: Console, count: int, seconds: float) -> None:
    """Measure a console that receives all updates of the agents."""
    console.connect()
    updates: list[AgentChange | Indication] = []
    console.add_listener(updates.append, events=False, data=True)
    time.sleep(INTERVAL_SECONDS + 2)
    waiting = exchange.waiting()
    time.sleep(2)  # updates that this delayed have arrived
    updates.clear()
    before, own, begun = exchange.cpu(), cpu_seconds(os.getpid()), time.monotonic()
    time.sleep(seconds)
    received, took = list(updates), time.monotonic() - begun
    cpu, own = (exchange.cpu() - before) / took, (cpu_seconds(os.getpid()) - own) / took
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


def list_fleet(exchange: Exchange, agents: int) -> None:
    """Measure a new console that finds all agents and queries each."""
    for _ in range(3):
        before, fleet_before, own_before = exchange.cpu(), cpu_seconds(agents), cpu_seconds(os.getpid())
        begun = time.perf_counter()
        with connect(exchange.url) as console:
            found = console.agents(seconds=30)
            took = time.perf_counter() - begun
            row(f"{exchange.name}: console list, {len(found):,} agents found", f"{took:.2f} s", "3 s")
            shares = [exchange.cpu() - before, cpu_seconds(agents) - fleet_before]
            row("the same: CPU of exchange / fleet", " / ".join(f"{share:.2f}" for share in shares) + " s")
            begun = time.perf_counter()
            answers = console.query(found, Query(schema_id=HOST.id), 60)
            took = time.perf_counter() - begun
            good = sum(answer.is_success for answer in answers)
            row(f"one object of each of them: {good:,} answers", f"{took:.2f} s")
            row("both: CPU of the console", f"{cpu_seconds(os.getpid()) - own_before:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--rest", type=float, default=60.0, help="seconds to measure the idle agent")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds to measure the fleet")
    parser.add_argument("--rabbitmq", action="store_true", help="use the distribution's RabbitMQ for the fleet")
    parser.add_argument("--only", choices=["rest", "large", "fleet"])
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--fleet", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if options.serve:
        serve(options.serve[0], int(options.serve[1]))
    if options.fleet:
        threading.stack_size(256 * 1024)
        fleet(options.fleet[0], int(options.fleet[1]))
    print(f"| {'subject':<62} | {'measured':>26} | {'target':<14} |\n|{'-' * 64}|{'-' * 27}:|{'-' * 16}|")
    if options.only in (None, "large"):
        measure_large(options.objects)
    if options.only in (None, "fleet"):
        measure_fleet(rabbitmq if options.rabbitmq else embedded, options.agents, options.seconds)
    if options.only in (None, "rest"):
        measure_rest(options.rest, options.rounds)


if __name__ == "__main__":
    main()
