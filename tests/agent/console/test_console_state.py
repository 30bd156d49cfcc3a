"""What the console decides about messages, on plain values: no thread, no socket, no clock."""

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.console import AgentChange, AgentState
from hostinfo.agent.console.console_state import BROKER, Completed, ConsoleState, Delivery, Notified, Streamed
from hostinfo.agent.qmf import (
    AgentAnnouncement,
    Content,
    DataObject,
    Failure,
    Indication,
    Message,
    QueryPart,
    SchemaId,
)
from hostinfo.agent.transport import ConnectionState
from tests.support.qmf_node import PROCESSOR, processor

SECOND = 10**9
NAME = "example.org:hostinfo:1"


def announcement(
    name: str = NAME, *, epoch: int = 1, is_response: bool = False, capability: int = 1
) -> AgentAnnouncement:
    return AgentAnnouncement(
        agent=name,
        attributes={},
        is_locate_response=is_response,
        timestamp=0,
        epoch=epoch,
        schema_updated=0,
        interval_s=10,
        capability=capability,
    )


def part(correlation: str, *items: DataObject, is_last: bool, agent: str = NAME) -> QueryPart:
    return QueryPart(
        agent=agent, correlation=correlation, content=Content.DATA, items=items, dropped=0, is_last=is_last
    )


def indication(correlation: str | None, *items: DataObject, agent: str = NAME) -> Indication:
    return Indication(agent=agent, correlation=correlation, content=Content.DATA, items=items, dropped=0)


def agent_states(deliveries: list[Delivery]) -> list[AgentState]:
    return [
        delivery.notification.state
        for delivery in deliveries
        if isinstance(delivery, Notified) and isinstance(delivery.notification, AgentChange)
    ]


def test_an_agent_is_added_refreshed_restarted_and_lost() -> None:
    state = ConsoleState()
    assert agent_states(state.on_message(announcement(), 0)) == [AgentState.ADDED]
    assert agent_states(state.on_message(announcement(), 10 * SECOND)) == [AgentState.REFRESHED]
    assert agent_states(state.on_message(announcement(epoch=2), 20 * SECOND)) == [AgentState.RESTARTED]
    assert state.expire(49 * SECOND) == []
    state.on_message(indication(None), 49 * SECOND)  # any message shows that it is alive
    assert state.expire(50 * SECOND) == []
    assert agent_states(state.expire(79 * SECOND)) == [AgentState.LOST]
    assert list(state.agents) == []


def test_only_locate_responses_count_as_located() -> None:
    state = ConsoleState()
    state.on_message(announcement(), 5 * SECOND)
    assert state.located_ns == 0
    state.on_message(announcement(is_response=True), 6 * SECOND)
    assert state.located_ns == 6 * SECOND


def test_a_response_in_parts_is_delivered_once_when_it_is_complete() -> None:
    state = ConsoleState()
    request = state.register(NAME)
    assert state.on_message(part(request.correlation, processor(0), is_last=False), 0) == []
    (delivery,) = state.on_message(part(request.correlation, processor(1), is_last=True), 0)
    assert delivery == Completed(request)
    assert [item.values["number"] for item in request.items if isinstance(item, DataObject)] == [0, 1]
    assert state.on_message(part(request.correlation, processor(1), is_last=True), 0) == []


def test_the_response_of_another_agent_or_to_a_cancelled_request_is_ignored() -> None:
    state = ConsoleState()
    request = state.register(NAME)
    assert state.on_message(part(request.correlation, is_last=True, agent="example.org:hostinfo:2"), 0) == []
    state.cancel(request)
    failure = Failure(agent=NAME, correlation=request.correlation, code=1, text="no", values={})
    assert state.on_message(failure, 0) == []


def test_an_indication_goes_to_its_subscription_until_that_ends_and_else_to_the_listeners() -> None:
    state = ConsoleState()
    request = state.register(NAME, is_stream=True)
    sent = indication(request.correlation, processor(0))
    assert state.on_message(sent, 0) == [Streamed(request.correlation, sent)]
    state.on_message(part(request.correlation, is_last=True), 0)
    assert state.on_message(sent, 0) == [Streamed(request.correlation, sent)]
    state.end_stream(request.correlation)
    assert state.on_message(sent, 0) == [Notified(sent)]
    assert state.on_message(indication(None), 0) == [Notified(indication(None))]


def test_the_classes_of_an_agent_without_v2_schemas_are_learned_from_its_objects() -> None:
    state = ConsoleState()
    state.on_message(announcement(capability=0), 0)
    state.on_message(indication(None, processor(0)), 0)
    assert state.classes(NAME) == [PROCESSOR.id]
    state.on_message(announcement("example.org:hostinfo:2"), 0)
    state.on_message(indication(None, processor(0), agent="example.org:hostinfo:2"), 0)
    assert state.classes("example.org:hostinfo:2") == []
    state.expire(60 * SECOND)
    assert state.classes(NAME) == []


def test_a_v1_schema_without_sender_is_of_the_agent_that_it_was_requested_from() -> None:
    state = ConsoleState()
    requests = [state.register(NAME), state.register(BROKER)]
    for request, sender in zip(requests, (NAME, "broker"), strict=True):
        raw = b"AM2s" + int(request.correlation).to_bytes(4, "big")
        assert state.with_sender(Message(body=raw)).agent == sender
    other = Message(body=b"AM2x1234")
    assert state.with_sender(other) is other


def test_connecting_is_finished_by_a_connection_a_refusal_or_the_last_try() -> None:
    state = ConsoleState()
    assert not state.is_connect_finished(2)
    state.on_connection(ConnectionState.DISCONNECTED, "no route")
    assert state.is_connect_finished(1)
    assert not state.is_connect_finished(2)
    state.on_connection(ConnectionState.DISCONNECTED, "no route")
    assert state.is_connect_finished(2)
    state.on_connection(ConnectionState.CONNECTED, "broker")
    assert (state.connections, state.failures) == (1, 0)
    state.on_connection(ConnectionState.REFUSED, "wrong password")
    assert state.is_connect_finished(99)
    assert state.reason == "wrong password"


CORRELATIONS = st.sampled_from(["", "1", "77", "no number", "4294967295"])
MESSAGES = st.one_of(
    st.builds(announcement, st.sampled_from([NAME, "b", ""]), epoch=st.integers(0, 3), is_response=st.booleans()),
    st.builds(part, CORRELATIONS, is_last=st.booleans()),
    st.builds(indication, st.one_of(st.none(), CORRELATIONS)),
)


@given(st.lists(st.tuples(MESSAGES, st.integers(0, 100 * SECOND)), max_size=30))
def test_messages_without_a_request_complete_nothing_and_every_known_agent_expires(
    messages: list[tuple[AgentAnnouncement | QueryPart | Indication, int]],
) -> None:
    state = ConsoleState()
    now = 0
    for message, passed in messages:
        now += passed
        assert all(isinstance(one, Notified) for one in state.on_message(message, now))
    names = {agent.name for agent in state.agents}
    lost = state.expire(now + 30 * SECOND)
    assert {one.notification.agent.name for one in lost if isinstance(one.notification, AgentChange)} == names  # type: ignore[union-attr]
    assert len(state.agents) == 0


def test_schema_ids_without_hash_are_not_learned() -> None:
    state = ConsoleState()
    item = DataObject(object_id=None, schema_id=SchemaId("p", "c", None), values={})
    state.on_message(indication(None, item), 0)
    assert state.classes(NAME) == []
