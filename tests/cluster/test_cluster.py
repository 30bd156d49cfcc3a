"""A cluster of three RabbitMQ 4 under a fleet: a node that is killed, frozen or restarted. Minutes; tox -e cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hostinfo.agent.console import Console
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.rabbitmq import RabbitMq, require_version_4
from tests.support.transport_helpers import free_port, wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.cluster
AGENTS = 60
HEARTBEAT_SECONDS = 15.0
NET_TICK_SECONDS = 10
"""When the other nodes give up a silent one; until then they wait for it with each declaration. Default: 60."""
KILL_SECONDS = 5.0


class Cluster:
    """Three nodes on loopback, which share one epmd."""

    def __init__(self, folder: Path) -> None:
        root, epmd_port = require_version_4(), free_port()
        self.nodes: list[RabbitMq] = []
        for number in range(3):
            (folder / str(number)).mkdir()
            seeds = (self.nodes[0].node,) if self.nodes else ()
            node = RabbitMq(
                folder / str(number),
                version_4=root,
                epmd_port=epmd_port,
                cluster=seeds,
                configuration=(f"net_ticktime = {NET_TICK_SECONDS}", "cluster_partition_handling = autoheal"),
            )
            self.nodes.append(node)
            node.start()
        assert all(node.node in self.nodes[0].control("cluster_status") for node in self.nodes)

    def urls(self, first: int) -> tuple[str, ...]:
        """Return the URLs of all nodes, beginning with this one."""
        return tuple(self.nodes[(first + number) % 3].url for number in range(3))

    def stop(self) -> None:
        for node in reversed(self.nodes):
            node.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def fleet(cluster: Cluster) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(AGENTS):
            options = TransportOptions(urls=cluster.urls(number), heartbeat_seconds=HEARTBEAT_SECONDS)
            stack.enter_context(Fleet([fleet_agent(number, 1)], options))
        yield


def listed(cluster: Cluster, node: int) -> set[str]:
    """Return the agents that a new console finds, which uses this node first."""
    with Console(open_transport(TransportOptions(urls=cluster.urls(node)))) as console:
        console.connect(30, tries=10)
        return {agent.name for agent in console.agents(seconds=5)}


def seconds_until_all_are_listed(cluster: Cluster, node: int, since: float, limit: float) -> float:
    """Return when the first listing that was complete began, in seconds after `since`."""
    everyone = {agent_name(number) for number in range(AGENTS)}
    while True:
        began = time.monotonic() - since
        found = listed(cluster, node)
        if found == everyone:
            return began
        assert began < limit, f"{len(found)} of {AGENTS} after {began:.1f} s"


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
