"""Requests to many agents at once, on a real exchange, over real connections."""

import threading
from dataclasses import replace

import pytest

from hostinfo.agent.console import Console, Response, parse_predicate
from hostinfo.agent.qmf import ErrorCode, ObjectId, Query, SchemaClass, UInt
from hostinfo.agent.qmf.agent_side import query_executor
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import PROCESSORS, Fleet, agent_name, fleet_agent


def test_responses_of_many_agents_in_many_parts_are_joined(fleet: Fleet, console: Console) -> None:
    for one in fleet.responders.values():
        one.chunk_objects = 3
    seen: list[Response] = []
    responses = console.query(console.agents(), PROCESSORS, 10, seen.append)
    assert [response.agent for response in responses] == [agent_name(number) for number in range(5)]
    assert all(response.is_success for response in responses)
    assert {tuple(item.values["number"] for item in response.objects) for response in responses} == {tuple(range(20))}
    assert len(seen) == 5


def test_a_missing_response_is_incomplete_and_the_others_are_complete(fleet: Fleet, console: Console) -> None:
    agents = console.agents()
    fleet.silent.add(agent_name(2))
    responses = console.query(agents, PROCESSORS, 1.0)
    assert [response.is_complete for response in responses] == [True, True, False, True, True]
    assert responses[2].items == ()


def test_the_received_parts_of_an_incomplete_response_are_kept(fleet: Fleet, console: Console) -> None:
    agents = console.agents()
    fleet.responders[agent_name(1)].chunk_objects = 6
    fleet.cut[agent_name(1)] = 2
    response = console.query(agents, PROCESSORS, 1.0)[1]
    assert not response.is_complete
    assert len(response.objects) == 12


def test_a_response_with_parts_dropped_by_a_queue_is_a_failure() -> None:
    options = TransportOptions(listen="amqp://127.0.0.1:0", max_queue_messages=3)
    made = fleet_agent(1, processors=200)
    made.chunk_objects = 8
    with Fleet([made], options) as small, Console(open_transport(TransportOptions(urls=(small.url,)))) as console:
        console.connect()
        (response,) = console.query([agent_name(1)], PROCESSORS)
        assert response.is_complete
        assert not response.is_success
        assert response.failure is not None
        assert "22 of 25 parts of the response were lost" in response.failure.text
        assert len(response.objects) == 24  # the received ones are kept


def test_more_agents_than_the_window_all_respond_despite_silent_ones() -> None:
    with (
        Fleet([fleet_agent(number, 1) for number in range(600)]) as fleet,
        Console(open_transport(TransportOptions(urls=(fleet.url,)))) as console,
    ):
        agents = console.agents(seconds=20)
        assert len(agents) == 600
        fleet.silent.update(agent_name(number) for number in range(300))
        responses = console.query(agents, PROCESSORS, 5.0)
        assert {response.agent for response in responses if not response.is_complete} == fleet.silent


def test_the_predicate_of_a_query_selects_objects(console: Console) -> None:
    response = console.query([agent_name(0)], Query(where=parse_predicate("number>17, mhz=2400.5")))[0]
    assert [item.values["number"] for item in response.objects] == [18, 19]


def test_a_method_returns_its_output_and_a_refusal_its_reason(console: Console) -> None:
    done = console.call(agent_name(0), ObjectId("node"), "echo", {"sequence": UInt(7), "body": "x", "loud": True})
    assert done.arguments == {"sequence": 7, "body": "X"}
    refused = console.call(agent_name(0), ObjectId("node"), "reboot")
    assert refused.is_complete
    assert refused.failure is not None
    assert (refused.failure.code, refused.failure.text) == (ErrorCode.FORBIDDEN, "reboot is not allowed")


def test_a_method_is_called_once_even_without_response(fleet: Fleet, console: Console) -> None:
    console.connect()
    fleet.silent.add(agent_name(0))
    assert not console.call(agent_name(0), None, "refresh", seconds=0.5).is_complete
    assert len([message for message in fleet.received if message.opcode == "_method_request"]) == 1


def test_schemas_are_fetched_with_qmf_v2(console: Console) -> None:
    response = console.schemas(console.agents()[0])
    assert response.is_success
    assert {item.name for item in response.items if isinstance(item, SchemaClass)} == {
        "ovirtNode",
        "processor",
        "linkDown",
    }


def without_v2_schemas(fleet: Fleet) -> None:
    for responder in fleet.responders.values():
        responder.identity = replace(responder.identity, capability=0)


def test_schemas_of_an_agent_without_v2_schemas_are_fetched_with_qmf_v1(fleet: Fleet, console: Console) -> None:
    without_v2_schemas(fleet)
    console.agents()
    named = console.schemas(agent_name(0), ["processor"])
    assert [item.name for item in named.items if isinstance(item, SchemaClass)] == ["processor"]
    learnt = console.schemas(agent_name(0))
    assert [item.name for item in learnt.items if isinstance(item, SchemaClass)] == ["processor"]
    assert all(
        message.binary_body is None or message.binary_body.startswith(b"AM2S") for message in fleet.received[-1:]
    )
    assert not [message for message in fleet.received if message.body == {"_what": "SCHEMA_ID"}]


def test_objects_of_an_agent_that_ignores_predicates_are_filtered(
    fleet: Fleet, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_v2_schemas(fleet)
    monkeypatch.setattr(
        query_executor.QueryExecutor, "select", lambda self, query, _user: iter(self.store.objects(query.schema_id))
    )
    console.agents()
    response = console.query([agent_name(0)], Query(where=parse_predicate("number=3")))[0]
    assert [item.values["number"] for item in response.objects] == [3]


def test_one_console_serves_many_threads(console: Console) -> None:
    agents = console.agents()
    found: list[int] = []

    def work() -> None:
        found.extend(sum(len(response.objects) for response in console.query(agents, PROCESSORS)) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [100] * 40
