"""Simulated agents, run as processes of their own.

    python benchmarks/simulated.py serve URL OBJECTS    # one agent with the embedded exchange
    python benchmarks/simulated.py fleet URL COUNT      # agents of a broker, one connection each
    python benchmarks/simulated.py heartbeats URL COUNT     # the same, without statistics
    python benchmarks/simulated.py queues URL COUNT         # the same, connected but silent
    python benchmarks/simulated.py connections URL COUNT    # connections without a session

Each agent uses the protocol library's agent side. Every ten seconds, it sends a heartbeat and the statistics of a host
with four links. The process prints "ready" when all are connected.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Iterable
from functools import partial
from queue import SimpleQueue
from typing import Any

from proton.handlers import MessagingHandler
from proton.reactor import Container

from hostinfo.agent.qmf import (
    AgentName,
    DataObject,
    DataType,
    Identity,
    Message,
    ObjectId,
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

    def beat(self, *, has_statistics: bool = True) -> None:
        self.transport.send(heartbeat(self.responder.identity, time.time_ns()))
        for message in data_indications(self.responder.identity, self.statistics if has_statistics else ()):
            self.transport.send(message)


def serve(url: str, objects: int) -> None:
    """Run one agent with the embedded broker and `objects` objects."""
    options = TransportOptions(listen=url, max_connections=20_000)
    agent = Simulated(open_transport(options), 0, [data(HOST, n) for n in range(objects)], is_threaded=True)
    agent.is_connected.wait()
    print("ready", flush=True)
    while True:
        agent.beat()
        time.sleep(INTERVAL_SECONDS)


def fleet(url: str, count: int, *, has_heartbeats: bool = True, has_statistics: bool = True) -> None:
    """Run `count` agents with one connection each; their heartbeats are spread over the interval."""
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
    if not has_heartbeats:
        threading.Event().wait()
    begun = time.monotonic()
    beats = 0
    while True:
        agents[beats % count].beat(has_statistics=has_statistics)
        beats += 1
        time.sleep(max(0.0, begun + beats * INTERVAL_SECONDS / count - time.monotonic()))


class Bare(MessagingHandler):
    """Opens `count` connections and nothing else; they answer the broker's heartbeats."""

    def __init__(self, url: str, count: int) -> None:
        super().__init__()
        self._url, self._count, self._opened = url, count, 0

    def on_start(self, event: Any) -> None:
        self._connect(event.container)

    def on_connection_opened(self, event: Any) -> None:
        self._opened += 1
        if self._opened < self._count:
            self._connect(event.container)
        else:
            print("ready", flush=True)

    def _connect(self, container: Container) -> None:
        heartbeat = TransportOptions().heartbeat_seconds
        container.container_id = f"bare-{self._opened}"
        container.connect(self._url, heartbeat=heartbeat, reconnect=False, allowed_mechs="ANONYMOUS")


def connections(url: str, count: int) -> None:
    Container(Bare(url, count)).run()


def raise_descriptor_limit() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


if __name__ == "__main__":
    raise_descriptor_limit()
    kinds = {
        "serve": serve,
        "fleet": fleet,
        "heartbeats": partial(fleet, has_statistics=False),
        "queues": partial(fleet, has_heartbeats=False),
        "connections": connections,
    }
    kinds[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
