"""Stores with values that are hard to send, or that fail."""

from collections.abc import Iterable

from hostinfo.agent.qmf import (
    DataObject,
    Message,
    ObjectId,
    Query,
    QueryPart,
    SchemaId,
    parse_agent_message,
)
from tests.support.qmf_node import NODE, NOW, MemoryStore, responder
from tests.support.qmf_wire import AGENT, REQUESTS

QUERY = REQUESTS.query(AGENT, Query(schema_id=SchemaId("", "processor")), "17")


def opcodes(messages: Iterable[Message]) -> list[str | None]:
    return [message.opcode for message in messages]


def test_facts_of_70_kb_reach_a_console_without_disconnecting_others() -> None:
    store = MemoryStore(0)
    huge = {"cmdline": "x" * 70_000, "packages": ["y" * 70_000], "k" * 300: 1}
    store.all["huge"] = DataObject(object_id=ObjectId("huge"), schema_id=NODE.id, values=huge)
    agent = responder()
    agent.store = store
    (response,) = agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("huge")), "1"), NOW)
    assert isinstance(response.body, list)
    values = response.body[0]["_values"]
    assert values["cmdline"] == b"x" * 70_000
    assert values["packages"] == [b"y" * 70_000]
    received = parse_agent_message(response)
    assert received is not None
    assert isinstance(received, QueryPart)
    (item,) = received.items
    assert isinstance(item, DataObject)
    assert item.values["cmdline"] == huge["cmdline"]


class BrokenStore(MemoryStore):
    """A store that fails after two objects."""

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:
        yield from list(super().objects(schema_id))[:2]
        raise OSError("disk failed")


def test_a_store_that_fails_half_way_ends_the_response_with_an_exception() -> None:
    agent = responder()
    agent.store = BrokenStore(5)
    agent.chunk_objects = 1
    errors: list[Exception] = []
    agent.on_error = errors.append
    responses = list(agent.handle(QUERY, NOW))
    assert opcodes(responses)[-1] == "_exception"
    assert [str(error) for error in errors] == ["disk failed"]


def test_values_that_cannot_be_sent_get_an_exception() -> None:
    agent = responder()
    store = MemoryStore(0)
    store.all["odd"] = DataObject(object_id=ObjectId("odd"), schema_id=NODE.id, values={"x": object()})
    agent.store = store
    assert opcodes(agent.handle(REQUESTS.query(AGENT, Query(object_id=ObjectId("odd")), "1"), NOW)) == ["_exception"]
