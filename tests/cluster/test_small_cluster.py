"""A cluster of three RabbitMQ 4 under a few agents: one node is killed, or does not start. A minute."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hostinfo.agent.transport import TransportOptions
from tests.support.fleet import Fleet, fleet_agent
from tests.support.rabbitmq_cluster import Cluster, seconds_until_all_are_listed
from tests.support.transport_helpers import wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.slow
AGENTS = 8
KILL_SECONDS = 5.0


def test_every_agent_is_listed_soon_after_a_node_was_killed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(tmp_path))
        for number in range(AGENTS):
            options = TransportOptions(urls=cluster.urls(number), spread_seconds=30.0)
            stack.enter_context(Fleet([fleet_agent(number, 1)], options))
        seconds_until_all_are_listed(cluster, 1, time.monotonic(), 30, agents=AGENTS)
        killed = time.monotonic()
        cluster.nodes[0].kill()
        assert seconds_until_all_are_listed(cluster, 1, killed, 30, agents=AGENTS) <= KILL_SECONDS


def processes_naming(text: str) -> list[str]:
    """Return the command lines of the processes that name this text."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if text in line:
            found.append(line)
    return found


def test_no_node_is_left_when_the_last_one_cannot_start(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", cluster.nodes[2].port))
        taken.listen()
        with pytest.raises(AssertionError, match="eaddrinuse"), cluster:
            pytest.fail("the cluster started")
    wait_until(lambda: not [line for node in cluster.nodes for line in processes_naming(node.node)])
    with socket.socket() as sock:
        assert sock.connect_ex(("127.0.0.1", cluster.epmd_port)) != 0
