"""A running agent over its own listener, held against what other programs say of this machine."""

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hostinfo.agent.qmf import AgentAnnouncement, DataObject, Failure, MethodResult, ObjectId, Query
from tests.support.agent_process import Agent, Console, agent, name_of, until

pytest.importorskip("proton", reason="needs python-qpid-proton")


def told_by(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}).stdout


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with agent(tmp_path_factory.mktemp("agent")) as one:
        yield one


@pytest.fixture
def console(running: Agent) -> Iterator[Console]:
    with Console(running.url) as one:
        until(lambda: len(one.get("{class:ovirtNode, where:[exists, cpus]}")) == 1, 20)
        yield one


@pytest.mark.skipif(shutil.which("lscpu") is None, reason="needs lscpu as the oracle")
def test_processors_are_those_that_lscpu_lists(console: Console) -> None:
    rows = json.loads(told_by("lscpu", "-J", "-e=CPU,CORE,SOCKET,ONLINE"))["cpus"]
    told = {int(str(one.values["number"])): one.values for one in console.get("{class:processor}")}
    assert set(told) == {row["cpu"] for row in rows}
    fields = {entry["field"].rstrip(":"): entry["data"] for entry in json.loads(told_by("lscpu", "-J"))["lscpu"]}
    for row in rows:
        one = told[row["cpu"]]
        assert one["isOnline"] is row["online"]
        assert one.get("packageId") == row["socket"]
        if "Vendor ID" in fields:
            assert one["vendorId"] == fields["Vendor ID"]
        if fields.get("Flags"):
            assert sorted(map(str, one["flags"] if isinstance(one["flags"], list) else ())) == sorted(
                fields["Flags"].split()
            )
        assert one["node"] == ObjectId("ovirtNode:node", console.seen.agent).to_map()


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2 as the oracle")
def test_links_and_addresses_are_those_that_ip_lists(console: Console) -> None:
    rows = json.loads(told_by("ip", "-j", "addr"))
    links = {str(one.values["interfaceName"]): one.values for one in console.get("{class:networkInterface}")}
    assert set(links) == {row["ifname"] for row in rows}
    for row in rows:
        assert links[row["ifname"]]["mtu"] == row["mtu"]
        assert links[row["ifname"]]["interfaceIndex"] == row["ifindex"]
        if row["link_type"] == "ether":
            assert links[row["ifname"]]["mac"] == row["address"]
            assert links[row["ifname"]]["macaddr"] == int(row["address"].replace(":", ""), 16)
    expected = {(row["ifname"], one["local"], one["prefixlen"]) for row in rows for one in row["addr_info"]}
    addresses = console.get("{class:networkAddress}")
    told = {(a.values["interfaceName"], a.values["address"], a.values["prefixLength"]) for a in addresses}
    assert told == expected
    for one in addresses:
        to = one.values["interface"]
        assert isinstance(to, dict)
        assert to["_object_name"] == f"networkInterface:{one.values['interfaceName']}"


def test_the_node_is_this_machine(console: Console) -> None:
    (node,) = console.get("{class:ovirtNode}")
    assert node.values["hostname"] == socket.gethostname()
    assert node.values["architecture"] == platform.machine()
    assert node.values["cpus"] == os.cpu_count()
    if node.values["hypervisorRole"] not in ("xen-dom0", "xen-domu"):
        assert node.values["memory"] == psutil.virtual_memory().total
    attributes = console.seen.attributes
    assert (attributes["hostname"], attributes["architecture"]) == (socket.gethostname(), platform.machine())
    assert attributes["_heartbeat_interval"] == 10


def test_a_predicate_selects_objects(console: Console) -> None:
    (one,) = console.get("{class:networkInterface, where:[eq, interfaceName, [quote, lo]]}")
    assert name_of(one) == "networkInterface:lo"


def test_every_value_stands_in_the_schema_that_the_command_line_prints(console: Console, tmp_path: Path) -> None:
    text = subprocess.run(
        [sys.executable, "-m", "hostinfo", "schema", "--qmf"], check=True, capture_output=True, text=True
    ).stdout
    root = ET.fromstring(text)
    assert root.get("package") == "com.redhat.ovirtNode"
    classes = {
        entry.get("name"): {item.get("name"): item.get("type") for item in entry if item.tag != "method"}
        for entry in root.iter("class")
    }
    kinds: dict[str | None, type | tuple[type, ...]] = {
        "uint64": int, "uint32": int, "double": float, "bool": bool, "list": list, "map": dict, "objId": dict,
        "lstr": str, "sstr": str,
    }  # fmt: skip
    objects = console.get("{package:'com.redhat.ovirtNode'}")
    assert {_class(one) for one in objects} >= {"ovirtNode", "processor", "networkInterface", "hostStatistics"}
    for one in objects:
        for name, value in one.values.items():
            assert isinstance(value, kinds[classes[_class(one)][name]]), f"{_class(one)}.{name}: {value!r}"


def test_statistics_come_each_interval_and_grow(console: Console) -> None:
    until(lambda: len(console.objects("hostStatistics")) >= 3, 10)
    first, *_, last = console.objects("hostStatistics")
    assert float(str(last.values["uptime"])) > float(str(first.values["uptime"]))
    assert abs(float(str(last.values["uptime"])) - (time.time() - psutil.boot_time())) < 5
    assert last.update_ts > first.update_ts
    assert last.create_ts == first.create_ts


def test_a_subscriber_gets_all_at_first_and_then_only_what_changed(console: Console) -> None:
    query = Query.from_text("{package:'com.redhat.ovirtNode'}")
    console.answers(console.requests.subscribe(console.seen.agent, query, "sub", interval_ms=1000), "sub")

    def mine() -> list[DataObject]:
        return [item for one in console.received() if getattr(one, "correlation", "") == "sub"
                for item in getattr(one, "items", ())]  # fmt: skip

    until(lambda: sum(name_of(one) == "hostStatistics:host" for one in mine()) >= 3, 10)
    times = [name_of(one) for one in mine()].count
    assert times("networkInterface:lo") == 1
    assert times("ovirtNode:node") == 1


def test_echo_gives_back_what_it_was_given(console: Console) -> None:
    answer = console.call("echo", sequence=7, body="grüße")
    assert isinstance(answer, MethodResult)
    assert answer.arguments == {"sequence": 7, "body": "grüße"}


def test_get_fact_tells_any_fact_as_json_with_its_source(console: Console) -> None:
    answer = console.call("getFact", path="system.kernel_release")
    assert isinstance(answer, MethodResult)
    assert json.loads(str(answer.arguments["value"])) == platform.release()
    assert str(answer.arguments["source"]).startswith("/proc/")


@pytest.mark.parametrize(
    ("method", "arguments", "reason"),
    [
        ("getFact", {"path": "cpu.modelname"}, "model_name"),
        ("getFact", {"path": "network.links[none].mac"}, "no item none"),
        ("getFact", {"path": 5}, "path"),
        ("setUpdateInterval", {"interval": 0}, "1 to 3600"),
        ("setUpdateInterval", {"interval": -1}, "1 to 3600"),
        ("reboot", {}, "no method"),
        ("echo", {"sequence": 1}, "body is missing"),
    ],
)
def test_a_call_that_can_not_be_done_says_why(console: Console, method: str, arguments: Any, reason: str) -> None:
    answer = console.call(method, **arguments)
    assert isinstance(answer, Failure)
    assert reason in answer.text


def test_refresh_answers_when_all_was_read(console: Console) -> None:
    assert isinstance(console.call("refresh"), MethodResult)


def test_the_interval_of_statistics_can_be_set(console: Console) -> None:
    assert isinstance(console.call("setUpdateInterval", interval=2), MethodResult)
    (node,) = console.get("{class:ovirtNode}")
    assert node.values["updateInterval"] == 2
    assert isinstance(console.call("setUpdateInterval", interval=1), MethodResult)


def test_a_restart_changes_the_epoch_and_no_name(tmp_path: Path) -> None:
    seen: list[tuple[AgentAnnouncement, set[str]]] = []
    for _ in range(2):
        with agent(tmp_path, "--state", str(tmp_path)) as running, Console(running.url) as console:
            until(lambda console=console: len(console.get("{class:networkInterface}")) > 0, 20)  # type: ignore[misc]
            seen.append((console.seen, {name_of(one) for one in console.get("{class:networkInterface}")}))
            assert running.end() == 0
    (first, names), (second, names_again) = seen
    assert first.agent == second.agent
    assert second.epoch == first.epoch + 1
    assert names == names_again


def test_nobody_may_act_by_default_and_every_call_is_recorded(tmp_path: Path) -> None:
    with agent(tmp_path, policy=None) as running, Console(running.url) as console:
        answer = console.call("echo", sequence=1, body="a")
        assert isinstance(answer, Failure)
        assert answer.code == 6
        record = running.wait_for("audit: ")
        assert "user='anonymous' call=ovirtNode.echo" in record.string
        assert "sequence=1" in record.string
        assert "result='forbidden'" in record.string
        assert len(console.get("{class:ovirtNode}")) == 1


def test_a_policy_takes_effect_and_is_revoked_by_sighup(tmp_path: Path) -> None:
    allowed = '[[allow]]\nwho = ["loopback"]\nread = ["ovirtNode"]\ncall = ["ovirtNode.echo"]\n'
    with agent(tmp_path, policy=allowed) as running, Console(running.url) as console:
        assert isinstance(console.call("echo", sequence=1, body="a"), MethodResult)
        assert isinstance(console.call("refresh"), Failure)
        number = "forbidden"
        query = Query.from_text("{class:processor}")
        (answer,) = console.answers(console.requests.query(console.seen.agent, query, number), number)
        assert isinstance(answer, Failure)
        (tmp_path / "policy.toml").write_text(allowed.replace("ovirtNode.echo", "ovirtNode.refresh"))
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        answer = console.call("echo", sequence=2, body="a")
        assert isinstance(answer, Failure)
        assert answer.code == 6
        (tmp_path / "policy.toml").write_text("[[allow]]\nwho = 5")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(r"not reloaded.*policy.toml: allow 1: who: expected a list of strings")
        assert isinstance(console.call("refresh"), MethodResult)


def test_systemd_is_told_how_the_service_is(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(20)
        told = ""
        with agent(tmp_path, NOTIFY_SOCKET=path, WATCHDOG_USEC="400000") as running:
            while "READY=1" not in told or told.count("WATCHDOG=1") < 3:
                told += end.recv(4096).decode() + "\n"
            assert running.end() == 0
        while "STOPPING=1" not in told:
            told += end.recv(4096).decode() + "\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("statistics_seconds = 0", "statistics_seconds: must be 1 to 3600, not 0"),
        ("heartbeat_second = 5", "heartbeat_second: no such setting; did you mean heartbeat_seconds?"),
        ("statistics_seconds = 'soon'", "statistics_seconds: expected an integer"),
        ("[broker]\nurl = 'x'", "broker.url: no such setting; did you mean urls?"),
        ("[listen]\n", "the url is missing"),
        ("broker = 3", "expected a table"),
        ("x = [", "invalid TOML"),
        ("policy = '/nonexistent'", "/nonexistent: No such file"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_file(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "agent.toml").write_text(text)
    command = [sys.executable, "-m", "hostinfo", "agent", "--config", str(tmp_path / "agent.toml")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 2
    assert reason in run.stderr
    assert "Traceback" not in run.stderr


def test_the_packaged_configuration_is_accepted_also_where_its_examples_are_uncommented(tmp_path: Path) -> None:
    from hostinfo.agent.node import CommandLine, settings

    packaging = Path(__file__).parents[3] / "packaging"
    (tmp_path / "policy.toml").write_text((packaging / "policy.toml").read_text())
    text = (packaging / "agent.toml").read_text().replace("/etc/hostinfo/policy.toml", str(tmp_path / "policy.toml"))
    (tmp_path / "agent.toml").write_text(text)
    found = settings(CommandLine(config=str(tmp_path / "agent.toml")))
    assert found.listen is not None
    assert found.listen.listen == "amqp://127.0.0.1:5672"
    lines = text.replace('url = "amqp://127.0.0.1:5672"\n', "").splitlines()
    everything = "\n".join(re.sub(r"^#(?=[a-z_\[]+( = |\]))", "", line) for line in lines)
    (tmp_path / "agent.toml").write_text(everything)
    found = settings(CommandLine(config=str(tmp_path / "agent.toml")))
    assert found.broker is not None
    assert found.broker.urls == ("amqps://broker1.example.com", "amqps://broker2.example.com")


def _class(one: DataObject) -> str:
    assert one.schema_id is not None
    return one.schema_id.name
