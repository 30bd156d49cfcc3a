"""A running agent over its own listener, and a console that is connected to it."""

from collections.abc import Iterator

import pytest

from tests.support.agent_process import Agent, Console, agent, until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with agent(tmp_path_factory.mktemp("agent")) as one:
        yield one


@pytest.fixture
def console(running: Agent) -> Iterator[Console]:
    with Console(running.url) as one:
        until(lambda: len(one.get("{class:ovirtNode, where:[exists, cpus]}")) == 1, 20)
        yield one
