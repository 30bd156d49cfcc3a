"""Routing and bounded queues of the embedded broker, without AMQP."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.transport.embedded.exchanges import Exchanges
from hostinfo.agent.transport.embedded.memory_budget import OVERHEAD_BYTES, MemoryBudget, Owner
from hostinfo.agent.transport.embedded.message_queue import MessageQueue
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC


def new_queue(budget: MemoryBudget | None = None, messages: int = 100, size: int = 1_000) -> MessageQueue:
    return MessageQueue(Owner(budget or MemoryBudget(100_000)), lambda _queue: None, messages, size)


def drain(queue: MessageQueue) -> list[bytes]:
    found = []
    while (item := queue.take()) is not None:
        found.append(item[0])
    return found


@given(st.lists(st.integers(0, 120), max_size=60), st.integers(1, 10), st.integers(50, 100))
def test_a_full_queue_keeps_the_newest_messages_that_fit(sizes: list[int], messages: int, size: int) -> None:
    budget = MemoryBudget(100_000)
    queue = new_queue(budget, messages, size)
    expected: deque[bytes] = deque()
    for number, length in enumerate(sizes):
        data = bytes([number]) * length
        queue.put(data, None, TOPIC)
        while expected and (len(expected) >= messages or sum(map(len, expected)) + length > size):
            expected.popleft()
        if length <= size:
            expected.append(data)
        assert queue.size == sum(map(len, expected))
        assert budget.used == queue.size + OVERHEAD_BYTES * len(expected)
    assert budget.dropped == len(sizes) - len(expected)
    assert drain(queue) == list(expected)
    assert budget.used == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=60))
def test_all_queues_together_stay_within_the_budget(puts: list[tuple[int, int]]) -> None:
    budget = MemoryBudget(1_000)
    queues = [new_queue(budget) for _ in range(3)]
    for number, length in puts:
        queues[number].put(b"x" * length, None, TOPIC)
        assert sum(queue.size + OVERHEAD_BYTES * len(queue) for queue in queues) == budget.used <= 1_000
    kept = sum(len(drain(queue)) for queue in queues)
    assert kept + budget.dropped == len(puts)


def test_whoever_holds_the_most_loses_its_oldest() -> None:
    budget = MemoryBudget(100_000)
    hoarder, small = Owner(budget), Owner(budget)
    queues = [MessageQueue(hoarder, lambda _queue: None, 10_000, 100_000) for _ in range(9)]
    for number in range(200):
        queues[number % 9].put(bytes(1_000), None, TOPIC)
    reply = MessageQueue(small, lambda _queue: None, 10_000, 100_000)
    for number in range(40):
        reply.put(bytes([number]) * 1_000, None, TOPIC)
        queues[0].put(bytes(1_000), None, TOPIC)
    assert drain(reply) == [bytes([number]) * 1_000 for number in range(40)]
    assert budget.used <= 100_000


def test_a_flood_of_tiny_messages_is_counted_with_what_they_cost() -> None:
    budget = MemoryBudget(100_000)
    queue = MessageQueue(Owner(budget), lambda _queue: None, 10_000, 100_000)
    for _ in range(5_000):
        queue.put(b"x", None, TOPIC)
    assert len(queue) == 100_000 // (1 + OVERHEAD_BYTES)


def test_guaranteed_memory_is_there_whatever_others_hold() -> None:
    budget = MemoryBudget(100_000)
    others = [new_queue(budget, 1_000, 100_000) for _ in range(100)]
    inbox = MessageQueue(Owner(budget, guaranteed=20_000), lambda _queue: None, 1_000, 100_000)
    for _ in range(10):
        for queue in others:
            queue.put(bytes(800), None, TOPIC)
    inbox.put(bytes(15_000), None, DIRECT)
    assert len(inbox) == 1
    for queue in others:
        queue.put(bytes(800), None, TOPIC)
    assert len(inbox) == 1


def test_a_message_is_routed_to_its_exchange_and_key_and_to_no_other() -> None:
    exchanges = Exchanges("default")
    topic, direct, legacy, reply = (new_queue() for _ in range(4))
    exchanges.bind(TOPIC, "agent.#", topic)
    exchanges.bind(DIRECT, AGENT, direct)
    exchanges.bind("amq.direct", AGENT, legacy)
    exchanges.add_dynamic_node("reply-1", reply)
    for node, key, queue in (
        (TOPIC, "agent.ind.x", topic),
        (DIRECT, AGENT, direct),
        ("amq.direct", AGENT, legacy),
        ("reply-1", None, reply),
    ):
        assert exchanges.has_route(node, key)
        assert exchanges.publish(node, key, b"data", None) == 1
        assert drain(queue) == [b"data"]
    for node, key in ((TOPIC, "console.x"), (DIRECT, "other"), ("reply-2", None), ("", None)):
        assert not exchanges.has_route(node, key)
        assert exchanges.publish(node, key, b"data", None) == 0


def test_a_removed_queue_receives_nothing_and_holds_nothing() -> None:
    exchanges = Exchanges("default")
    budget = MemoryBudget(1_000)
    removed, other = new_queue(budget), new_queue(budget)
    for queue in (removed, other):
        exchanges.bind(TOPIC, "agent.#", queue)
        exchanges.bind(DIRECT, AGENT, queue)
    exchanges.add_dynamic_node("reply-1", removed)
    assert exchanges.publish(TOPIC, "agent.x", b"data", None) == 2
    exchanges.remove(removed, "reply-1")
    assert (budget.used, other.size) == (4 + OVERHEAD_BYTES, 4)
    assert exchanges.publish(TOPIC, "agent.x", b"data", None) == 1
    assert exchanges.publish(DIRECT, AGENT, b"data", None) == 1
    assert not exchanges.has_route("reply-1", None)
    assert len(removed) == 0
