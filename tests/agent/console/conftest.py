"""Five agents on a real exchange, and a console that is connected to it."""

from collections.abc import Iterator

import pytest

from hostinfo.agent.console import Console
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import Fleet, fleet_agent


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet([fleet_agent(number) for number in range(5)]) as made:
        yield made


@pytest.fixture
def console(fleet: Fleet) -> Iterator[Console]:
    with Console(open_transport(TransportOptions(urls=(fleet.url,)))) as made:
        yield made
