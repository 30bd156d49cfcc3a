"""Queues and streams that an operator has made at RabbitMQ: read by ``console events|watch --from``."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostinfo.agent.qmf import Event, event_indication
from hostinfo.agent.transport import TransportOptions
from tests.support.console_program import Program
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.qmf_node import LINK_DOWN, NOW, processor
from tests.support.rabbitmq import RabbitMq, of_version

pytest.importorskip("proton")
pytestmark = pytest.mark.slow

TOPIC = "qmf.default.topic"
EVENTS = 40


def queue(name: str, **arguments: Any) -> dict[str, Any]:
    kinds = {key.replace("_", "-"): value for key, value in arguments.items()}
    return {"name": name, "vhost": "/", "durable": True, "auto_delete": False, "arguments": kinds}


def binding(source: str, queue_name: str, key: str, kind: str = "queue") -> dict[str, Any]:
    return {"source": source, "vhost": "/", "destination": queue_name, "destination_type": kind,
            "routing_key": key, "arguments": {}}  # fmt: skip


def exchange(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "vhost": "/", "type": kind, "durable": True, "auto_delete": False, "internal": False,
            "arguments": {}}  # fmt: skip


COLLECTORS = [f"collector-{number}" for number in range(4)]
MADE = {
    "exchanges": [exchange(TOPIC, "topic"), exchange("spread", "x-consistent-hash")],
    "queues": [
        queue("stream", x_queue_type="stream"), queue("events"),
        *(queue(name, x_queue_type="quorum") for name in COLLECTORS),
    ],
    "bindings": [
        binding(TOPIC, "stream", "agent.ind.#"),
        binding(TOPIC, "events", "agent.ind.event.#"),
        binding(TOPIC, "events", "agent.ind.heartbeat.#"),
        binding(TOPIC, "spread", "agent.ind.data.#", "exchange"),
        *(binding("spread", name, "10") for name in COLLECTORS),
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=[3, 4])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    made = of_version(request.param, tmp_path_factory.mktemp("rabbit"))
    (made.folder / "plugins").write_text(
        "[rabbitmq_consistent_hash_exchange" + (",rabbitmq_amqp1_0" if request.param == 3 else "") + "]."
    )
    with made:
        (made.folder / "made.json").write_text(json.dumps(MADE))
        inside = made.folder if request.param == 3 else Path("/srv/broker")
        made.control("import_definitions", str(inside / "made.json"))
        yield made


@pytest.fixture
def program(broker: RabbitMq, tmp_path: Path) -> Program:
    return Program(tmp_path, broker.url)


@pytest.fixture
def fleet(broker: RabbitMq) -> Iterator[Fleet]:
    with Fleet([fleet_agent(number) for number in range(3)], TransportOptions(urls=(broker.url,))) as made:
        yield made


def publish(fleet: Fleet, prefix: str, count: int = EVENTS) -> list[str]:
    """Publish events with names of their own; return the names."""
    names = [f"{prefix}{number}" for number in range(count)]
    fleet.announce()
    for number, name in enumerate(names):
        event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": name}, timestamp=NOW + number, severity=4)
        fleet.publish_event(agent_name(number % 3), event)
    return names


def shown(completed: subprocess.CompletedProcess[str]) -> list[str]:
    assert completed.returncode == 0, completed.stderr
    return [json.loads(line)["values"]["interfaceName"] for line in completed.stdout.splitlines()]


def test_every_event_in_a_queue_is_shown_once_and_with_its_node(program: Program, fleet: Fleet) -> None:
    names = publish(fleet, "once")
    first = program("events", "--from", "events", "--count", "25", "--json")
    assert shown(first) == names[:25]
    assert {json.loads(line)["node"] for line in first.stdout.splitlines()} == {"node0", "node1", "node2"}
    assert shown(program("events", "--from", "events", "--for", "4", "--json")) == names[25:]
    assert shown(program("events", "--from", "events", "--for", "2", "--json")) == []


def test_an_event_that_its_agent_sent_again_is_shown_once(program: Program, fleet: Fleet) -> None:
    fleet.announce()
    event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "twice"}, timestamp=NOW, severity=4)
    message = event_indication(fleet.responders[agent_name(0)].identity, event)
    for _ in range(2):
        fleet.transport.send(message)
    assert shown(program("events", "--from", "events", "--for", "4", "--json")) == ["twice"]
    assert shown(program("events", "--from", "events", "--for", "2", "--json")) == []


def test_what_a_killed_reader_has_not_shown_stays_in_the_queue(program: Program, fleet: Fleet) -> None:
    reader = program.start("events", "--from", "events", "--json")
    names = publish(fleet, "killed")
    assert reader.stdout is not None
    seen = [json.loads(reader.stdout.readline())["values"]["interfaceName"] for _ in range(5)]
    reader.kill()
    complete = reader.stdout.read().rpartition("\n")[0]  # it showed more than was read of its output by then
    seen += [json.loads(line)["values"]["interfaceName"] for line in complete.splitlines()]
    reader.communicate()
    left = shown(program("events", "--from", "events", "--for", "5", "--json"))
    assert set(seen) | set(left) == set(names)


def test_two_readers_of_a_stream_get_all_of_it_and_one_goes_on_where_it_wants(
    program: Program, fleet: Fleet, broker: RabbitMq
) -> None:
    if broker.control("version").startswith("3."):
        refused = program("events", "--from", "stream", "--offset", "first", "--for", "1")
        assert (refused.returncode, "has no offsets; RabbitMQ 4 has" in refused.stderr) == (1, True), refused.stderr
        return
    names = publish(fleet, "stream")
    time.sleep(1)
    found: list[str] = []
    for _ in range(2):
        found = shown(program("events", "--from", "stream", "--offset", "first", "--for", "6", "--json"))
        assert [name for name in found if name.startswith("stream")] == names
    assert shown(program("events", "--from", "stream", "--for", "2", "--json")) == []
    late = shown(program("events", "--from", "stream", "--offset", "10", "--for", "6", "--json"))
    assert 0 < len(late) < len(found)


def test_collectors_share_what_a_hash_exchange_spreads(program: Program, fleet: Fleet) -> None:
    readers = [program.start("watch", "processor", "--from", name, "--for", "12", "--json") for name in COLLECTORS]
    time.sleep(3)
    for number in range(60):
        fleet.publish_objects(agent_name(number % 3), [processor(number)])
    outputs = [reader.communicate(timeout=60)[0].splitlines() for reader in readers]
    lines = [json.loads(line) for output in outputs for line in output]
    assert {(line["change"], line["values"]["number"]) for line in lines} == {("added", n) for n in range(60)}
    assert len(lines) == 60


def test_watch_shows_what_changed_and_selects_by_values(program: Program, fleet: Fleet) -> None:
    reader = program.start("watch", "processor", "--from", "collector-0", "--where", "number<3", "--for", "8", "--json")
    others = [program.start("watch", "processor", "--from", name, "--where", "number<3", "--for", "8", "--json")
              for name in COLLECTORS[1:]]  # fmt: skip
    time.sleep(3)
    for number in (1, 7, 2):
        fleet.publish_objects(agent_name(0), [processor(number)])
    outputs = [one.communicate(timeout=60)[0] for one in (reader, *others)]
    lines = [json.loads(line) for output in outputs for line in output.splitlines()]
    assert sorted(line["values"]["number"] for line in lines) == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("events", "--from", "missing"), "missing", 1),
        (("events", "--from", "events", "--offset", "middle"), "none of first, last, next", 2),
        (("events", "--from", "events", "--node", "node1"), "--where", 2),
    ],
)
def test_what_cannot_be_read_is_one_message(
    program: Program, arguments: tuple[str, ...], message: str, code: int
) -> None:
    done = program(*arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
