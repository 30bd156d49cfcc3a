"""The methods of a running agent."""

import json
import platform
from typing import Any

import pytest

from hostinfo.agent.qmf import Failure, MethodResult
from tests.support.agent_process import Console

pytest.importorskip("proton", reason="needs python-qpid-proton")


def test_echo_returns_its_arguments(console: Console) -> None:
    answer = console.call("echo", sequence=7, body="grüße")
    assert isinstance(answer, MethodResult)
    assert answer.arguments == {"sequence": 7, "body": "grüße"}


def test_get_fact_returns_a_fact_as_json_with_its_source(console: Console) -> None:
    answer = console.call("getFact", path="system.kernel_release")
    assert isinstance(answer, MethodResult)
    assert json.loads(str(answer.arguments["value"])) == platform.release()
    assert str(answer.arguments["source"]).startswith("/proc/")


@pytest.mark.parametrize(
    ("method", "arguments", "reason"),
    [
        ("getFact", {"path": "cpu.modelname"}, "model_name"),
        ("getFact", {"path": "network.links[none].mac"}, "no item none"),
        ("getFact", {"path": 5}, "path"),
        ("setUpdateInterval", {"interval": 0}, "1 to 3600"),
        ("setUpdateInterval", {"interval": -1}, "1 to 3600"),
        ("reboot", {}, "no method"),
        ("echo", {"sequence": 1}, "body is missing"),
    ],
)
def test_a_call_that_cannot_be_executed_fails_with_the_reason(
    console: Console, method: str, arguments: Any, reason: str
) -> None:
    answer = console.call(method, **arguments)
    assert isinstance(answer, Failure)
    assert reason in answer.text


def test_refresh_returns_when_all_groups_were_read(console: Console) -> None:
    assert isinstance(console.call("refresh"), MethodResult)


def test_the_interval_of_statistics_can_be_set(console: Console) -> None:
    assert isinstance(console.call("setUpdateInterval", interval=2), MethodResult)
    (node,) = console.get("{class:ovirtNode}")
    assert node.values["updateInterval"] == 2
    assert isinstance(console.call("setUpdateInterval", interval=1), MethodResult)
