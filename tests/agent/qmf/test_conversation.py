"""Requests of a console through the agent's responder and back, in the forms of the brokers between them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from hostinfo.agent.qmf import (
    AgentAnnouncement,
    AgentMessage,
    DataObject,
    Event,
    Failure,
    Indication,
    Message,
    MethodCall,
    MethodResult,
    ObjectId,
    Query,
    QueryPart,
    RequestBuilder,
    Responder,
    SchemaClass,
    SchemaId,
    SchemaV1,
    SubscribeResponse,
    data_indications,
    event_indication,
    heartbeat,
    parse_agent_message,
)
from hostinfo.agent.qmf.wire.limits import RESPONSE_LIMITS
from hostinfo.agent.qmf.wire.map_codec import decode_list, encode_list, encode_map
from hostinfo.agent.qmf.wire.types import Map, UInt, ULong
from tests.support.qmf_node import (
    ECHO,
    LINK_DOWN,
    NAME,
    NODE,
    NOW,
    PACKAGE,
    PROCESSOR,
    UUID_1,
    MemoryStore,
    processor,
    responder,
)
from tests.support.qmf_wire import through_amqp

REPLY_TO = "qmf.default.topic/direct-console.42"
REQUESTS = RequestBuilder(REPLY_TO)
AGENT = str(NAME)
Wire = Callable[[Message], Message]


def plain(message: Message) -> Message:
    return message


def untyped(value: object) -> object:
    """Text as AMQP binary, as 0-10 peers' text comes out of qpidd."""
    if isinstance(value, str):
        return memoryview(value.encode())
    if isinstance(value, dict):
        return {key.encode(): untyped(item) for key, item in value.items()}
    return [untyped(item) for item in value] if isinstance(value, list) else value


def through_qpidd(message: Message) -> Message:
    """The app-id is lost, text is binary (measured)."""
    properties = {key: untyped(value) for key, value in message.properties.items() if key != "x-amqp-0-10.app-id"}
    return replace(message, properties=properties, body=untyped(message.body))


def by_the_cpp_library(message: Message) -> Message:
    """The C++ library over AMQP 1.0 puts 0-10 bytes into a data section."""
    body = encode_map(message.body) if isinstance(message.body, dict) else encode_list(message.body)  # type: ignore[arg-type]
    return replace(message, body=body, is_data=True)


WIRES = pytest.mark.parametrize("wire", [plain, through_qpidd, by_the_cpp_library, through_amqp])


def ask(agent: Responder, request: Message, wire: Wire = plain) -> list[AgentMessage]:
    answers = list(agent.handle(wire(request), NOW))
    for answer in answers:
        assert answer.address == "qmf.default.topic"
        assert answer.subject == "direct-console.42"
        assert answer.correlation_id == request.correlation_id
        assert answer.properties["qmf.agent"] == AGENT
        assert answer.properties["x-amqp-0-10.app-id"] == "qmf2"
    received = [
        parse_agent_message(wire(answer) if wire in (through_qpidd, through_amqp) else answer) for answer in answers
    ]
    assert None not in received
    return [item for item in received if item is not None]


def objects(received: Iterable[AgentMessage]) -> list[DataObject]:
    items: list[DataObject] = []
    for part in received:
        assert isinstance(part, QueryPart | Indication)
        items += [item for item in part.items if isinstance(item, DataObject)]
    return items


@WIRES
def test_locate_finds_the_agents_whose_attributes_match(wire: Wire) -> None:
    (seen,) = ask(responder(), REQUESTS.locate(["eq", "hostname", ["quote", "node1"]]), wire)
    assert isinstance(seen, AgentAnnouncement)
    assert (seen.agent, seen.epoch, seen.interval_s, seen.capability) == (AGENT, 7, 10, 1)
    assert seen.attributes["uuid"] == str(UUID_1)
    assert ask(responder(), REQUESTS.locate(["eq", "hostname", ["quote", "node2"]]), wire) == []
    assert len(ask(responder(), REQUESTS.locate(), wire)) == 1


def test_locate_without_a_body_is_for_all() -> None:
    request = replace(REQUESTS.locate(), body=None, content_type=None)
    assert len(ask(responder(), request)) == 1


def test_a_heartbeat_has_what_every_known_console_reads() -> None:
    message = heartbeat(responder().identity, NOW)
    assert message.address == "qmf.default.topic"
    assert message.subject == "agent.ind.heartbeat.example_org.hostinfo.0a1b_c"
    assert message.ttl_ms == 20_000
    assert message.content_type == "amqp/map"
    assert message.properties == {
        "method": "indication",
        "qmf.opcode": "_agent_heartbeat_indication",
        "qmf.agent": AGENT,
        "x-amqp-0-10.app-id": "qmf2",
    }
    assert message.body == {
        "_values": {
            "hostname": "node1",
            "uuid": str(UUID_1),
            "_vendor": "example.org",
            "_product": "hostinfo",
            "_instance": "0a1b.c",
            "_name": AGENT,
            "_timestamp": NOW,
            "_epoch": 7,
            "_heartbeat_interval": 10,
            "_schema_updated": NOW,
            "qmf.agent_capability": 1,
        }
    }
    assert isinstance(message.body, dict)
    values = message.body["_values"]
    assert type(values["_timestamp"]) is ULong
    assert type(values["_epoch"]) is UInt
    assert isinstance(parse_agent_message(through_qpidd(message)), AgentAnnouncement)


@WIRES
def test_a_query_by_class_comes_in_parts_that_make_all(wire: Wire) -> None:
    agent = responder(20)
    agent.chunk_objects = 8
    query = Query(schema_id=SchemaId(PACKAGE, "processor"))
    answers = ask(agent, REQUESTS.query(AGENT, query, "17"), wire)
    parts = [part for part in answers if isinstance(part, QueryPart)]
    assert [(len(part.items), part.is_last) for part in parts] == [(8, False), (8, False), (4, True)]
    found = objects(answers)
    assert [item.values["number"] for item in found] == list(range(20))
    assert found[3].object_id == ObjectId("processor-3")
    assert found[3].schema_id == PROCESSOR.id
    assert found[3].values["node"] == {"_object_name": "node"}
    assert found[3].update_ts == NOW


def test_each_part_but_the_last_is_marked_partial_and_says_what_it_holds() -> None:
    agent = responder(20)
    agent.chunk_objects = 8
    answers = list(agent.handle(REQUESTS.query(AGENT, Query(schema_id=PROCESSOR.id), "1"), NOW))
    assert ["partial" in answer.properties for answer in answers] == [True, True, False]
    assert [answer.properties["hostinfo.part"] for answer in answers] == [1, 2, 3]
    (alone,) = agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("processor-3")), "1"), NOW)
    assert "hostinfo.part" not in alone.properties
    assert {answer.properties["qmf.content"] for answer in answers} == {"_data"}
    assert {answer.content_type for answer in answers} == {"amqp/list"}


@WIRES
def test_a_predicate_narrows_a_query_in_the_agent(wire: Wire) -> None:
    query = Query.from_text("{class:processor, where:[and, [ge, number, 3], [lt, number, [quote, 5]]]}")
    found = objects(ask(responder(), REQUESTS.query(AGENT, query, "1"), wire))
    assert [item.values["number"] for item in found] == [3, 4]


@pytest.mark.parametrize(
    ("object_id", "count"),
    [
        (ObjectId("processor-3"), 1),
        (ObjectId("processor-3", AGENT), 1),
        (ObjectId("processor-3", AGENT, 9), 1),  # names that outlive the agent's epoch
        (ObjectId("processor-3", "v:p:other"), 0),
        (ObjectId("processor-99"), 0),
    ],
)
def test_an_object_is_found_by_its_id(object_id: ObjectId, count: int) -> None:
    assert len(objects(ask(responder(), REQUESTS.query(AGENT, Query(object_id=object_id), "1")))) == count


def test_the_ids_of_objects_can_be_asked_for() -> None:
    query = Query(what="OBJECT_ID", schema_id=SchemaId("", "ovirtNode"))
    (part,) = ask(responder(), REQUESTS.query(AGENT, query, "1"))
    assert isinstance(part, QueryPart)
    assert (part.content, part.items) == ("_object_id", (ObjectId("node"),))


@WIRES
def test_schemas_are_found_by_id_and_keep_their_hash(wire: Wire) -> None:
    (ids,) = ask(responder(), REQUESTS.query(AGENT, Query(what="SCHEMA_ID"), "1"), wire)
    assert isinstance(ids, QueryPart)
    assert ids.items == (NODE.id, PROCESSOR.id, LINK_DOWN.id)
    assert isinstance(ids.items[0], SchemaId)
    (answer,) = ask(responder(), REQUESTS.query(AGENT, Query(what="SCHEMA", schema_id=ids.items[0]), "1"), wire)
    assert isinstance(answer, QueryPart)
    (schema,) = answer.items
    assert isinstance(schema, SchemaClass)
    assert schema.id.hash == NODE.id.hash
    assert schema.methods[0] == ECHO


def test_a_schema_query_without_id_is_an_exception() -> None:
    (answer,) = ask(responder(), REQUESTS.query(AGENT, Query(what="SCHEMA"), "1"))
    assert isinstance(answer, Failure)
    assert answer.code == 4


@WIRES
def test_a_method_gives_its_output(wire: Wire) -> None:
    request = REQUESTS.call(AGENT, "echo", {"sequence": 5, "body": "é"}, "3", ObjectId("node"))
    (answer,) = ask(responder(), request, wire)
    assert isinstance(answer, MethodResult)
    assert answer.arguments == {"sequence": 5, "body": "é"}


@pytest.mark.parametrize(
    ("method", "arguments", "target", "code"),
    [
        ("echo", {"sequence": 5, "body": "x"}, ObjectId("nobody"), 1),
        ("fly", {}, ObjectId("node"), 2),
        ("echo", {"sequence": 5, "body": "x"}, ObjectId("processor-1"), 2),  # another class
        ("echo", {"sequence": "five", "body": "x"}, ObjectId("node"), 4),
        ("echo", {"sequence": True, "body": "x"}, ObjectId("node"), 4),
        ("echo", {"sequence": 5}, ObjectId("node"), 4),
        ("echo", {"sequence": 5, "body": "x", "more": 1}, ObjectId("node"), 4),
        ("reboot", {}, ObjectId("node"), 6),
        ("explode", {}, ObjectId("node"), 7),
    ],
)
def test_a_method_that_cannot_be_done_says_why(method: str, arguments: Map, target: ObjectId, code: int) -> None:
    faults: list[Exception] = []
    agent = responder()
    agent.on_error = faults.append
    (answer,) = ask(agent, REQUESTS.call(AGENT, method, arguments, "3", target))
    assert isinstance(answer, Failure)
    assert answer.code == code
    assert answer.text
    assert [str(fault) for fault in faults] == (["a fault of the agent"] if method == "explode" else [])
    assert "fault of the agent" not in answer.text  # what broke inside is for the log


def test_a_method_without_an_object_is_that_of_the_only_class_that_has_it() -> None:
    (answer,) = ask(responder(), REQUESTS.call(AGENT, "echo", {"sequence": 1, "body": "a", "loud": True}, "3"))
    assert isinstance(answer, MethodResult)
    assert answer.arguments["body"] == "A"


def test_a_method_may_answer_later() -> None:
    agent = responder()
    calls: list[MethodCall] = []
    agent.call_method = calls.append
    request = REQUESTS.call(AGENT, "refresh", {}, "31", ObjectId("node"))
    assert list(agent.handle(request, NOW)) == []
    answer = agent.finish(calls[0], {"ok": True})
    assert parse_agent_message(answer) == MethodResult(agent=AGENT, correlation="31", arguments={"ok": True})


def test_who_may_not_read_a_class_is_told_so_and_sees_it_nowhere() -> None:
    agent = responder(3)
    agent.may_read = lambda user, schema_id: user == "alice" or schema_id is None or schema_id.name != "processor"
    request = REQUESTS.query(AGENT, Query(schema_id=SchemaId("", "processor")), "1")
    (answer,) = ask(agent, request)
    assert isinstance(answer, Failure)
    assert answer.code == 6
    assert len(objects(ask(agent, replace(request, user_id="alice")))) == 3
    everything = REQUESTS.query(AGENT, Query(), "1")
    assert [item.object_id for item in objects(ask(agent, everything))] == [ObjectId("node")]
    hidden = REQUESTS.query(AGENT, Query(object_id=ObjectId("processor-1")), "1")
    assert objects(ask(agent, hidden)) == []


def test_an_event_says_its_class_severity_and_time() -> None:
    event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth0"}, timestamp=NOW, severity=4)
    message = event_indication(responder().identity, event)
    assert message.subject == "agent.ind.event.com_redhat_ovirtNode.linkDown.warn.example_org.hostinfo.0a1b_c"
    assert message.properties["qmf.content"] == "_event"
    assert message.ttl_ms
    received = parse_agent_message(through_qpidd(message))
    assert isinstance(received, Indication)
    assert received.correlation is None
    assert received.items == (event,)


def test_changed_objects_are_told_by_class_and_the_gone_with_their_time() -> None:
    gone = replace(processor(1), delete_ts=NOW + 1)
    store = MemoryStore(0)
    messages = list(data_indications(responder().identity, [store.all["node"], processor(0), gone]))
    assert [message.subject for message in messages] == [
        "agent.ind.data.com_redhat_ovirtNode.ovirtNode.example_org.hostinfo.0a1b_c",
        "agent.ind.data.com_redhat_ovirtNode.processor.example_org.hostinfo.0a1b_c",
    ]
    assert all(message.ttl_ms for message in messages)
    found = objects(item for message in messages if (item := parse_agent_message(message)) is not None)
    assert [item.is_deleted for item in found] == [False, False, True]


def test_a_subscription_publishes_at_once_and_then_what_changed() -> None:
    agent = responder(3)
    store = MemoryStore(3)
    agent.store = store
    query = Query(schema_id=SchemaId("", "processor"))
    granted, first = ask(agent, REQUESTS.subscribe(AGENT, query, "9", duration_s=60, interval_ms=1_000))
    assert isinstance(granted, SubscribeResponse)
    assert (granted.duration_s, granted.interval_ms) == (60, 1_000)
    assert len(objects([first])) == 3
    assert list(agent.publish_due(NOW + 10**9)) == []
    store.all["processor-1"] = processor(1, NOW + 5)
    (message,) = agent.publish_due(NOW + 2 * 10**9)
    assert (message.subject, message.correlation_id) == ("direct-console.42", "9")
    received = parse_agent_message(message)
    assert received is not None
    assert [item.values["number"] for item in objects([received])] == [1]
    (message,) = agent.publish_deleted(replace(processor(2), delete_ts=NOW), NOW + 2 * 10**9)
    assert message.correlation_id == "9"
    (refreshed,) = ask(agent, REQUESTS.refresh(AGENT, granted.subscription_id, "10", duration_s=100))
    assert isinstance(refreshed, SubscribeResponse)
    assert refreshed.duration_s == 100
    assert ask(agent, REQUESTS.cancel(AGENT, granted.subscription_id, "11")) == []
    (missing,) = ask(agent, REQUESTS.refresh(AGENT, granted.subscription_id, "12"))
    assert isinstance(missing, Failure)


@pytest.mark.parametrize("wire", [plain, through_amqp])
def test_python_consoles_get_the_v1_schema_on_amq_direct(wire: Wire) -> None:
    request = RequestBuilder("amq.direct/reply-host.1.2").schema_v1(AGENT, PROCESSOR.id, 1234)
    assert request.properties == {}
    (answer,) = responder().handle(wire(request), NOW)
    answer = wire(answer)
    assert (answer.address, answer.subject) == ("amq.direct", "reply-host.1.2")
    assert answer.is_data
    assert answer.properties == {"qmf.agent": AGENT}
    received = parse_agent_message(answer)
    assert isinstance(received, SchemaV1)
    assert received.sequence == 1234
    assert [item.name for item in received.schema.properties] == ["number", "node", "mhz"]
    wrong = RequestBuilder("amq.direct/r").schema_v1(AGENT, replace(PROCESSOR.id, hash=UUID_1), 1)
    assert list(responder().handle(wrong, NOW)) == []


def test_who_asks_in_0_10_bytes_is_answered_in_them() -> None:
    request = by_the_cpp_library(REQUESTS.query(AGENT, Query(object_id=ObjectId("node")), "1"))
    (answer,) = responder().handle(request, NOW)
    assert answer.is_data
    assert isinstance(answer.body, bytes)
    (item,) = decode_list(answer.body, RESPONSE_LIMITS)
    assert isinstance(item, dict)
    assert item["_object_id"] == {"_object_name": "node"}


def test_the_brokers_own_agent_is_understood() -> None:
    """As measured on qpidd 1.40: binary text, agent `broker`, no capability, an exception sent as indication."""
    properties = {"method": b"indication", "qmf.opcode": b"_exception", "qmf.agent": b"broker"}
    body = {b"_values": {b"error_code": 1, b"error_text": b"unknown object"}}
    failure = parse_agent_message(
        Message(correlation_id="5", content_type="amqp/map", properties=properties, body=body)
    )
    assert failure == Failure(
        agent="broker",
        correlation="5",
        code=1,
        text="unknown object",
        values={"error_code": 1, "error_text": "unknown object"},
    )
    bare = {b"_values": {b"name": b"amq.topic"}, b"_object_id": {b"_object_name": b"org.apache.qpid.broker:exchange:x"}}
    properties = {"qmf.opcode": b"_query_response", "qmf.agent": b"broker", "qmf.content": b"_data", "partial": b""}
    received = parse_agent_message(
        Message(correlation_id="5", content_type="amqp/list", properties=properties, body=[bare, 7])
    )
    assert isinstance(received, QueryPart)
    assert not received.is_last
    assert received.dropped == 1
    assert objects([received])[0].values == {"name": "amq.topic"}


def test_old_spellings_and_the_nested_exception_of_java_are_read() -> None:
    properties = {"qmf.opcode": "_agent_heartbeat_indication", "qmf.agent": "a:b:c"}
    seen = parse_agent_message(
        Message(properties=properties, body={"_values": {"epoch": 3, "timestamp": 4, "heartbeat_interval": 5}})
    )
    assert isinstance(seen, AgentAnnouncement)
    assert (seen.epoch, seen.timestamp, seen.interval_s, seen.capability) == (3, 4, 5, 0)
    properties = {"qmf.opcode": "_exception", "qmf.agent": "a:b:c"}
    failure = parse_agent_message(Message(properties=properties, body={"_values": {"_values": {"error_text": "no"}}}))
    assert isinstance(failure, Failure)
    assert (failure.code, failure.text) == (7, "no")


def test_strict_security_answers_only_direct_console_on_the_topic_exchange() -> None:
    agent = responder()
    agent.strict_security = True
    assert len(ask(agent, REQUESTS.query(AGENT, Query(what="SCHEMA_ID"), "1"))) == 1
    for reply_to in ("qmf.default.direct/x", "queue", "amq.direct/x"):
        assert list(agent.handle(RequestBuilder(reply_to).query(AGENT, Query(what="SCHEMA_ID"), "1"), NOW)) == []
        assert list(agent.handle(RequestBuilder(reply_to).schema_v1(AGENT, NODE.id, 1), NOW)) == []
