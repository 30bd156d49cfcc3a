"""``hostinfo console`` as a program: against small agents, and against this machine's own."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Event
from tests.support.command import ENTRY, environment, hostinfo
from tests.support.fleet import Fleet
from tests.support.qmf_node import LINK_DOWN, NOW

from .test_console import agent, name

Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet([agent(number) for number in range(3)]) as made:
        yield made


class Program:
    def __init__(self, tmp_path: Path, url: str) -> None:
        self.tmp_path, self.url = tmp_path, url

    def __call__(self, *arguments: str) -> Ran:
        return hostinfo(self.tmp_path, "console", "--broker", self.url, *arguments)

    def json(self, *arguments: str) -> list[dict[str, object]]:
        ran = self("--json", *arguments)
        assert ran.returncode == 0, ran.stderr
        found: list[dict[str, object]] = json.loads(ran.stdout)
        return found

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        line = [sys.executable, "-c", ENTRY, "console", "--broker", self.url, *arguments]
        return subprocess.Popen(
            line, env=environment(self.tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


@pytest.fixture
def console(tmp_path: Path, fleet: Fleet) -> Program:
    return Program(tmp_path, fleet.url)


def rows(ran: Ran) -> list[list[str]]:
    return [line.split() for line in ran.stdout.splitlines()]


def test_list_shows_every_node(console: Program) -> None:
    ran = console("list")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [row[0] for row in rows(ran)] == ["node", "node0", "node1", "node2"]


def test_list_as_json_has_node_id_and_values(console: Program) -> None:
    found = console.json("list", "--filter", "memory>=1")
    assert [(one["node"], one["id"]) for one in found] == [("node1", name(1)), ("node2", name(2))]
    assert isinstance(found[0]["values"], dict)
    assert found[0]["values"]["memory"] == 1


def test_get_shows_objects_of_all_nodes_side_by_side(console: Program) -> None:
    ran = console("get", "processor", "--where", "number>17")
    assert rows(ran)[1:] == [[f"node{node}", f"processor-{n}", str(n), "2400.5"] for node in range(3) for n in (18, 19)]


def test_get_as_json_has_node_id_and_values(console: Program) -> None:
    (found,) = console.json("get", "com.redhat.ovirtNode:processor", "--node", "node1", "--where", "number=3")
    assert (found["node"], found["agent"], found["id"]) == ("node1", name(1), "processor-3")
    assert found["class"] == "com.redhat.ovirtNode:processor"
    assert found["values"] == {"number": 3, "node": {"_object_name": "node"}, "mhz": 2400.5}


def test_several_conditions_hold_together(console: Program) -> None:
    found = console.json("get", "processor", "--where", "number>3", "--where", "number<5", "--filter", "hostname=node0")
    assert [one["id"] for one in found] == ["processor-4"]


def test_options_may_stand_before_and_after_the_command(console: Program) -> None:
    before = console("--node", "node1", "--json", "get", "ovirtNode")
    after = console("get", "--json", "ovirtNode", "--node", "node1")
    assert before.returncode == after.returncode == 0
    assert before.stdout == after.stdout != ""


def test_who_does_not_answer_is_named_and_the_status_is_partial(console: Program, fleet: Fleet) -> None:
    fleet.cut[name(1)] = 0
    fleet.announce()  # it is heard, but sends no answer
    with fleet_beating(fleet):
        ran = console("get", "ovirtNode", "--seconds", "1.5")
    assert ran.returncode == 3
    assert "1 of 3 did not answer in 1.5 s: node1" in ran.stderr
    assert [row[0] for row in rows(ran)[1:]] == ["node0", "node2"]


class fleet_beating:  # noqa: N801
    """Heartbeats in the background."""

    def __init__(self, fleet: Fleet) -> None:
        import threading

        self._fleet, self._done = fleet, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.05):
            self._fleet.announce()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["get", "nosuch"], 1, "no object of class nosuch; there are linkDown, ovirtNode, processor"),
        (["get", "processor", "--where", "number>99"], 1, "no object of class processor that fulfils the condition\n"),
        (["get", "processor", "--node", "elsewhere", "--seconds", "0.5"], 1, "no agent answers to 'elsewhere'"),
        (["get", "processor", "--node", "node"], 2, "'node' may be node0, node1, node2"),
        (["get", "processor", "--where", "a=="], 2, "NAME OP VALUE"),
        (["list", "--filter", "hostname=x", "--seconds", "0.5"], 1, "no agent that fulfils the filter"),
        (["call", "node1", "ovirtNode.nosuch"], 2, "has no method 'nosuch'; it has: echo, explode, reboot, refresh"),
        (["call", "node1", "ovirtNode.echo", "sequence=x"], 2, "sequence='x': no int"),
        (["call", "node1", "ovirtNode.echo", "nosuch=1"], 2, "it takes: sequence, body, loud"),
        (["call", "node1", "ovirtNode.reboot"], 1, "node1: nobody reboots"),
        (["call", "node1", "processor.refresh"], 2, "20 objects of class 'processor'"),
        (["get"], 2, "CLASS"),
        (["nosuch"], 2, "nosuch"),
    ],
)
def test_what_cannot_be_done_is_said(console: Program, arguments: list[str], status: int, words: str) -> None:
    ran = console(*arguments)
    assert ran.returncode == status, ran.stderr
    assert words in ran.stderr
    assert ran.stdout == ""


def test_a_broker_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = Program(tmp_path, "amqp://127.0.0.1:9")("list")
    assert ran.returncode == 1
    assert re.search(r"amqp://127.0.0.1:9.*refused", ran.stderr)


def test_a_method_is_called_with_arguments_of_its_types(console: Program) -> None:
    (found,) = console.json("call", "node1", "ovirtNode.echo", "sequence=0x10", "body=12", "loud=yes")
    assert found["values"] == {"sequence": 16, "body": "12"}
    assert (found["node"], found["id"]) == ("node1", "node")


def test_schema_shows_all_classes_or_one(console: Program) -> None:
    assert {row[0] for row in rows(console("schema"))[1:]} == {"ovirtNode", "processor", "linkDown"}
    text = console("schema", "ovirtNode").stdout
    assert "memory: int [B]  RAM <installed>" in text
    assert "echo(IO sequence: int, IO body: string, I loud: bool)" in text
    found = console.json("schema", "linkDown")
    assert [one["id"] for one in found] == ["com.redhat.ovirtNode:linkDown"]


def test_events_come_as_lines_until_the_interrupt(console: Program, fleet: Fleet) -> None:
    running = console.start("--json", "events")
    try:
        assert running.stdout is not None
        event = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth\x1b[2J0"}, timestamp=NOW, severity=4)
        end = time.monotonic() + 30
        while time.monotonic() < end and not select.select([running.stdout], [], [], 0.1)[0]:
            fleet.tell(name(1), event)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
    finally:
        running.kill()
    assert (running.returncode, err) == (130, "")
    one = json.loads(out.splitlines()[0])
    assert (one["node"], one["severity"], one["id"]) == ("node1", "warn", "linkDown")
    assert one["values"] == {"interfaceName": "eth\x1b[2J0"}
    assert one["time"] == "2023-11-14T22:13:20.000+00:00"


def test_watch_begins_with_what_is_there(console: Program) -> None:
    ran = console("watch", "processor", "--where", "number<2", "--count", "6")
    assert ran.returncode == 0
    assert sorted(row[1:4] for row in rows(ran)) == sorted(
        ["+", f"node{node}", f"processor-{n}"] for node in range(3) for n in (0, 1)
    )
    lines = console("--json", "watch", "processor", "--where", "number<2", "--count", "2").stdout.splitlines()
    assert {json.loads(line)["change"] for line in lines} == {"added"}


def on_terminal(tmp_path: Path, url: str, columns: int, *arguments: str, **more: str) -> str:
    main, secondary = pty.openpty()
    env = environment(tmp_path, TERM="xterm", COLUMNS=str(columns), **more)
    line = [sys.executable, "-c", ENTRY, "console", "--broker", url, *arguments]
    running = subprocess.Popen(line, env=env, stdout=secondary, stderr=subprocess.DEVNULL)
    os.close(secondary)
    text = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        text += data
    os.close(main)
    running.wait(10)
    return text.decode()


def test_a_table_fits_its_terminal_and_has_colour_only_where_it_is_wanted(tmp_path: Path, fleet: Fleet) -> None:
    for columns in (30, 60, 200):
        text = on_terminal(tmp_path, fleet.url, columns, "list")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        assert plain != text
        assert all(len(line) <= columns for line in plain.splitlines())
        assert "node2" in plain
        assert on_terminal(tmp_path, fleet.url, columns, "list", NO_COLOR="1") == plain


def test_what_a_stranger_sends_does_not_command_the_terminal(console: Program, fleet: Fleet) -> None:
    from dataclasses import replace

    store = fleet.responders[name(0)].store.all  # type: ignore[attr-defined]
    store["node"] = replace(store["node"], values={"hostname": "a\x1b]0;evil\x07\n", "x\x1b[1m": "y"})
    for arguments in (["get", "ovirtNode"], ["get", "ovirtNode", "--node", "node0"]):
        text = console(*arguments).stdout
        assert "evil" in text
        assert all(line.isprintable() for line in text.splitlines())


def test_a_reader_that_goes_away_ends_it_quietly(console: Program) -> None:
    running = console.start("get", "processor")
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    with running.stderr as errors:
        assert errors.read() == ""
    assert running.wait(10) == 141


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """This machine's agent, as the README starts it."""
    if not (Path(__file__).parents[3] / "hostinfo" / "cli" / "agent.py").exists():
        pytest.skip("no hostinfo agent")
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("own")
    url = f"amqp://127.0.0.1:{port}"
    line = [sys.executable, "-c", ENTRY, "agent", "--listen", url, "--state", str(folder)]
    running = subprocess.Popen(line, env=environment(folder), stderr=subprocess.DEVNULL)
    program = Program(folder, url)
    end = time.monotonic() + 20
    while program("list", "--seconds", "1").returncode != 0:
        assert running.poll() is None
        assert time.monotonic() < end
    yield program
    running.terminate()
    running.wait(20)


def test_this_machines_processors_are_those_of_lscpu(own: Program) -> None:
    told = json.loads(subprocess.run(["lscpu", "-e", "-J"], capture_output=True, check=True).stdout)["cpus"]
    found = own.json("get", "processor", "--where", "isOnline=true")
    numbers = sorted((one["values"]["number"], one["values"]["coreId"]) for one in found)  # type: ignore[index]
    assert numbers == sorted((cpu["cpu"], cpu["core"]) for cpu in told if cpu.get("online", True))


def test_this_machines_addresses_are_those_of_ip(own: Program) -> None:
    """Tests beside this one make links that come and go: some moment shows both the same."""
    end = time.monotonic() + 30
    while (found := _agents_addresses(own)) != (wanted := _addresses_of_ip()) and time.monotonic() < end:
        time.sleep(0.5)
    assert found == wanted


def _agents_addresses(own: Program) -> set[tuple[object, ...]]:
    values = [one["values"] for one in own.json("get", "networkAddress")]
    return {(one["interfaceName"], one["address"], one["prefixLength"]) for one in values}  # type: ignore[index]


def _addresses_of_ip() -> set[tuple[object, ...]]:
    links = json.loads(subprocess.run(["ip", "-j", "address"], capture_output=True, check=True).stdout)
    return {
        (link["ifname"], one["local"], one["prefixlen"])
        for link in links
        if "ifname" in link
        for one in link["addr_info"]
    }


def test_this_machine_is_called_by_its_name(own: Program) -> None:
    hostname = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert [row[0] for row in rows(own("list", "--columns", "node"))] == [hostname]
    assert own("get", "ovirtNode", "--node", hostname[:2]).returncode == 0
