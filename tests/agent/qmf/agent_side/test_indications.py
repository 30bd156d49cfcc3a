"""What an agent publishes: events, changed objects, and changes to subscribers."""

from dataclasses import replace

from hostinfo.agent.qmf import (
    Event,
    Failure,
    Indication,
    Query,
    SchemaId,
    SubscribeResponse,
    data_indications,
    event_indication,
    parse_agent_message,
)
from tests.support.qmf_node import (
    LINK_DOWN,
    NOW,
    MemoryStore,
    processor,
    responder,
)
from tests.support.qmf_wire import AGENT, REQUESTS, objects_of, send_request, through_qpidd


def test_an_event_has_its_class_severity_and_time() -> None:
    event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth0"}, timestamp=NOW, severity=4)
    message = event_indication(responder().identity, event)
    assert message.subject == "agent.ind.event.com_redhat_ovirtNode.linkDown.warn.example_org.hostinfo.0a1b_c"
    assert message.properties["qmf.content"] == "_event"
    assert message.ttl_ms
    received = parse_agent_message(through_qpidd(message))
    assert isinstance(received, Indication)
    assert received.correlation is None
    assert received.items == (event,)


def test_changed_objects_are_published_by_class_and_deleted_ones_with_their_time() -> None:
    deleted = replace(processor(1), delete_ts=NOW + 1)
    store = MemoryStore(0)
    messages = list(data_indications(responder().identity, [store.all["node"], processor(0), deleted]))
    assert [message.subject for message in messages] == [
        "agent.ind.data.com_redhat_ovirtNode.ovirtNode.example_org.hostinfo.0a1b_c",
        "agent.ind.data.com_redhat_ovirtNode.processor.example_org.hostinfo.0a1b_c",
    ]
    assert all(message.ttl_ms for message in messages)
    found = objects_of(item for message in messages if (item := parse_agent_message(message)) is not None)
    assert [item.is_deleted for item in found] == [False, False, True]


def test_a_subscription_publishes_at_once_and_then_what_changed() -> None:
    agent = responder(3)
    store = MemoryStore(3)
    agent.store = store
    query = Query(schema_id=SchemaId("", "processor"))
    granted, first = send_request(agent, REQUESTS.subscribe(AGENT, query, "9", duration_s=60, interval_ms=1_000))
    assert isinstance(granted, SubscribeResponse)
    assert (granted.duration_s, granted.interval_ms) == (60, 1_000)
    assert len(objects_of([first])) == 3
    assert list(agent.publish_due(NOW + 10**9)) == []
    store.all["processor-1"] = processor(1, NOW + 5)
    (message,) = agent.publish_due(NOW + 2 * 10**9)
    assert (message.subject, message.correlation_id) == ("direct-console.42", "9")
    received = parse_agent_message(message)
    assert received is not None
    assert [item.values["number"] for item in objects_of([received])] == [1]
    (message,) = agent.publish_deleted(replace(processor(2), delete_ts=NOW), NOW + 2 * 10**9)
    assert message.correlation_id == "9"
    (refreshed,) = send_request(agent, REQUESTS.refresh(AGENT, granted.subscription_id, "10", duration_s=100))
    assert isinstance(refreshed, SubscribeResponse)
    assert refreshed.duration_s == 100
    assert send_request(agent, REQUESTS.cancel(AGENT, granted.subscription_id, "11")) == []
    (missing,) = send_request(agent, REQUESTS.refresh(AGENT, granted.subscription_id, "12"))
    assert isinstance(missing, Failure)
