"""Messages with hostile or foreign properties: routing, reply-to, correlation ids and opcodes."""

from dataclasses import replace

import pytest

from hostinfo.agent.qmf import (
    Message,
    Query,
    RequestBuilder,
    SchemaId,
    parse_agent_message,
)
from tests.support.qmf_node import NODE, NOW, responder
from tests.support.qmf_wire import AGENT, REQUESTS

QUERY = REQUESTS.query(AGENT, Query(schema_id=SchemaId("", "processor")), "17")


def responses_to(request: Message, processors: int = 3) -> list[Message]:
    return list(responder(processors).handle(request, NOW))


@pytest.mark.parametrize(
    "opcode", ["_agent_locate_response", "_query_response", "_exception", "_data_indication", "x", ""]
)
def test_only_requests_get_a_response_so_that_agents_never_answer_each_other(opcode: str) -> None:
    for body in ({}, [], {"_values": {}}, object()):
        assert responses_to(replace(QUERY, properties={"qmf.opcode": opcode}, body=body)) == []
    assert responses_to(replace(QUERY, properties={}, body={})) == []


def test_an_agent_does_not_respond_to_its_own_responses() -> None:
    agent = responder()
    request = RequestBuilder(f"qmf.default.direct/{AGENT}").query(AGENT, Query(what="SCHEMA_ID"), "1")
    first = list(agent.handle(request, NOW))
    assert first
    assert [list(agent.handle(message, NOW)) for message in first] == [[]]


@pytest.mark.parametrize(
    "reply_to", [None, "", "/", "amq.fanout/x", "qpid.management/x", "x" * 10_000, "\0", "amq.topic"]
)
def test_a_missing_or_foreign_reply_to_gets_no_response(reply_to: str | None) -> None:
    assert responses_to(replace(QUERY, reply_to=reply_to)) == []


def test_a_huge_correlation_id_is_not_returned() -> None:
    (response, *_) = responses_to(replace(QUERY, correlation_id="x" * 10_000_000))
    assert response.correlation_id is None


def test_correlation_ids_of_any_type_are_returned_unchanged() -> None:
    for correlation in (7, b"\xff", "free text", NODE.id.hash):
        (response,) = responses_to(replace(QUERY, correlation_id=correlation))
        assert response.correlation_id == correlation


def test_properties_of_any_type_are_handled() -> None:
    for value in (None, 5, b"\xff", b"_query_request", memoryview(b"x"), object(), "x" * 10**6):
        request = replace(QUERY, properties={"qmf.opcode": value, "x": value}, content_type="symbol('None')")
        for response in responses_to(request):
            assert response.opcode in ("_query_response", "_exception")
        parse_agent_message(replace(request, properties={"qmf.opcode": "_query_response", "qmf.agent": value}))
