"""A fleet that lost its broker returns over a time, not all at once."""

import time
from contextlib import ExitStack

import pytest

from hostinfo.agent.transport import ConnectionState, TransportOptions
from hostinfo.agent.transport.broker.return_spread import MIN_SPREAD_SECONDS, ReturnSpread
from tests.support.transport_helpers import Peer, embedded_agent, free_port, wait_until

COUNT = 40


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("spread", "away", "longest"),
    [(30, 0.1, MIN_SPREAD_SECONDS), (30, 12, 3), (30, 600, 30), (1, 600, 1), (0, 600, 0)],
)
def test_the_longest_wait_is_a_quarter_of_the_outage_up_to_the_limit(
    spread: float, away: float, longest: float
) -> None:
    clock = Clock()
    client = ReturnSpread(spread, clock=clock, uniform=lambda _low, high: high)
    assert client.wait_seconds() == 0  # the first connection of a process
    client.lost()
    clock.now += away
    client.lost()
    assert client.wait_seconds() == pytest.approx(longest)
    clock.now += longest + 0.5
    assert client.wait_seconds() == 0
    client.connected()
    assert client.wait_seconds() == 0


def test_a_return_that_was_none_is_spread_again() -> None:
    clock = Clock()
    client = ReturnSpread(30, clock=clock, uniform=lambda _low, high: high)
    client.lost()
    clock.now += 120
    assert client.wait_seconds() == 30
    clock.now += 3_600
    assert client.wait_seconds() == 30


@pytest.mark.slow
def test_forty_clients_return_over_a_quarter_of_the_outage() -> None:
    port = free_port()
    url = f"amqp://127.0.0.1:{port}"
    with ExitStack() as fleet:
        with embedded_agent(listen=url):
            peers = [fleet.enter_context(Peer(TransportOptions(urls=(url,), spread_seconds=30))) for _ in range(COUNT)]
            for peer in peers:
                peer.connected()
        wait_until(lambda: all(peer.state is ConnectionState.DISCONNECTED for peer in peers))
        time.sleep(16)
        with embedded_agent(listen=url):
            opened = time.monotonic()
            for peer in peers:
                peer.connected(2, 30)
            returned = sorted(peer.state_times[-1] - opened for peer in peers)
            assert returned[-1] - returned[0] > 2  # of 4 s; without a spread 1.2 s at most
            assert returned[COUNT // 2] < 4 + 1.2
            for peer in peers:
                peer.transport.close()
