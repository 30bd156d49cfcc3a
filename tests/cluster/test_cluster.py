"""A cluster of three RabbitMQ 4 under a fleet: a node that is killed, frozen or restarted. Minutes; tox -e cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hostinfo.agent.transport import TransportOptions
from tests.support import rabbitmq_cluster
from tests.support.fleet import Fleet, fleet_agent
from tests.support.rabbitmq_cluster import Cluster
from tests.support.transport_helpers import wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.cluster
AGENTS = 60
HEARTBEAT_SECONDS = 15.0
SPREAD_SECONDS = 30.0
"""As `hostinfo agent` has it."""
KILL_SECONDS = 5.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def fleet(cluster: Cluster) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(AGENTS):
            options = TransportOptions(
                urls=cluster.urls(number), heartbeat_seconds=HEARTBEAT_SECONDS, spread_seconds=SPREAD_SECONDS
            )
            stack.enter_context(Fleet([fleet_agent(number, 1)], options))
        yield


def seconds_until_all_are_listed(cluster: Cluster, node: int, since: float, limit: float) -> float:
    return rabbitmq_cluster.seconds_until_all_are_listed(cluster, node, since, limit, agents=AGENTS)


def freeze(cluster: Cluster, node: int) -> Callable[[], None]:
    pid = cluster.nodes[node].pid()
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def wait_for_queues(cluster: Cluster, node: int, count: int) -> None:
    """Wait until no more queues are left than each agent's: those of consoles end with their connection."""
    wait_until(lambda: len(cluster.nodes[node].queues()) == count, 90)


def test_every_agent_is_listed_soon_after_a_node_was_killed(cluster: Cluster, fleet: None) -> None:
    seconds_until_all_are_listed(cluster, 1, time.monotonic(), 60)
    wait_for_queues(cluster, 1, AGENTS)
    killed = time.monotonic()
    cluster.nodes[0].kill()
    assert seconds_until_all_are_listed(cluster, 1, killed, 60) <= KILL_SECONDS
    cluster.nodes[0].start()
    wait_for_queues(cluster, 1, AGENTS)
    assert seconds_until_all_are_listed(cluster, 0, time.monotonic(), 60) <= KILL_SECONDS


def test_every_agent_is_listed_within_two_heartbeats_after_a_node_was_frozen(cluster: Cluster, fleet: None) -> None:
    seconds_until_all_are_listed(cluster, 1, time.monotonic(), 60)
    frozen = time.monotonic()
    thaw = freeze(cluster, 2)
    try:
        taken = seconds_until_all_are_listed(cluster, 1, frozen, 120)
    finally:
        thaw()
    assert taken <= 2 * HEARTBEAT_SECONDS
    seconds_until_all_are_listed(cluster, 1, time.monotonic(), 120)
    wait_for_queues(cluster, 1, AGENTS)


def test_every_agent_is_listed_while_the_nodes_restart_in_turn(cluster: Cluster, fleet: None) -> None:
    for number in range(3):
        other = (number + 1) % 3
        cluster.nodes[number].control("stop_app")
        stopped = time.monotonic()
        assert seconds_until_all_are_listed(cluster, other, stopped, 60) <= KILL_SECONDS
        cluster.nodes[number].control("start_app")
    seconds_until_all_are_listed(cluster, 0, time.monotonic(), 60)
    wait_for_queues(cluster, 0, AGENTS)
