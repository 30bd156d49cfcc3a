"""Three nodes of RabbitMQ 4 in a cluster on loopback, and how soon its agents are listed after a fault."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from hostinfo.agent.console import Console
from hostinfo.agent.transport import TransportOptions, open_transport

from .fleet import agent_name
from .rabbitmq import RabbitMq, require_version_4
from .transport_helpers import free_port

NET_TICK_SECONDS = 10
"""When the other nodes give up a silent one; until then they wait for it with each declaration. Default: 60."""


class Cluster:
    """Three nodes, which share one epmd; a context manager, which leaves none running if one does not start."""

    def __init__(self, folder: Path) -> None:
        root, self.epmd_port = require_version_4(), free_port()
        self.nodes: list[RabbitMq] = []
        for number in range(3):
            (folder / str(number)).mkdir()
            node = RabbitMq(
                folder / str(number),
                version_4=root,
                epmd_port=self.epmd_port,
                cluster=(self.nodes[0].node,) if self.nodes else (),
                configuration=(f"net_ticktime = {NET_TICK_SECONDS}", "cluster_partition_handling = autoheal"),
            )
            self.nodes.append(node)

    def __enter__(self) -> Self:
        try:
            for node in self.nodes:
                node.start()
            assert all(node.node in self.nodes[0].control("cluster_status") for node in self.nodes)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill all nodes, then their epmd, which refuses to end while it has nodes."""
        with ExitStack() as stack:
            stack.callback(self.nodes[0].stop)
            for node in self.nodes:
                stack.callback(node.kill)

    def urls(self, first: int) -> tuple[str, ...]:
        """Return the URLs of all nodes, beginning with this one."""
        return tuple(self.nodes[(first + number) % 3].url for number in range(3))


def listed(cluster: Cluster, node: int) -> set[str]:
    """Return the agents that a new console finds, which uses this node first."""
    with Console(open_transport(TransportOptions(urls=cluster.urls(node)))) as console:
        console.connect(30, tries=10)
        return {agent.name for agent in console.agents(seconds=5)}


def seconds_until_all_are_listed(cluster: Cluster, node: int, since: float, limit: float, *, agents: int) -> float:
    """Return when the first listing that was complete began, in seconds after `since`."""
    everyone = {agent_name(number) for number in range(agents)}
    while True:
        began = time.monotonic() - since
        found = listed(cluster, node)
        if found == everyone:
            return began
        assert began < limit, f"{len(found)} of {agents} after {began:.1f} s"
