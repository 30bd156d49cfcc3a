"""Requests to agents that are not connected are answered by the broker at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hostinfo import Unavailable
from hostinfo.agent.console import Console
from hostinfo.agent.qmf import Query
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.console_program import Program
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.rabbitmq import RabbitMq, require_version_4
from tests.support.transport_helpers import Peer

pytest.importorskip("proton")


@contextmanager
def embedded(_folder: Path) -> Iterator[str]:
    with Peer(TransportOptions(listen="amqp://127.0.0.1:0")).connected() as hub:
        yield hub.url


@contextmanager
def rabbitmq_4(folder: Path) -> Iterator[str]:
    with RabbitMq(folder, version_4=require_version_4()) as broker:
        yield broker.url


@pytest.fixture(scope="module", params=[embedded, pytest.param(rabbitmq_4, marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with request.param(tmp_path_factory.mktemp("broker")) as found:
        yield found


def test_a_request_to_an_agent_that_left_ends_at_once(url: str) -> None:
    options = TransportOptions(urls=(url,))
    with Console(open_transport(options)) as console:
        with Fleet([fleet_agent(1)], options), Fleet([fleet_agent(2)], options):
            found = console.agents()
            assert [agent.name for agent in found] == [agent_name(1), agent_name(2)]
        with Fleet([fleet_agent(2)], options):
            began = time.monotonic()
            responses = console.query(found, Query.from_text("{class: processor}"), seconds=10)
            assert time.monotonic() - began < 3
        assert [bool(response.objects) for response in responses] == [False, True]
        assert responses[0].failure is not None
        assert responses[0].failure.text == "it is not connected to the broker"
        began = time.monotonic()
        console.query(found, Query.from_text("{class: processor}"), seconds=10)
        assert time.monotonic() - began < 3


def test_without_any_agent_the_list_ends_at_once(url: str, tmp_path: Path) -> None:
    began = time.monotonic()
    ran = Program(tmp_path, url)("list", "--seconds", "20")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no agent responded" in ran.stderr
    assert time.monotonic() - began < 10


def test_an_agent_that_is_connected_and_silent_is_known_to_be_connected(url: str) -> None:
    options = TransportOptions(urls=(url,))
    with Console(open_transport(options)) as console, Fleet([fleet_agent(1)], options) as fleet:
        found = console.agents()
        fleet.silent.add(agent_name(1))
        (response,) = console.query(found, Query.from_text("{class: processor}"), seconds=1)
        assert (response.is_complete, response.failure) == (False, None)
        assert console.reports_unroutable


def test_a_console_that_was_not_started_says_so() -> None:
    with pytest.raises(Unavailable, match="with Console"):
        Console(open_transport(TransportOptions(urls=("amqp://127.0.0.1:9",)))).agents()
