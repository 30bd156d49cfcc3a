"""Events while a broker is killed: none is lost, and a console receives none twice."""

from __future__ import annotations

import threading
import time

import pytest

from hostinfo.agent.console import Console, Notification
from hostinfo.agent.qmf import Event, Indication, SchemaId, SchemaKind
from hostinfo.agent.qmf.agent_side.messages import event_indication
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.rabbitmq import RabbitMq
from tests.support.transport_helpers import wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.slow
SCHEMA = SchemaId("example", "tick", SchemaKind.EVENT)


def test_no_event_is_lost_or_received_twice_when_the_broker_is_killed(broker_of_each_version: RabbitMq) -> None:
    received: list[int] = []

    def note(notification: Notification) -> None:
        if isinstance(notification, Indication):
            received.extend(item.values["n"] for item in notification.items if isinstance(item, Event))  # type: ignore[misc]

    options = TransportOptions(urls=(broker_of_each_version.url,), retry_seconds=2)
    with Fleet([fleet_agent(1, 1)], options) as fleet, Console(open_transport(options)) as console:
        console.connect(60)
        console.add_listener(note)
        identity = fleet.responders[agent_name(1)].identity
        sent = 0

        def send_for(seconds: float) -> None:
            nonlocal sent
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                event = Event(schema_id=SCHEMA, values={"n": sent}, timestamp=time.time_ns())
                assert fleet.transport.send(event_indication(identity, event))
                sent += 1
                time.sleep(0.01)

        send_for(0.5)
        wait_until(lambda: len(received) > 10, 60)
        before = received[0]
        send_for(0.5)
        broker_of_each_version.kill()
        send_for(0.5)
        thread = threading.Thread(target=broker_of_each_version.start)
        thread.start()
        send_for(0.5)
        thread.join()
        deadline = time.monotonic() + 120
        while len(set(received)) < sent - before and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        assert sorted(received) == list(range(before, sent))
