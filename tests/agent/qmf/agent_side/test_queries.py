"""Queries of a console to an agent, through the brokers and libraries in between."""

from dataclasses import replace

import pytest

from hostinfo.agent.qmf import (
    Failure,
    ObjectId,
    Query,
    QueryPart,
    RequestBuilder,
    SchemaClass,
    SchemaId,
    SchemaV1,
    parse_agent_message,
)
from hostinfo.agent.qmf.wire.limits import RESPONSE_LIMITS
from hostinfo.agent.qmf.wire.map_codec import decode_list
from tests.support.qmf_node import (
    ECHO,
    LINK_DOWN,
    NODE,
    NOW,
    PACKAGE,
    PROCESSOR,
    UUID_1,
    responder,
)
from tests.support.qmf_wire import (
    AGENT,
    REQUESTS,
    WIRES,
    Wire,
    by_the_cpp_library,
    objects_of,
    send_request,
    through_amqp,
    unchanged,
)


@WIRES
def test_a_query_by_class_is_answered_in_parts_with_all_objects(wire: Wire) -> None:
    agent = responder(20)
    agent.chunk_objects = 8
    query = Query(schema_id=SchemaId(PACKAGE, "processor"))
    responses = send_request(agent, REQUESTS.query(AGENT, query, "17"), wire)
    parts = [part for part in responses if isinstance(part, QueryPart)]
    assert [(len(part.items), part.is_last) for part in parts] == [(8, False), (8, False), (4, True)]
    found = objects_of(responses)
    assert [item.values["number"] for item in found] == list(range(20))
    assert found[3].object_id == ObjectId("processor-3")
    assert found[3].schema_id == PROCESSOR.id
    assert found[3].values["node"] == {"_object_name": "node"}
    assert found[3].update_ts == NOW


def test_all_parts_but_the_last_are_marked_partial_and_each_has_its_content_type() -> None:
    agent = responder(20)
    agent.chunk_objects = 8
    responses = list(agent.handle(REQUESTS.query(AGENT, Query(schema_id=PROCESSOR.id), "1"), NOW))
    assert ["partial" in response.properties for response in responses] == [True, True, False]
    assert [response.properties["hostinfo.part"] for response in responses] == [1, 2, 3]
    (alone,) = agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("processor-3")), "1"), NOW)
    assert "hostinfo.part" not in alone.properties
    assert {response.properties["qmf.content"] for response in responses} == {"_data"}
    assert {response.content_type for response in responses} == {"amqp/list"}


@WIRES
def test_the_agent_evaluates_the_predicate_of_a_query(wire: Wire) -> None:
    query = Query.from_text("{class:processor, where:[and, [ge, number, 3], [lt, number, [quote, 5]]]}")
    found = objects_of(send_request(responder(), REQUESTS.query(AGENT, query, "1"), wire))
    assert [item.values["number"] for item in found] == [3, 4]


@pytest.mark.parametrize(
    ("object_id", "count"),
    [
        (ObjectId("processor-3"), 1),
        (ObjectId("processor-3", AGENT), 1),
        (ObjectId("processor-3", AGENT, 9), 1),  # this name is valid in every epoch of the agent
        (ObjectId("processor-3", "v:p:other"), 0),
        (ObjectId("processor-99"), 0),
    ],
)
def test_an_object_is_found_by_its_id(object_id: ObjectId, count: int) -> None:
    assert len(objects_of(send_request(responder(), REQUESTS.query(AGENT, Query(object_id=object_id), "1")))) == count


def test_a_query_for_object_ids_returns_ids_only() -> None:
    query = Query(what="OBJECT_ID", schema_id=SchemaId("", "ovirtNode"))
    (part,) = send_request(responder(), REQUESTS.query(AGENT, query, "1"))
    assert isinstance(part, QueryPart)
    assert (part.content, part.items) == ("_object_id", (ObjectId("node"),))


@WIRES
def test_schemas_are_found_by_id_and_keep_their_hash(wire: Wire) -> None:
    (ids,) = send_request(responder(), REQUESTS.query(AGENT, Query(what="SCHEMA_ID"), "1"), wire)
    assert isinstance(ids, QueryPart)
    assert ids.items == (NODE.id, PROCESSOR.id, LINK_DOWN.id)
    assert isinstance(ids.items[0], SchemaId)
    (response,) = send_request(
        responder(), REQUESTS.query(AGENT, Query(what="SCHEMA", schema_id=ids.items[0]), "1"), wire
    )
    assert isinstance(response, QueryPart)
    (schema,) = response.items
    assert isinstance(schema, SchemaClass)
    assert schema.id.hash == NODE.id.hash
    assert schema.methods[0] == ECHO


def test_a_schema_query_without_id_gets_an_exception() -> None:
    (response,) = send_request(responder(), REQUESTS.query(AGENT, Query(what="SCHEMA"), "1"))
    assert isinstance(response, Failure)
    assert response.code == 4


def test_a_user_who_may_not_read_a_class_gets_forbidden_and_never_its_objects() -> None:
    agent = responder(3)
    agent.may_read = lambda user, schema_id: user == "alice" or schema_id is None or schema_id.name != "processor"
    request = REQUESTS.query(AGENT, Query(schema_id=SchemaId("", "processor")), "1")
    (response,) = send_request(agent, request)
    assert isinstance(response, Failure)
    assert response.code == 6
    assert len(objects_of(send_request(agent, replace(request, user_id="alice")))) == 3
    everything = REQUESTS.query(AGENT, Query(), "1")
    assert [item.object_id for item in objects_of(send_request(agent, everything))] == [ObjectId("node")]
    hidden = REQUESTS.query(AGENT, Query(object_id=ObjectId("processor-1")), "1")
    assert objects_of(send_request(agent, hidden)) == []


@pytest.mark.parametrize("wire", [unchanged, through_amqp])
def test_a_python_console_gets_the_v1_schema_on_amq_direct(wire: Wire) -> None:
    request = RequestBuilder("amq.direct/reply-host.1.2").schema_v1(AGENT, PROCESSOR.id, 1234)
    assert request.properties == {}
    (response,) = responder().handle(wire(request), NOW)
    response = wire(response)
    assert (response.address, response.subject) == ("amq.direct", "reply-host.1.2")
    assert response.is_data
    assert response.properties == {"qmf.agent": AGENT}
    received = parse_agent_message(response)
    assert isinstance(received, SchemaV1)
    assert received.sequence == 1234
    assert [item.name for item in received.schema.properties] == ["number", "node", "mhz"]
    wrong = RequestBuilder("amq.direct/r").schema_v1(AGENT, replace(PROCESSOR.id, hash=UUID_1), 1)
    assert list(responder().handle(wrong, NOW)) == []


def test_a_0_10_encoded_request_gets_a_0_10_encoded_response() -> None:
    request = by_the_cpp_library(REQUESTS.query(AGENT, Query(object_id=ObjectId("node")), "1"))
    (response,) = responder().handle(request, NOW)
    assert response.is_data
    assert isinstance(response.body, bytes)
    (item,) = decode_list(response.body, RESPONSE_LIMITS)
    assert isinstance(item, dict)
    assert item["_object_id"] == {"_object_name": "node"}


def test_strict_security_responds_only_to_direct_console_on_the_topic_exchange() -> None:
    agent = responder()
    agent.strict_security = True
    assert len(send_request(agent, REQUESTS.query(AGENT, Query(what="SCHEMA_ID"), "1"))) == 1
    for reply_to in ("qmf.default.direct/x", "queue", "amq.direct/x"):
        assert list(agent.handle(RequestBuilder(reply_to).query(AGENT, Query(what="SCHEMA_ID"), "1"), NOW)) == []
        assert list(agent.handle(RequestBuilder(reply_to).schema_v1(AGENT, NODE.id, 1), NOW)) == []
