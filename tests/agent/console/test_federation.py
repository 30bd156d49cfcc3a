"""Two RabbitMQ 4 brokers with federated exchanges: a console at the centre reaches the agents of a region."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hostinfo.agent.console import Console, Update, UpdateKind
from hostinfo.agent.qmf import Event, Indication
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.agent_process import until
from tests.support.fleet import PROCESSORS, Fleet, agent_name, fleet_agent
from tests.support.qmf_node import LINK_DOWN, NOW, processor
from tests.support.rabbitmq import RabbitMq, require_version_4

pytest.importorskip("proton")
pytestmark = pytest.mark.slow

AGENTS = 10
PLUGINS = ("rabbitmq_federation",)


def federate(broker: RabbitMq, upstream: RabbitMq) -> None:
    """Fetch what is published at the upstream broker and wanted here, as docs/scale.md shows."""
    where = json.dumps({"uri": f"amqp://127.0.0.1:{upstream.port}", "max-hops": 1})
    broker.control("set_parameter", "federation-upstream", "other", where)
    policy = json.dumps({"federation-upstream-set": "all"})
    broker.control("set_policy", "--apply-to", "exchanges", "qmf", r"^qmf\.default\.", policy)


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RabbitMq, RabbitMq]]:
    root = require_version_4()
    folders: list[Path] = [tmp_path_factory.mktemp(name) for name in ("region", "centre")]
    with (
        RabbitMq(folders[0], version_4=root, plugins=PLUGINS) as region,
        RabbitMq(folders[1], version_4=root, plugins=PLUGINS) as centre,
    ):
        federate(region, centre)
        federate(centre, region)
        yield region, centre


def test_a_console_at_the_centre_reaches_the_agents_of_a_region(brokers: tuple[RabbitMq, RabbitMq]) -> None:
    region, centre = brokers
    names = [agent_name(number) for number in range(AGENTS)]
    with (
        Fleet([fleet_agent(number) for number in range(AGENTS)], TransportOptions(urls=(region.url,))) as fleet,
        Console(open_transport(TransportOptions(urls=(centre.url,)))) as console,
    ):
        console.connect(20)
        deadline = time.monotonic() + 40  # the bindings reach the other broker one after the other
        while [agent.name for agent in console.agents(seconds=3)] != sorted(names):
            assert time.monotonic() < deadline, [agent.name for agent in console.agents()]
        responses = console.query(names, PROCESSORS, seconds=20)
        assert [len(response.objects) for response in responses] == [20] * AGENTS
        events: list[object] = []
        console.add_listener(events.append, agents=False)
        updates: list[Update] = []
        console.subscribe(PROCESSORS, updates.append, [names[0]], interval_seconds=1)
        until(lambda: len(updates) == 20, 20)
        assert {update.kind for update in updates} == {UpdateKind.ADDED}
        changed = replace(processor(5, NOW + 10**9), values={"number": 5, "mhz": 1.5})
        fleet.responders[names[0]].store.all["processor-5"] = changed  # type: ignore[attr-defined]
        time.sleep(1.1)
        fleet.tick()
        until(lambda: len(updates) > 20, 20)
        assert (updates[20].kind, updates[20].changed["mhz"]) == (UpdateKind.CHANGED, 1.5)
        done = console.call(names[7], None, "echo", {"sequence": 1, "body": "there"}, seconds=20)
        assert done.arguments == {"sequence": 1, "body": "there"}
        fleet.publish_event(names[4], Event(schema_id=LINK_DOWN.id, values={"interfaceName": "e"}, timestamp=NOW))
        until(lambda: any(isinstance(one, Indication) and one.agent == names[4] for one in events), 20)
