"""Reply-to addresses of qpidd and RabbitMQ, and those that an agent must not use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.wire.reply_to import Route, check_reply_to, parse_address


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("qmf.default.topic/direct-console.1", Route("qmf.default.topic", "direct-console.1")),
        ("qmf.default.direct/a/b", Route("qmf.default.direct", "a/b")),  # qpidd splits at the first slash
        ("qmf.default.direct/", Route("qmf.default.direct", "")),
        ("amq.direct/reply-h.1.2", Route("amq.direct", "reply-h.1.2")),
        ("5f0c_queue", Route("5f0c_queue")),
        ("/5f0c_queue", Route("5f0c_queue")),
        ("amq.gen-Xa9", Route("amq.gen-Xa9")),
        ("/exchange/qmf.default.topic/direct-console.1", Route("qmf.default.topic", "direct-console.1")),
        ("/queue/amq.gen-Xa9", Route("amq.gen-Xa9")),
        ("/exchanges/qmf.default.topic/direct%2Dconsole.1", Route("qmf.default.topic", "direct-console.1")),
        ("/queues/a%20b", Route("a b")),
    ],
)
def test_the_address_forms_of_brokers_are_parsed_and_allowed(address: str, route: Route) -> None:
    assert parse_address(address) == route
    assert check_reply_to(address, "default") == route


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "/",
        "amq.fanout/x",
        "amq.topic/agent.ind.heartbeat.forged",
        "qpid.management/x",
        "other.exchange/key",
        "qmf.other.topic/direct-console.1",
        "/exchange/amq.topic/x",
        "/queue/amq.topic",
        "/queues/amq%2Etopic",
        "amq.topic",  # without a slash a queue, but a link to it would reach the exchange
        "qmf.default.topic",
        "$management",
        "a" * 700,
        "q/" + "k" * 300,
        "line\nfeed",
    ],
)
def test_an_agent_cannot_be_used_as_a_message_injector(address: str | None) -> None:
    assert check_reply_to(address, "default") is None


def test_strict_security_allows_only_direct_console_on_the_topic_exchange() -> None:
    assert check_reply_to("qmf.default.topic/direct-console.1", "default", strict=True) is not None
    for address in ("qmf.default.topic/agent.ind.x", "qmf.default.direct/direct-console.1", "queue", "amq.direct/r"):
        assert check_reply_to(address, "default", strict=True) is None


@given(st.text(max_size=700))
def test_any_text_is_rejected_or_an_allowed_route(text: str) -> None:
    route = check_reply_to(text, "default")
    if route is not None and route.key is not None:
        assert route.node in ("qmf.default.topic", "qmf.default.direct", "amq.direct")
    if route is not None and route.key is None:
        assert "/" not in route.node
