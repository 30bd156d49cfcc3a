"""Messages from other threads, and what the transport asks of proton's inner parts."""

import threading
import time

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.amqp.proton_library import handled_event_types, next_event_type
from tests.support.transport_helpers import TOPIC, End, agent

proton = pytest.importorskip("proton")


def test_bursts_from_several_threads_wait_and_lose_nothing() -> None:
    with agent() as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end:
        sent: list[bool] = []

        def burst(name: int) -> None:
            send = node.transport.send
            sent.extend(send(Message(address=TOPIC, subject="r.1", body=[name, number])) for number in range(2_000))

        threads = [threading.Thread(target=burst, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sent == [True] * 6_000
        end.wait(lambda: len(end.messages) == 6_000, 30)
        for name in range(3):
            order = [
                message.body[1]
                for message in end.messages
                if isinstance(message.body, list) and message.body[0] == name
            ]
            assert order == list(range(2_000))
        assert node.transport.dropped == end.transport.dropped == 0


def test_what_is_sent_after_the_end_is_refused_at_once_and_counted() -> None:
    node = agent()
    node.transport.close()
    begun = time.monotonic()
    assert [node.transport.send(Message(address=TOPIC, body=None)) for _ in range(100)] == [False] * 100
    assert time.monotonic() - begun < 1
    assert node.transport.dropped == 100


def test_a_message_that_cannot_be_encoded_is_dropped_alone() -> None:
    with agent() as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end:
        node.transport.send(Message(address=TOPIC, subject="r.1", body={"x": 2**80}))
        node.transport.send(Message(address=TOPIC, subject="r.1", body={"x": 1}))
        end.wait(lambda: len(end.messages) == 1)
        assert end.messages[0].body == {"x": 1}
        assert node.transport.dropped == 1


def test_the_type_of_the_next_event_is_told_as_proton_tells_it() -> None:
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


def test_a_proton_without_its_inner_parts_is_asked_for_the_event_itself() -> None:
    class Other:
        """A collector of another build."""

        event: object = None

        def peek(self) -> object:
            return self.event

    other = Other()
    assert next_event_type(other) is None
    other.event = object()
    assert next_event_type(other) in handled_event_types(object())
