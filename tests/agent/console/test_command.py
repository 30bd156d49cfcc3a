"""``hostinfo console`` as a program, against small agents."""

import json
import re
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Event
from tests.support.console_program import Program, rows
from tests.support.fleet import Fleet, agent_name, fleet_agent
from tests.support.qmf_node import LINK_DOWN, NOW


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet([fleet_agent(number) for number in range(3)]) as made:
        yield made


@pytest.fixture
def program(tmp_path: Path, fleet: Fleet) -> Program:
    return Program(tmp_path, fleet.url)


def test_list_shows_every_node(program: Program) -> None:
    ran = program("list")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [row[0] for row in rows(ran)] == ["node", "node0", "node1", "node2"]


def test_list_as_json_has_node_id_and_values(program: Program) -> None:
    found = program.json("list", "--filter", "memory>=1")
    assert [(one["node"], one["id"]) for one in found] == [("node1", agent_name(1)), ("node2", agent_name(2))]
    assert isinstance(found[0]["values"], dict)
    assert found[0]["values"]["memory"] == 1


def test_get_shows_objects_of_all_nodes_side_by_side(program: Program) -> None:
    ran = program("get", "processor", "--where", "number>17")
    assert rows(ran)[1:] == [[f"node{node}", f"processor-{n}", str(n), "2400.5"] for node in range(3) for n in (18, 19)]


def test_get_as_json_has_node_id_and_values(program: Program) -> None:
    (found,) = program.json("get", "com.redhat.ovirtNode:processor", "--node", "node1", "--where", "number=3")
    assert (found["node"], found["agent"], found["id"]) == ("node1", agent_name(1), "processor-3")
    assert found["class"] == "com.redhat.ovirtNode:processor"
    assert found["values"] == {"number": 3, "node": {"_object_name": "node"}, "mhz": 2400.5}


def test_several_conditions_must_all_match(program: Program) -> None:
    found = program.json("get", "processor", "--where", "number>3", "--where", "number<5", "--filter", "hostname=node0")
    assert [one["id"] for one in found] == ["processor-4"]


def test_options_are_accepted_before_and_after_the_command(program: Program) -> None:
    before = program("--node", "node1", "--json", "get", "ovirtNode")
    after = program("get", "--json", "ovirtNode", "--node", "node1")
    assert before.returncode == after.returncode == 0
    assert before.stdout == after.stdout != ""


def test_an_agent_without_response_is_named_and_the_exit_code_is_partial(program: Program, fleet: Fleet) -> None:
    fleet.cut[agent_name(1)] = 0
    fleet.announce()  # it is known, but does not respond
    with heartbeats(fleet):
        ran = program("get", "ovirtNode", "--seconds", "1.5")
    assert ran.returncode == 3
    assert "1 of 3 agents did not respond within 1.5 s, though connected: node1" in ran.stderr
    assert [row[0] for row in rows(ran)[1:]] == ["node0", "node2"]


@contextmanager
def heartbeats(fleet: Fleet) -> Iterator[None]:
    """Announce the agents in the background."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(0.05):
            fleet.announce()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["get", "nosuch"], 1, "no object of class nosuch; there are ovirtNode, processor"),
        (["get", "proc"], 1, "no object of class proc; did you mean processor?"),
        (["get", "PROCESSOR"], 1, "no object of class PROCESSOR; did you mean processor?"),
        (["get", "linkDown"], 1, "no object of class linkDown; it is an event, which `hostinfo console events` shows"),
        (["get", "processor", "--columns", "numbr"], 2, "there is no column 'numbr'; did you mean number?"),
        (["list", "--columns", "nod"], 2, "there is no column 'nod'; did you mean node?"),
        (["get", "processor", "--where", "Number=3"], 2, "has no property 'Number'; did you mean number?"),
        (["get", "processor", "--where", "!numbr"], 2, "class processor has no property 'numbr'; did you mean number?"),
        (["get", "processor", "--where", "number=3,Mhz!=1"], 2, "has no property 'Mhz'; did you mean mhz?"),
        (["call", "node1", "processor.refresh", "--where", "numbr!=3"], 2, "no property 'numbr'; did you mean number?"),
        (["watch", "processor", "--where", "[eq, numbr, 3]"], 2, "has no property 'numbr'; did you mean number?"),
        (["schema", "proces"], 1, "no class proces; did you mean processor?"),
        (["call", "node1", "ovirtNode.Echo"], 2, "has no method 'Echo'; did you mean echo?"),
        (["call", "node1", "procesor.echo"], 2, "no object of class 'procesor'; did you mean processor?"),
        (["lst"], 2, "no such choice: lst; did you mean list?"),
        (
            ["get", "processor", "--colums", "number"],
            2,
            "unrecognized arguments: --colums number; did you mean --columns",
        ),
        (["get", "processor", "--where", "number>99"], 1, "no object of class processor that matches the condition\n"),
        (["get", "processor", "--node", "elsewhere", "--seconds", "0.5"], 1, "no agent named 'elsewhere' responded"),
        (["get", "processor", "--node", "node"], 2, "'node' is ambiguous: node0, node1, node2"),
        (["get", "processor", "--where", "a=="], 2, "NAME OP VALUE"),
        (["list", "--filter", "hostname=x", "--seconds", "0.5"], 1, "no agent that matches the filter"),
        (["call", "node1", "ovirtNode.nosuch"], 2, "has no method 'nosuch'; there are echo, explode, reboot, refresh"),
        (["call", "node1", "ovirtNode.echo", "sequence=x"], 2, "sequence='x': not of type int"),
        (
            ["call", "node1", "ovirtNode.echo", "nosuch=1"],
            2,
            "has no argument 'nosuch'; there are sequence, body, loud",
        ),
        (["call", "node1", "ovirtNode.reboot"], 3, "node1: reboot is not allowed"),
        (["call", "node1", "processor.refresh"], 2, "20 objects of class 'processor'"),
        (["get"], 2, "CLASS"),
        (["nosuch"], 2, "nosuch"),
    ],
)
def test_what_cannot_be_done_is_an_error_message(
    program: Program, arguments: list[str], status: int, words: str
) -> None:
    ran = program(*arguments)
    assert ran.returncode == status, ran.stderr
    assert words in ran.stderr
    assert ran.stdout == ""


def test_an_unreachable_broker_is_named(tmp_path: Path) -> None:
    ran = Program(tmp_path, "amqp://127.0.0.1:9")("list")
    assert ran.returncode == 1
    assert re.search(r"amqp://127.0.0.1:9.*refused", ran.stderr)


def test_a_method_is_called_with_arguments_of_its_types(program: Program) -> None:
    (found,) = program.json("call", "node1", "ovirtNode.echo", "sequence=0x10", "body=12", "loud=yes")
    assert found["values"] == {"sequence": 16, "body": "12"}
    assert (found["node"], found["id"]) == ("node1", "node")


def test_schema_shows_all_classes_or_one(program: Program) -> None:
    assert {row[0] for row in rows(program("schema"))[1:]} == {"ovirtNode", "processor", "linkDown"}
    text = program("schema", "ovirtNode").stdout
    assert "memory: int [B]  RAM <installed>" in text
    assert "echo(IO sequence: int, IO body: string, I loud: bool)" in text
    found = program.json("schema", "linkDown")
    assert [one["id"] for one in found] == ["com.redhat.ovirtNode:linkDown"]


def test_events_are_lines_until_the_interrupt(program: Program, fleet: Fleet) -> None:
    running = program.start("--json", "events")
    try:
        assert running.stdout is not None
        event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth\x1b[2J0"}, timestamp=NOW, severity=4)
        end = time.monotonic() + 30
        while time.monotonic() < end and not select.select([running.stdout], [], [], 0.1)[0]:
            fleet.publish_event(agent_name(1), event)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
    finally:
        running.kill()
    assert (running.returncode, err) == (130, "")
    one = json.loads(out.splitlines()[0])
    assert (one["node"], one["severity"], one["id"]) == ("node1", "warn", "linkDown")
    assert one["values"] == {"interfaceName": "eth\x1b[2J0"}
    assert one["time"] == "2023-11-14T22:13:20.000+00:00"


def test_watch_begins_with_the_existing_objects(program: Program) -> None:
    ran = program("watch", "processor", "--where", "number<2", "--count", "6")
    assert ran.returncode == 0
    assert sorted(row[1:4] for row in rows(ran)) == sorted(
        ["+", f"node{node}", f"processor-{n}"] for node in range(3) for n in (0, 1)
    )
    lines = program("--json", "watch", "processor", "--where", "number<2", "--count", "2").stdout.splitlines()
    assert {json.loads(line)["change"] for line in lines} == {"added"}


def test_arguments_of_a_call_may_stand_after_its_options(program: Program) -> None:
    ran = program("call", "node1", "ovirtNode.echo", "sequence=1", "--seconds", "9", "body=hello", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)[0]["values"]["body"] == "hello"
