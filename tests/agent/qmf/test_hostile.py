"""What strangers may send: bounded time and memory, an exception or silence, and an agent that lives."""

import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf import (
    DataObject,
    Message,
    ObjectId,
    Query,
    QueryPart,
    RequestBuilder,
    SchemaId,
    parse_agent_message,
    sanitise,
)
from hostinfo.agent.qmf.wire.types import Value
from tests.support.qmf_node import NAME, NODE, NOW, MemoryStore, responder

AGENT = str(NAME)
REPLY_TO = "qmf.default.topic/direct-console.42"
REQUESTS = RequestBuilder(REPLY_TO)
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


def answers(request: Message, processors: int = 3) -> list[Message]:
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
def test_a_hostile_body_gets_an_exception_or_silence(number: int, opcode: str) -> None:
    body = HOSTILE_BODIES[number]
    request = replace(QUERY, properties={"qmf.opcode": opcode}, body=body)
    start = time.process_time()
    given_back = answers(request)
    assert time.process_time() - start < 2
    assert len(given_back) <= 3
    if opcode in REQUEST_OPCODES:
        assert set(opcodes(given_back)) <= {"_exception", "_subscribe_response", "_data_indication"}
    for answer in given_back:
        assert answer.correlation_id == "17"
        assert sanitise(answer.body) == answer.body  # nothing hostile is sent on
    parse_agent_message(
        replace(request, properties={"qmf.opcode": opcode, "qmf.agent": "a:b:c", "qmf.content": "_data"})
    )


@pytest.mark.parametrize("body", [{}, [], {"_subscription_id": 5}, b"\xff"])
def test_a_broken_cancel_gets_silence_as_a_good_one_does(body: object) -> None:
    assert answers(replace(QUERY, properties={"qmf.opcode": "_subscribe_cancel_indication"}, body=body)) == []


@pytest.mark.parametrize("content", ["_data", "_event", "_schema", "_schema_id", "_object_id", "other"])
def test_hostile_items_are_dropped_alone_by_the_console(content: str) -> None:
    properties = {"qmf.opcode": "_query_response", "qmf.agent": "a:b:c", "qmf.content": content}
    items: list[object] = [
        None,
        5,
        {},
        {"_values": 7},
        {"_object_id": 3},
        [],
        {"_severity": 99, "_values": {}},
        {"_schema_id": "x"},
    ]
    received = parse_agent_message(Message(properties=properties, body=items))
    assert received is not None


@pytest.mark.parametrize(
    "opcode", ["_agent_locate_response", "_query_response", "_exception", "_data_indication", "x", ""]
)
def test_what_is_no_request_is_never_answered_so_that_no_two_agents_talk_for_ever(opcode: str) -> None:
    for body in ({}, [], {"_values": {}}, object()):
        assert answers(replace(QUERY, properties={"qmf.opcode": opcode}, body=body)) == []
    assert answers(replace(QUERY, properties={}, body={})) == []


def test_an_agents_own_answers_sent_to_itself_end_there() -> None:
    agent = responder()
    request = RequestBuilder(f"qmf.default.direct/{AGENT}").query(AGENT, Query(what="SCHEMA_ID"), "1")
    first = list(agent.handle(request, NOW))
    assert first
    assert [list(agent.handle(message, NOW)) for message in first] == [[]]


@pytest.mark.parametrize(
    "reply_to", [None, "", "/", "amq.fanout/x", "qpid.management/x", "x" * 10_000, "\0", "amq.topic"]
)
def test_a_missing_or_foreign_reply_to_gets_silence(reply_to: str | None) -> None:
    assert answers(replace(QUERY, reply_to=reply_to)) == []


def test_a_broken_broadcast_gets_silence_or_every_agent_would_complain() -> None:
    for body in ({"a": 1}, ["nope"], nested(10_000, as_map=False), b"\xff"):
        assert answers(replace(REQUESTS.locate(), body=body)) == []


def test_a_non_map_body_of_a_query_is_an_exception_that_says_so() -> None:
    (answer,) = answers(replace(QUERY, body=["OBJECT"]))
    assert isinstance(answer.body, dict)
    assert answer.body["_values"]["error_code"] == 4
    assert "expected a map" in answer.body["_values"]["error_text"]


def test_an_exception_never_repeats_more_than_a_little_of_what_was_sent() -> None:
    (answer,) = answers(replace(QUERY, body={"_what": "OBJECT", "_where": ["\x1b]0;evil\x07" + "x" * 100_000]}))
    assert isinstance(answer.body, dict)
    text = answer.body["_values"]["error_text"]
    assert len(text) < 300
    assert text.isprintable()


def test_an_absurd_correlation_id_is_not_carried_around() -> None:
    (answer, *_) = answers(replace(QUERY, correlation_id="x" * 10_000_000))
    assert answer.correlation_id is None


def test_correlation_ids_of_other_types_come_back_as_they_were() -> None:
    for correlation in (7, b"\xff", "free text", NODE.id.hash):
        (answer,) = answers(replace(QUERY, correlation_id=correlation))
        assert answer.correlation_id == correlation


def test_headers_of_any_type_are_survived() -> None:
    for value in (None, 5, b"\xff", b"_query_request", memoryview(b"x"), object(), "x" * 10**6):
        request = replace(QUERY, properties={"qmf.opcode": value, "x": value}, content_type="symbol('None')")
        for answer in answers(request):
            assert answer.opcode in ("_query_response", "_exception")
        parse_agent_message(replace(request, properties={"qmf.opcode": "_query_response", "qmf.agent": value}))


@pytest.mark.parametrize("data", [b"", b"AM2S", b"AM2S\0\0\0\1", b"AM2S" + b"\xff" * 100, b"AM2x\0\0\0\1", b"\xff" * 8])
def test_broken_v1_requests_get_silence(data: bytes) -> None:
    request = Message(reply_to="amq.direct/r", body=data, is_data=True, content_type="x-application/qmf")
    assert answers(request) == []


@pytest.mark.parametrize("content_type", ["amqp/map", "amqp/list"])
@given(data=st.binary(max_size=200))
def test_any_bytes_as_0_10_body_are_survived(content_type: str, data: bytes) -> None:
    request = replace(QUERY, body=data, is_data=True, content_type=content_type)
    assert set(opcodes(answers(request))) <= {"_exception"}
    parse_agent_message(replace(request, properties={"qmf.opcode": "_query_response", "qmf.agent": "a:b:c"}))


def test_facts_of_70_kb_pass_without_killing_a_console() -> None:
    store = MemoryStore(0)
    huge = {"cmdline": "x" * 70_000, "packages": ["y" * 70_000], "k" * 300: 1}
    store.all["huge"] = DataObject(object_id=ObjectId("huge"), schema_id=NODE.id, values=huge)
    agent = responder()
    agent.store = store
    (answer,) = agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("huge")), "1"), NOW)
    assert isinstance(answer.body, list)
    values = answer.body[0]["_values"]
    assert values["cmdline"] == b"x" * 70_000
    assert values["packages"] == [b"y" * 70_000]
    received = parse_agent_message(answer)
    assert received is not None
    assert isinstance(received, QueryPart)
    (item,) = received.items
    assert isinstance(item, DataObject)
    assert item.values["cmdline"] == huge["cmdline"]


class BrokenStore(MemoryStore):
    """A store that fails in the middle of its objects."""

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:
        yield from list(super().objects(schema_id))[:2]
        raise OSError("disk on fire")


def test_a_store_that_fails_half_way_ends_the_answer_with_an_exception() -> None:
    agent = responder()
    agent.store = BrokenStore(5)
    agent.chunk_objects = 1
    faults: list[Exception] = []
    agent.on_error = faults.append
    given_back = list(agent.handle(QUERY, NOW))
    assert opcodes(given_back)[-1] == "_exception"
    assert [str(fault) for fault in faults] == ["disk on fire"]


def test_values_that_cannot_be_sent_are_an_exception_and_not_a_dead_agent() -> None:
    agent = responder()
    store = MemoryStore(0)
    store.all["odd"] = DataObject(object_id=ObjectId("odd"), schema_id=NODE.id, values={"x": object()})
    agent.store = store
    assert opcodes(agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("odd")), "1"), NOW)) == ["_exception"]


def test_a_huge_body_costs_no_memory_of_ours() -> None:
    body = {"_what": "OBJECT", "_where": ["or", *[["eq", "a", "b"] for _ in range(200_000)]]}
    agent = responder()
    request = replace(QUERY, body=body)
    tracemalloc.start()
    list(agent.handle(request, NOW))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_many_subscriptions_are_refused_and_not_kept() -> None:
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
def test_any_body_under_any_opcode_is_survived_by_both_sides(body: Value, opcode: str, content: str) -> None:
    request = replace(QUERY, properties={"qmf.opcode": opcode, "qmf.agent": "a:b:c", "qmf.content": content}, body=body)
    for answer in answers(request):
        assert sanitise(answer.body) == answer.body or answer.body != answer.body
    parse_agent_message(request)
