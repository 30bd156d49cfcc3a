"""Decisions about a client of the embedded broker: plain values in, plain values out."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport.codec.envelope import Envelope
from hostinfo.agent.transport.codec.message_codec import decode, encode
from hostinfo.agent.transport.embedded.client_connection_logic import (
    AttachConsumer,
    AttachProducer,
    ClientConnectionLogic,
    ConsumerRequest,
    ProducerRequest,
    Publish,
    RejectMessage,
)
from hostinfo.agent.transport.embedded.exchanges import Exchanges
from hostinfo.agent.transport.embedded.memory_budget import MemoryBudget, Owner
from hostinfo.agent.transport.embedded.message_queue import MessageQueue
from hostinfo.agent.transport.embedded.node_addresses import Destination, LinkRejected
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC

DYNAMIC = "reply-0"


def exchanges() -> Exchanges:
    """The exchanges of an agent, with a dynamic node."""
    found = Exchanges("default")
    found.reserve(AGENT)
    found.add_dynamic_node(DYNAMIC, MessageQueue(Owner(MemoryBudget(1_000)), lambda _queue: None, 10, 1_000))
    return found


def client(user: str | None = None, max_links: int = 10) -> ClientConnectionLogic:
    numbers = count(1)
    logic = ClientConnectionLogic(exchanges(), max_links, lambda: f"reply-{next(numbers)}")
    logic.open(user)
    return logic


def condition(decision: object) -> str:
    assert isinstance(decision, LinkRejected)
    return decision.condition


def message(*, to: str | None = None, **fields: object) -> bytes:
    return encode(Message(**{"body": {"n": 1}, **fields}), address=to)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "keys", "bindings"),
    [
        (TOPIC, (), ((TOPIC, "#"),)),
        (TOPIC, ("agent.#", "console.*"), ((TOPIC, "agent.#"), (TOPIC, "console.*"))),
        (f"{TOPIC}/direct-console.1", (), ((TOPIC, "direct-console.1"),)),
        (f"{TOPIC}/b", ("a",), ((TOPIC, "a"), (TOPIC, "b"))),
        (DIRECT, ("qmfc-1",), ((DIRECT, "qmfc-1"),)),
        (f"/exchange/{DIRECT}/qmfc-1", (), ((DIRECT, "qmfc-1"),)),
        ("amq.direct/console", (), (("amq.direct", "console"),)),
        (f"{TOPIC}/{AGENT}", (), ((TOPIC, AGENT),)),
    ],
)
def test_a_consumer_is_bound_by_its_address_and_its_filter(
    address: str, keys: tuple[str, ...], bindings: tuple[tuple[str, str], ...]
) -> None:
    decision = client().attach_consumer("link", ConsumerRequest(address, binding_keys=keys))
    assert decision == AttachConsumer(bindings=bindings)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ConsumerRequest(None), "amqp:not-found"),
        (ConsumerRequest(""), "amqp:not-found"),
        (ConsumerRequest("qmf.default.nothing"), "amqp:not-found"),
        (ConsumerRequest(DYNAMIC), "amqp:not-found"),
        (ConsumerRequest("qmf.other.topic", binding_keys=("a",)), "amqp:not-found"),
        (ConsumerRequest(DIRECT), "amqp:invalid-field"),
        (ConsumerRequest(DIRECT, binding_keys=(AGENT,)), "amqp:not-allowed"),
        (ConsumerRequest(f"{DIRECT}/{AGENT}"), "amqp:not-allowed"),
        (ConsumerRequest(f"/exchanges/{DIRECT}/{AGENT}"), "amqp:not-allowed"),
        (ConsumerRequest(f"{DIRECT}/free", binding_keys=("also-free", AGENT)), "amqp:not-allowed"),
        (ConsumerRequest(TOPIC, filter_error="filter: not a map"), "amqp:invalid-field"),
    ],
)
def test_what_no_client_may_receive_is_rejected(request_: ConsumerRequest, expected: str) -> None:
    logic = client()
    assert condition(logic.attach_consumer("link", request_)) == expected
    assert logic.consumers == {}


def test_a_dynamic_source_becomes_a_node_of_a_new_name() -> None:
    logic = client()
    assert logic.attach_consumer("a", ConsumerRequest(is_dynamic=True)) == AttachConsumer(dynamic_node="reply-1")
    assert logic.attach_consumer("b", ConsumerRequest(is_dynamic=True)) == AttachConsumer(dynamic_node="reply-2")
    assert logic.detach("a") == AttachConsumer(dynamic_node="reply-1")
    assert logic.detach("a") is None


@pytest.mark.parametrize(
    ("address", "destination"),
    [
        (DIRECT, Destination(DIRECT, None)),
        (f"{DIRECT}/{AGENT}", Destination(DIRECT, AGENT)),
        (f"{TOPIC}/", Destination(TOPIC, None)),
        (DYNAMIC, Destination(DYNAMIC, None)),
        (f"/{DYNAMIC}", Destination(DYNAMIC, None)),
        (None, None),
    ],
)
def test_a_producer_sends_to_an_exchange_a_dynamic_node_or_an_anonymous_relay(
    address: str | None, destination: Destination | None
) -> None:
    assert client().attach_producer("link", ProducerRequest(address)) == AttachProducer(destination)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ProducerRequest("missing-queue"), "amqp:not-found"),
        (ProducerRequest(f"{DYNAMIC}/key"), "amqp:not-found"),
        (ProducerRequest(is_dynamic=True), "amqp:not-implemented"),
        (ProducerRequest(DIRECT, is_coordinator=True), "amqp:not-implemented"),
    ],
)
def test_what_no_client_may_send_to_is_rejected(request_: ProducerRequest, expected: str) -> None:
    logic = client()
    assert condition(logic.attach_producer("link", request_)) == expected
    assert logic.producers == {}


def test_links_are_counted_in_both_directions_and_freed_ones_again() -> None:
    logic = client(max_links=2)
    logic.attach_consumer("a", ConsumerRequest(TOPIC))
    logic.attach_producer("b", ProducerRequest(DIRECT))
    assert condition(logic.attach_consumer("c", ConsumerRequest(TOPIC))) == "amqp:resource-limit-exceeded"
    assert condition(logic.attach_producer("c", ProducerRequest(DIRECT))) == "amqp:resource-limit-exceeded"
    logic.detach("a")
    assert logic.attach_producer("c", ProducerRequest(DIRECT)) == AttachProducer(Destination(DIRECT, None))


@pytest.mark.parametrize(
    ("target", "data", "node", "key"),
    [
        (DIRECT, message(subject=AGENT), DIRECT, AGENT),
        (f"{DIRECT}/{AGENT}", message(subject="other"), DIRECT, AGENT),
        (TOPIC, message(), TOPIC, ""),
        (None, message(to=f"{DIRECT}/{AGENT}"), DIRECT, AGENT),
        (None, message(to=TOPIC, subject="console.x"), TOPIC, "console.x"),
        (None, message(to=DYNAMIC), DYNAMIC, ""),
        (None, message(to="nowhere"), "", ""),
        (None, message(), "", ""),
        (DIRECT, message(to=TOPIC, subject=AGENT), DIRECT, AGENT),
    ],
)
def test_a_message_is_routed_by_its_link_and_else_by_its_own_address(
    target: str | None, data: bytes, node: str, key: str
) -> None:
    logic = client()
    logic.attach_producer("link", ProducerRequest(target))
    assert logic.receive("link", data) == Publish(node, key, data, None)


def test_a_message_that_is_not_decodable_costs_the_client_no_link() -> None:
    logic = client()
    logic.attach_producer("link", ProducerRequest(DIRECT))
    assert isinstance(logic.receive("link", b"\x00\x53\x73\xff"), RejectMessage)
    assert isinstance(logic.receive("link", message(subject=AGENT)), Publish)


USERS = st.one_of(st.none(), st.sampled_from(["joe@REALM", "ann@REALM", "CN=console 1", "joe"]))
CLAIMS = st.one_of(st.none(), st.sampled_from(["joe", "ann", "joe@REALM", "ann@REALM", "CN=console 1", "root", "@"]))


@given(USERS, CLAIMS)
def test_a_published_message_has_the_users_name_and_a_claim_of_another_ends_the_link(
    user: str | None, claimed: str | None
) -> None:
    logic = client(user)
    logic.attach_producer("link", ProducerRequest(DIRECT))
    decision = logic.receive("link", message(subject=AGENT, user_id=claimed))
    allowed = {None, user} | ({user.split("@")[0]} if user is not None else set())
    if claimed in allowed:
        assert isinstance(decision, Publish)
        assert Envelope(decision.data).user_id == decode(decision.data).user_id == user
        assert decode(decision.data).body == {"n": 1}
    else:
        assert condition(decision) == "amqp:not-allowed"
        assert logic.receive("link", message(subject=AGENT)) is None
        assert logic.producers == {}


@given(st.binary(max_size=200), USERS)
def test_any_bytes_are_published_rejected_or_end_the_link(data: bytes, user: str | None) -> None:
    logic = client(user)
    logic.attach_producer("link", ProducerRequest(None))
    decision = logic.receive("link", data)
    if isinstance(decision, Publish):
        assert Envelope(decision.data).user_id == user
    else:
        assert isinstance(decision, RejectMessage | LinkRejected)
        assert ("link" in logic.producers) == isinstance(decision, RejectMessage)


@given(st.lists(st.tuples(st.sampled_from(["consume", "produce", "detach", "large"]), st.integers(0, 5)), max_size=60))
def test_the_links_that_are_attached_are_those_that_were_accepted_and_not_detached(
    steps: list[tuple[str, int]],
) -> None:
    logic = client(max_links=3)
    consumers: set[int] = set()
    producers: set[int] = set()
    for step, link in steps:
        match step:
            case "consume" if link not in consumers | producers:
                if isinstance(logic.attach_consumer(link, ConsumerRequest(TOPIC)), AttachConsumer):
                    consumers.add(link)
            case "produce" if link not in consumers | producers:
                if isinstance(logic.attach_producer(link, ProducerRequest(TOPIC)), AttachProducer):
                    producers.add(link)
            case "detach":
                assert (logic.detach(link) is not None) == (link in consumers)
                consumers.discard(link)
                producers.discard(link)
            case "large":
                assert condition(logic.reject_large_message(link, 100)) == "amqp:link:message-size-exceeded"
                producers.discard(link)
        assert logic.consumers.keys() == consumers
        assert logic.producers.keys() == producers
        assert len(consumers | producers) <= 3
    logic.end()
    assert not logic.consumers
    assert not logic.producers


def test_a_client_that_does_not_open_in_time_is_disconnected() -> None:
    logic = ClientConnectionLogic(exchanges(), 10, lambda: "reply-1")
    assert logic.must_abort()
    logic.open(None)
    assert not logic.must_abort()
    ended = ClientConnectionLogic(exchanges(), 10, lambda: "reply-1")
    ended.end()
    assert not ended.must_abort()
