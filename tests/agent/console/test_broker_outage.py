"""A subscription through the loss of its broker: what was added, changed and deleted meanwhile is reported."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hostinfo.agent.console import Console, Update, UpdateKind
from hostinfo.agent.qmf import Agent, DataObject, Message
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import PROCESSORS, Fleet, agent_name, fleet_agent
from tests.support.qmf_node import NOW, processor
from tests.support.rabbitmq import RabbitMq
from tests.support.transport_helpers import TOPIC, wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.slow
AGENT = agent_name(1)
Outage = Callable[[RabbitMq, Callable[[], None]], None]


class Watched:
    """A fleet of one agent with five objects, and what a subscription of a console has reported about them."""

    def __init__(self, fleet: Fleet, console: Console) -> None:
        self.fleet = fleet
        self.objects: dict[str, DataObject] = fleet.responders[AGENT].store.all  # type: ignore[attr-defined]
        self.known: dict[int, object] = {}
        self.kinds: list[UpdateKind] = []
        agents: list[Agent] = console.agents()
        console.subscribe(PROCESSORS, self._on_update, [agent.name for agent in agents], interval_seconds=1)
        wait_until(lambda: len(self.known) == 5)

    def _on_update(self, update: Update) -> None:
        number = int(str(update.item.values["number"]))
        self.kinds.append(update.kind)
        if update.kind is UpdateKind.DELETED:
            del self.known[number]
        else:
            self.known[number] = update.item.values["mhz"]

    def put(self, number: int, mhz: float, seconds: int) -> None:
        values = {"number": number, "mhz": mhz}
        self.objects[f"processor-{number}"] = replace(processor(number, NOW + seconds * 10**9), values=values)

    def delete(self, number: int) -> None:
        """Delete an object as the agent does: its subscribers get the deletion, if they are connected."""
        deleted = replace(self.objects.pop(f"processor-{number}"), delete_ts=time.time_ns())
        for message in self.fleet.responders[AGENT].publish_deleted(deleted, time.time_ns()):
            self.fleet.transport.send(message)

    def expect(self, known: dict[int, object]) -> None:
        """Wait until the reports add up to this."""
        deadline = time.monotonic() + 30
        while self.known != known:
            assert time.monotonic() < deadline, self.known
            self.fleet.tick()
            time.sleep(0.1)


@pytest.fixture
def watched(broker: RabbitMq) -> Iterator[Watched]:
    options = TransportOptions(urls=(broker.url,), heartbeat_seconds=2)
    with (
        Fleet([fleet_agent(1, processors=5)], options) as fleet,
        Console(open_transport(options)) as console,
    ):
        yield Watched(fleet, console)


def kill(broker: RabbitMq, meanwhile: Callable[[], None]) -> None:
    broker.kill()
    meanwhile()
    thread = threading.Thread(target=broker.start)
    thread.start()
    thread.join()


def freeze(broker: RabbitMq, meanwhile: Callable[[], None]) -> None:
    pid = broker.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        meanwhile()
        time.sleep(6)  # longer than two heartbeats: both peers give the connection up
    finally:
        os.kill(pid, signal.SIGCONT)


def close_connections(broker: RabbitMq, meanwhile: Callable[[], None]) -> None:
    broker.control("close_all_connections", "by the operator")
    meanwhile()


@pytest.mark.parametrize("outage", [kill, freeze, close_connections])
def test_changes_before_during_and_after_an_outage_are_reported(
    broker: RabbitMq, watched: Watched, outage: Outage
) -> None:
    watched.put(0, 1.0, 1)
    watched.delete(1)  # these may be lost with the broker

    def meanwhile() -> None:
        watched.put(2, 2.0, 2)
        watched.delete(3)
        watched.put(7, 7.0, 2)

    outage(broker, meanwhile)
    watched.expect({0: 1.0, 2: 2.0, 4: 2400.5, 7: 7.0})
    watched.put(8, 8.0, 3)
    watched.delete(4)
    watched.expect({0: 1.0, 2: 2.0, 7: 7.0, 8: 8.0})
    assert watched.kinds.count(UpdateKind.DELETED) == 3  # each once


def test_an_agent_that_loses_its_connection_alone_reports_what_was_deleted(watched: Watched) -> None:
    transport: Any = watched.fleet.transport
    transport._loop.call_soon(lambda: transport._connection.fail("cut"))
    wait_until(lambda: not transport.send(Message(address=TOPIC, subject="x")))
    watched.delete(1)
    watched.put(9, 9.0, 2)
    watched.expect({0: 2400.5, 2: 2400.5, 3: 2400.5, 4: 2400.5, 9: 9.0})
