"""Messages from other threads, and the event types that are read through proton's C API."""

import threading
import time

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.amqp.proton_library import handled_event_types, next_event_type
from tests.support.transport_helpers import TOPIC, Peer, embedded_agent

proton = pytest.importorskip("proton")


def test_bursts_from_several_threads_wait_for_room_and_lose_nothing() -> None:
    with embedded_agent() as agent, Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
        sent: list[bool] = []

        def burst(name: int) -> None:
            send = agent.transport.send
            sent.extend(send(Message(address=TOPIC, subject="r.1", body=[name, number])) for number in range(2_000))

        threads = [threading.Thread(target=burst, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sent == [True] * 6_000
        console.wait(lambda: len(console.messages) == 6_000, 30)
        for name in range(3):
            order = [
                message.body[1]
                for message in console.messages
                if isinstance(message.body, list) and message.body[0] == name
            ]
            assert order == list(range(2_000))
        assert agent.transport.dropped == console.transport.dropped == 0


def test_messages_after_the_close_are_refused_at_once_and_counted() -> None:
    agent = embedded_agent()
    agent.transport.close()
    start = time.monotonic()
    assert [agent.transport.send(Message(address=TOPIC, body=None)) for _ in range(100)] == [False] * 100
    assert time.monotonic() - start < 1
    assert agent.transport.dropped == 100


def test_a_message_that_cannot_be_encoded_is_dropped_alone() -> None:
    with embedded_agent() as agent, Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
        agent.transport.send(Message(address=TOPIC, subject="r.1", body={"x": 2**80}))
        agent.transport.send(Message(address=TOPIC, subject="r.1", body={"x": 1}))
        console.wait(lambda: len(console.messages) == 1)
        assert console.messages[0].body == {"x": 1}
        assert agent.transport.dropped == 1


def test_the_next_events_type_is_the_one_that_proton_reports() -> None:
    collector, connection = proton.Collector(), proton.Connection()
    assert next_event_type(collector) is None
    connection.collect(collector)
    connection.open()
    seen = []
    while (number := next_event_type(collector)) is not None:
        assert number == collector.peek().type.number
        seen.append(collector.peek().type)
        collector.pop()
    assert seen == [proton.Event.CONNECTION_INIT, proton.Event.CONNECTION_LOCAL_OPEN]


def test_with_another_c_api_every_event_is_looked_at() -> None:
    class Other:
        """A collector of another build."""

        event: object = None

        def peek(self) -> object:
            return self.event

    other = Other()
    assert next_event_type(other) is None
    other.event = object()
    assert next_event_type(other) in handled_event_types(object())
