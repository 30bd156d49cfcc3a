"""One stream of indications, compared with a queue per console: `hostinfo console events` at RabbitMQ 4.

    python benchmarks/indication_stream.py                          # both, at four rates: about eight minutes
    python benchmarks/indication_stream.py --rates 200 --seconds 10

One publisher sends events with as many values as the statistics of a host. Of the consoles, all but two read as fast as
they can, one is read at SLOW_LINES lines per second, and one starts only when half of the events were sent. With the
stream they run `hostinfo console events --json --from indications`, the late one with `--offset first`.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exchanges import CpuClock, memory_mib, pss_mib, started
from proton.handlers import MessagingHandler
from proton.reactor import AtMostOnce, Container
from simulated import HOST, PACKAGE

from hostinfo.agent.qmf import AgentName, Event, Identity, SchemaId, SchemaKind, ULong, event_indication
from hostinfo.agent.transport.broker.address_schemes import RabbitMq4Scheme
from hostinfo.agent.transport.codec.message_codec import encode

if TYPE_CHECKING:
    from tests.support.rabbitmq import RabbitMq

STREAM, TOPIC = "indications", "qmf.default.topic"
SLOW_LINES = 100
SAMPLE_SECONDS = 0.5
TICK_SECONDS = 0.01
MARK = 0x7EADBEEFCAFE0123
"""The place of the sequence number in an encoded event."""
DRAIN_SECONDS = 20.0
START_SECONDS = 8.0
"""Until the consoles show events: they connect, and list the agents first. What comes before that counts as lost."""
DEFINITIONS = {
    "exchanges": [
        {"name": TOPIC, "vhost": "/", "type": "topic", "durable": True, "auto_delete": False, "internal": False,
         "arguments": {}},
    ],
    "queues": [
        {"name": STREAM, "vhost": "/", "durable": True, "auto_delete": False,
         "arguments": {"x-queue-type": "stream", "x-max-age": "10m"}},
    ],
    "bindings": [
        {"source": TOPIC, "vhost": "/", "destination": STREAM, "destination_type": "queue",
         "routing_key": "agent.ind.#", "arguments": {}},
    ],
}  # fmt: skip
NUMBER = re.compile(r'"sequence": ?(\d+)')


@dataclass
class Reader:
    """A console whose output is read at a pace; `numbers` are the events that it has shown."""

    name: str
    lines_per_second: float | None = None
    numbers: list[int] = field(default_factory=list)
    last: float = 0.0
    _running: subprocess.Popen[str] | None = None

    def start(self, url: str, *, stream_offset: str | None) -> None:
        words = ["events", "--json", "--broker", url]
        if stream_offset is not None:
            words += ["--from", STREAM, "--offset", stream_offset]
        line = [sys.executable, "-m", "hostinfo", "console", *words]
        self._running = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._running is not None
        assert self._running.stdout is not None
        begun = time.monotonic()
        for line in self._running.stdout:
            found = NUMBER.search(line)
            if found is None:
                continue
            self.numbers.append(int(found.group(1)))
            self.last = time.monotonic()
            if self.lines_per_second is not None:
                begun = max(begun, self.last - 1.0) + 1 / self.lines_per_second
                time.sleep(max(0.0, begun - time.monotonic()))

    def cpu(self) -> float:
        """Return the CPU seconds of the console."""
        return CpuClock(self._running.pid).seconds() if self._running is not None else 0.0

    def stop(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait(20)

    def result(self, published: int, ended: float) -> str:
        """Return what it has shown, has lost before its newest one, and has still to read."""
        shown = set(self.numbers[:])
        if not shown:
            return "0 shown"
        newest = max(shown)
        lost = newest + 1 - len(shown)
        behind = published - 1 - newest
        late = f"done after {self.last - ended:.1f} s" if behind == 0 else f"{behind:,} to read"
        return f"{len(shown):,} shown, {lost:,} lost, {late}"


class Publisher(MessagingHandler):
    """Sends events at a rate, but no more than the broker gives credit for: none is dropped here."""

    def __init__(self, url: str, rate: float, seconds: float) -> None:
        super().__init__()
        self._url, self._rate, self._count = url, rate, round(rate * seconds)
        self._sent, self._begun = 0, 0.0
        self._connection: Any = None
        self._sender: Any = None
        identity = Identity(name=AgentName("example.org", "simulated", "publisher"), attributes={}, epoch=1)
        values = {item.name: ULong(10**12) for item in HOST.properties} | {"sequence": ULong(MARK)}
        event = Event(
            schema_id=SchemaId(PACKAGE, "sample", SchemaKind.EVENT), values=values, timestamp=time.time_ns(), severity=6
        )
        message = replace(event_indication(identity, event), message_id=None)  # consoles drop a second one with its id
        data = encode(message, address=RabbitMq4Scheme().target(message, is_exchange=True).to)
        self._head, self._tail = data.split(struct.pack(">Q", MARK))

    def on_start(self, event: Any) -> None:
        self._connection = event.container.connect(self._url, reconnect=False, allowed_mechs="ANONYMOUS")
        self._sender = event.container.create_sender(self._connection, None, options=AtMostOnce())
        self._begun = time.monotonic()
        event.container.schedule(TICK_SECONDS, self)

    def on_sendable(self, event: Any) -> None:
        del event
        self._send()

    def on_timer_task(self, event: Any) -> None:
        self._send()
        if self._sent < self._count:
            event.container.schedule(TICK_SECONDS, self)
        else:
            print(json.dumps({"count": self._sent, "seconds": time.monotonic() - self._begun}), flush=True)
            self._connection.close()

    def _send(self) -> None:
        due = min(self._count, round((time.monotonic() - self._begun) * self._rate))
        while self._sent < due and self._sender.credit > 0:
            delivery = self._sender.delivery(str(self._sent))
            self._sender.stream(self._head + struct.pack(">Q", self._sent) + self._tail)
            self._sender.advance()
            delivery.settle()
            self._sent += 1


class Sampler:
    """The largest memory of a process, in MiB, and its CPU seconds."""

    def __init__(self, pid: int) -> None:
        self._pid, self._clock = pid, CpuClock(pid)
        self._before, self.begun = self._clock.seconds(), time.monotonic()
        self.rss = self.pss = 0.0

    def sample(self) -> None:
        self.rss, self.pss = max(self.rss, memory_mib(self._pid)), max(self.pss, pss_mib(self._pid))

    def cpu(self) -> float:
        return self._clock.seconds() - self._before


def run(rate: int, seconds: float, consoles: int, *, is_stream: bool) -> None:
    with started() as broker:
        (broker.folder / "made.json").write_text(json.dumps(DEFINITIONS if is_stream else {}))
        broker.control("import_definitions", "/srv/broker/made.json")
        readers = [Reader(f"console {number + 1}") for number in range(consoles - 2)]
        readers += [Reader(f"{SLOW_LINES}/s", lines_per_second=SLOW_LINES), Reader("late")]
        try:
            for reader in readers[:-1]:
                reader.start(broker.url, stream_offset="next" if is_stream else None)
            time.sleep(START_SECONDS)
            measure(broker, readers, rate, seconds, is_stream=is_stream)
        finally:
            for reader in readers:
                reader.stop()


def measure(broker: RabbitMq, readers: list[Reader], rate: int, seconds: float, *, is_stream: bool) -> None:
    words = [sys.executable, __file__, "--publish", broker.url, "--rates", str(rate), "--seconds", str(seconds)]
    before, first_cpu = memory_mib(broker.pid()), readers[0].cpu()
    publisher = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    sampler = Sampler(broker.pid())
    is_late_started = False
    while publisher.poll() is None:
        sampler.sample()
        if not is_late_started and time.monotonic() - sampler.begun >= seconds / 2:
            readers[-1].start(broker.url, stream_offset="first" if is_stream else None)
            is_late_started = True
        time.sleep(SAMPLE_SECONDS)
    ended = time.monotonic()
    cpu, elapsed = sampler.cpu(), ended - sampler.begun
    sent = json.loads(publisher.communicate()[0])
    fast = [reader for reader in readers if reader.lines_per_second is None]
    while time.monotonic() < ended + DRAIN_SECONDS and not all(is_done(reader, sent["count"]) for reader in fast):
        sampler.sample()
        time.sleep(SAMPLE_SECONDS)
    count, first = sent["count"], readers[0]
    console = (first.cpu() - first_cpu) / max(1, len(first.numbers))
    columns = [
        "stream" if is_stream else "queues", rate, f"{count / sent['seconds']:.0f}", f"{cpu / elapsed * 100:.0f} %",
        f"{cpu / count * 1000:.2f} ms", f"{console * 1000:.2f} ms", f"{before:.0f}", f"{sampler.rss:.0f}",
        f"{sampler.pss:.0f}", f"{stored_mib(broker):.0f}", *(reader.result(count, ended) for reader in readers),
    ]  # fmt: skip
    print(f"| {' | '.join(map(str, columns))} |", flush=True)


def is_done(reader: Reader, count: int) -> bool:
    return bool(reader.numbers) and reader.numbers[-1] == count - 1


def stored_mib(broker: RabbitMq) -> float:
    """Return the size of the streams on disk."""
    return sum(path.stat().st_size for path in Path(broker.folder).glob("mnesia/*/stream/**/*.segment")) / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[250, 500, 1_000, 2_000], help="events per second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to publish")
    parser.add_argument("--consoles", type=int, default=4)
    parser.add_argument("--only", choices=["queues", "stream"])
    parser.add_argument("--publish", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        Container(Publisher(options.publish, options.rates[0], options.seconds)).run()
        return
    names = [*(f"console {number + 1}" for number in range(options.consoles - 2)), f"{SLOW_LINES} lines/s", "late"]
    columns = ["design", "offered/s", "taken/s", "broker: share of a core", "per event", "console per event",
               "RSS before, MiB", "largest", "PSS", "on disk, MiB", *names]  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for kind in [options.only] if options.only else ["queues", "stream"]:
        for rate in options.rates:
            run(rate, options.seconds, options.consoles, is_stream=kind == "stream")


if __name__ == "__main__":
    main()
