"""Address schemes: expected values from the brokers' own documents, which broker/address_schemes.py names."""

from typing import Any, NamedTuple

import pytest

from hostinfo import Unavailable
from hostinfo.agent.qmf import Message, parse_address
from hostinfo.agent.transport.broker.address_schemes import choose_address_scheme
from hostinfo.agent.transport.broker.dns_srv import sort_by_preference
from hostinfo.agent.transport.urls import Url
from tests.support.transport_helpers import DIRECT, TOPIC


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"product": "qpid-cpp", "version": "1.40.0"}, "qpidd"),
        ({"product": "RabbitMQ", "version": "3.10.8"}, "rabbitmq-3"),
        ({"product": "RabbitMQ", "version": "4.1.0"}, "rabbitmq-4"),
        ({"product": "apache-activemq-artemis", "version": "2.30"}, "plain"),
        ({"product": "qpid-dispatch-router"}, "plain"),
        ({"product": "hostinfo"}, "qpidd"),
        ({}, "plain"),
        (None, "plain"),
    ],
)
def test_the_scheme_is_that_of_the_product_that_the_broker_reports(
    properties: dict[object, object] | None, name: str
) -> None:
    assert choose_address_scheme("auto", properties).name == name
    assert choose_address_scheme("qpidd", properties).name == "qpidd"


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(Unavailable, match="rabbitmq-4"):
        choose_address_scheme("kafka", None)


@pytest.mark.parametrize(
    ("name", "source", "target", "to", "reply"),
    [
        ("qpidd", TOPIC, TOPIC, TOPIC, f"{TOPIC}/direct-console.1"),
        ("plain", TOPIC, TOPIC, TOPIC, f"{TOPIC}/direct-console.1"),
        ("rabbitmq-3", f"/exchange/{TOPIC}/k.#", f"/exchange/{TOPIC}", None, f"/exchange/{TOPIC}/direct-console.1"),
        ("rabbitmq-4", None, None, f"/exchanges/{TOPIC}/a.b", f"/exchanges/{TOPIC}/direct-console.1"),
    ],
)
def test_addresses_of_each_scheme(
    name: str, source: str | None, target: str | None, to: str | None, reply: str
) -> None:
    scheme = choose_address_scheme(name, None)
    assert scheme.declares_queue == (source is None)
    if source is None:
        with pytest.raises(ValueError, match=TOPIC):
            scheme.source(TOPIC, "k.#")
    else:
        assert scheme.source(TOPIC, "k.#") == source
    found = scheme.target(Message(address=TOPIC, subject="a.b"), is_exchange=True)
    assert (found.address, found.to, found.subject) == (target, to, "a.b")
    assert scheme.reply_to(TOPIC, "direct-console.1") == reply


@pytest.mark.parametrize("name", ["qpidd", "plain", "rabbitmq-3", "rabbitmq-4"])
@pytest.mark.parametrize("key", ["direct-console.1", "qmfc-v2-host:7", "a/b"])
def test_an_agent_understands_the_reply_address_of_each_scheme(name: str, key: str) -> None:
    route = parse_address(choose_address_scheme(name, None).reply_to(DIRECT, key))
    assert route is not None
    assert (route.node, route.key) == (DIRECT, key)


def test_queues_of_rabbitmq_are_used_and_never_created() -> None:
    target = choose_address_scheme("rabbitmq-3", None).target(Message(address="amq.gen-x"), is_exchange=False)
    assert target.address == "/amq/queue/amq.gen-x"
    scheme = choose_address_scheme("rabbitmq-4", None)
    assert (
        scheme.target(Message(address="a/b q"), is_exchange=False).to
        == scheme.source("", "a/b q")
        == "/queues/a%2Fb%20q"
    )


class Record(NamedTuple):
    priority: int
    weight: int
    port: int
    target: str


def test_srv_records_are_sorted_by_priority_and_within_one_drawn_by_weight() -> None:
    records: list[Any] = [Record(20, 0, 5671, "late.example."), Record(10, 90, 1, "big."), Record(10, 10, 2, "small.")]
    drawn = [sort_by_preference(records, is_tls=True) for _ in range(2_000)]
    assert all(row[2] == Url("late.example", 5671, True) for row in drawn)
    first = sum(row[0].host == "big" for row in drawn)
    assert 1_700 < first < 1_900  # 90 % of 2,000, seven standard deviations


def test_a_srv_record_with_the_target_dot_means_no_service() -> None:
    assert sort_by_preference([Record(0, 0, 0, ".")], is_tls=False) == []
