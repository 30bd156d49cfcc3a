"""Hostile requests: an agent spends bounded time and memory, sends an exception or nothing, and survives."""

import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import (
    Message,
    Query,
    SchemaId,
    parse_agent_message,
    sanitise,
)
from hostinfo.agent.qmf.wire.types import Value
from tests.support.qmf_node import NOW, responder
from tests.support.qmf_wire import AGENT, REQUESTS

QUERY = REQUESTS.query(AGENT, Query(schema_id=SchemaId("", "processor")), "17")
OPCODES = [
    "_agent_locate_request",
    "_agent_locate_response",
    "_agent_heartbeat_indication",
    "_query_request",
    "_query_response",
    "_data_indication",
    "_method_request",
    "_method_response",
    "_exception",
    "_subscribe_request",
    "_subscribe_response",
    "_subscribe_refresh_indication",
    "_subscribe_cancel_indication",
]
REQUEST_OPCODES = {"_query_request", "_method_request", "_subscribe_request", "_subscribe_refresh_indication"}


def nested(depth: int, *, as_map: bool) -> object:
    value: object = ["true"]
    for _ in range(depth):
        value = {"a": value} if as_map else ["not", value]
    return value


def responses_to(request: Message, processors: int = 3) -> list[Message]:
    return list(responder(processors).handle(request, NOW))


def opcodes(messages: Iterable[Message]) -> list[str | None]:
    return [message.opcode for message in messages]


HOSTILE_BODIES: list[object] = [
    None,
    7,
    "text",
    b"\xff\xfe",
    [],
    {},
    {"_what": None},
    {"_what": "OBJECT", "_where": "text"},
    {"_what": "OBJECT", "_where": nested(10_000, as_map=False)},
    {"_what": "OBJECT", "_where": ["or", *[["true"]] * 100_000]},
    {"_what": "OBJECT", "_where": ["re_match", "hostname", ["quote", "(a+)+(b|b)*\\1"]]},
    {"_what": "OBJECT", "_schema_id": nested(10_000, as_map=True)},
    {"_what": "OBJECT", "_schema_id": 5},
    {"_what": "OBJECT", "_schema_id": {"_hash": "not a uuid"}},
    {"_what": "OBJECT", "_object_id": {"_object_name": 5}},
    {"_what": "OBJECT", "_object_id": []},
    {"_what": b"\xff"},
    {b"\xff\xff": 1},
    {1: 2, None: 3},
    {"_what": "x" * 10_000_000},
    {"k" * 100_000: 1},
    {"_query": {"_what": "OBJECT", "_where": nested(50, as_map=False)}},
    {"_query": {"_what": "SCHEMA"}},
    {"_query": {"_what": "OBJECT"}, "_duration": "long", "_interval": []},
    {"_query": {"_what": "OBJECT"}, "_duration": True, "_interval": 2**63},
    {"_method_name": 5},
    {"_method_name": "echo", "_arguments": []},
    {"_method_name": "echo", "_arguments": {"sequence": nested(10_000, as_map=True)}},
    {
        "_method_name": "echo",
        "_object_id": {"_object_name": "node"},
        "_arguments": {"sequence": 1e400, "body": b"\xff"},
    },
    {"_subscription_id": 5},
    {"_subscription_id": "x" * 300_000},
    object(),
    {"_what": object()},
    [b"\xff"] * 1_000,
]


@pytest.mark.parametrize("opcode", OPCODES)
@pytest.mark.parametrize("number", range(len(HOSTILE_BODIES)))
def test_a_hostile_body_gets_an_exception_or_no_response(number: int, opcode: str) -> None:
    body = HOSTILE_BODIES[number]
    request = replace(QUERY, properties={"qmf.opcode": opcode}, body=body)
    start = time.process_time()
    responses = responses_to(request)
    assert time.process_time() - start < 2
    assert len(responses) <= 3
    if opcode in REQUEST_OPCODES:
        assert set(opcodes(responses)) <= {"_exception", "_subscribe_response", "_data_indication"}
    for response in responses:
        assert response.correlation_id == "17"
        assert sanitise(response.body) == response.body  # nothing that could harm others is sent
    parse_agent_message(
        replace(request, properties={"qmf.opcode": opcode, "qmf.agent": "a:b:c", "qmf.content": "_data"})
    )


@pytest.mark.parametrize("body", [{}, [], {"_subscription_id": 5}, b"\xff"])
def test_an_invalid_cancellation_gets_no_response_like_a_valid_one(body: object) -> None:
    assert responses_to(replace(QUERY, properties={"qmf.opcode": "_subscribe_cancel_indication"}, body=body)) == []


def test_an_invalid_broadcast_gets_no_response_as_every_agent_would_send_one() -> None:
    for body in ({"a": 1}, ["nope"], nested(10_000, as_map=False), b"\xff"):
        assert responses_to(replace(REQUESTS.locate(), body=body)) == []


def test_a_query_whose_body_is_no_map_gets_an_exception_with_the_reason() -> None:
    (response,) = responses_to(replace(QUERY, body=["OBJECT"]))
    assert isinstance(response.body, dict)
    assert response.body["_values"]["error_code"] == 4
    assert "expected a map" in response.body["_values"]["error_text"]


def test_an_exception_quotes_only_a_short_part_of_the_request() -> None:
    (response,) = responses_to(replace(QUERY, body={"_what": "OBJECT", "_where": ["\x1b]0;evil\x07" + "x" * 100_000]}))
    assert isinstance(response.body, dict)
    text = response.body["_values"]["error_text"]
    assert len(text) < 300
    assert text.isprintable()


@pytest.mark.parametrize("data", [b"", b"AM2S", b"AM2S\0\0\0\1", b"AM2S" + b"\xff" * 100, b"AM2x\0\0\0\1", b"\xff" * 8])
def test_invalid_v1_requests_get_no_response(data: bytes) -> None:
    request = Message(reply_to="amq.direct/r", body=data, is_data=True, content_type="x-application/qmf")
    assert responses_to(request) == []


@pytest.mark.parametrize("content_type", ["amqp/map", "amqp/list"])
@given(data=st.binary(max_size=200))
def test_any_bytes_as_0_10_body_are_handled(content_type: str, data: bytes) -> None:
    request = replace(QUERY, body=data, is_data=True, content_type=content_type)
    assert set(opcodes(responses_to(request))) <= {"_exception"}
    parse_agent_message(replace(request, properties={"qmf.opcode": "_query_response", "qmf.agent": "a:b:c"}))


def test_a_huge_body_costs_little_memory() -> None:
    body = {"_what": "OBJECT", "_where": ["or", *[["eq", "a", "b"] for _ in range(200_000)]]}
    agent = responder()
    request = replace(QUERY, body=body)
    tracemalloc.start()
    list(agent.handle(request, NOW))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_subscriptions_over_the_limit_are_rejected() -> None:
    agent = responder()
    request = REQUESTS.subscribe(AGENT, Query(), "1")
    last: list[Message] = []
    for _ in range(100):
        last = list(agent.handle(request, NOW))
    assert opcodes(last) == ["_exception"]
    assert len(agent.subscriptions) <= 32


any_value: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8) | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["_what", "_where", "_schema_id", "_object_id", "_class_name", "_query", "_values", "_method_name"]
            )
            | st.text(max_size=3)
            | st.binary(max_size=3)
            | st.integers(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(body=any_value, opcode=st.sampled_from(OPCODES), content=st.sampled_from(["_data", "_event", "_schema", "_x"]))
def test_any_body_under_any_opcode_is_handled_by_both_sides(body: Value, opcode: str, content: str) -> None:
    request = replace(QUERY, properties={"qmf.opcode": opcode, "qmf.agent": "a:b:c", "qmf.content": content}, body=body)
    for response in responses_to(request):
        assert sanitise(response.body) == response.body or response.body != response.body
    parse_agent_message(request)
