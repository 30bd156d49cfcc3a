"""Messages of agents that other projects wrote."""

import pytest

from hostinfo.agent.qmf import (
    AgentAnnouncement,
    Failure,
    Message,
    QueryPart,
    parse_agent_message,
)
from tests.support.qmf_wire import objects_of


def test_messages_of_qpidds_built_in_agent_are_parsed() -> None:
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
    assert objects_of([received])[0].values == {"name": "amq.topic"}


def test_old_attribute_names_and_the_nested_exception_of_java_are_parsed() -> None:
    properties = {"qmf.opcode": "_agent_heartbeat_indication", "qmf.agent": "a:b:c"}
    announcement = parse_agent_message(
        Message(properties=properties, body={"_values": {"epoch": 3, "timestamp": 4, "heartbeat_interval": 5}})
    )
    assert isinstance(announcement, AgentAnnouncement)
    assert (announcement.epoch, announcement.timestamp) == (3, 4)
    assert (announcement.interval_s, announcement.capability) == (5, 0)
    properties = {"qmf.opcode": "_exception", "qmf.agent": "a:b:c"}
    failure = parse_agent_message(Message(properties=properties, body={"_values": {"_values": {"error_text": "no"}}}))
    assert isinstance(failure, Failure)
    assert (failure.code, failure.text) == (7, "no")


@pytest.mark.parametrize(
    ("content", "kept"),
    [("_data", 2), ("_event", 2), ("_schema", 0), ("_schema_id", 5), ("_object_id", 0), ("other", 0)],
)
def test_only_the_invalid_items_of_a_list_are_dropped(content: str, kept: int) -> None:
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
    assert isinstance(received, QueryPart)
    assert (len(received.items), received.dropped) == (kept, len(items) - kept)
