"""Method calls of a console to an agent."""

import pytest

from hostinfo.agent.qmf import (
    Failure,
    MethodCall,
    MethodResult,
    ObjectId,
    parse_agent_message,
)
from hostinfo.agent.qmf.wire.types import Map
from tests.support.qmf_node import (
    NOW,
    responder,
)
from tests.support.qmf_wire import AGENT, REQUESTS, WIRES, Wire, send_request


@WIRES
def test_a_method_returns_its_output(wire: Wire) -> None:
    request = REQUESTS.call(AGENT, "echo", {"sequence": 5, "body": "é"}, "3", ObjectId("node"))
    (response,) = send_request(responder(), request, wire)
    assert isinstance(response, MethodResult)
    assert response.arguments == {"sequence": 5, "body": "é"}


@pytest.mark.parametrize(
    ("method", "arguments", "target", "code"),
    [
        ("echo", {"sequence": 5, "body": "x"}, ObjectId("missing"), 1),
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
def test_a_failed_method_call_reports_the_reason(method: str, arguments: Map, target: ObjectId, code: int) -> None:
    errors: list[Exception] = []
    agent = responder()
    agent.on_error = errors.append
    (response,) = send_request(agent, REQUESTS.call(AGENT, method, arguments, "3", target))
    assert isinstance(response, Failure)
    assert response.code == code
    assert response.text
    assert [str(error) for error in errors] == (["an internal error"] if method == "explode" else [])
    assert "an internal error" not in response.text  # internal errors are only logged


def test_a_method_call_without_object_uses_the_only_class_with_this_method() -> None:
    (response,) = send_request(
        responder(), REQUESTS.call(AGENT, "echo", {"sequence": 1, "body": "a", "loud": True}, "3")
    )
    assert isinstance(response, MethodResult)
    assert response.arguments["body"] == "A"


def test_a_method_may_complete_later() -> None:
    agent = responder()
    calls: list[MethodCall] = []
    agent.call_method = calls.append
    request = REQUESTS.call(AGENT, "refresh", {}, "31", ObjectId("node"))
    assert list(agent.handle(request, NOW)) == []
    response = agent.finish(calls[0], {"ok": True})
    assert parse_agent_message(response) == MethodResult(agent=AGENT, correlation="31", arguments={"ok": True})
