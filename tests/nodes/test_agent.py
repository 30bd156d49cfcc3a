"""The agent in the node, installed like a package and started by systemd, reports the same facts as the dump.

A console outside of the node queried it (agent_session.py); the expected facts are those of QEMU's command line.
"""

import json
import re
from typing import Any

import pytest

from .agent_view import as_dump, errors, published
from .compare import Dump, compare, table, wrong
from .conftest import Node
from .expect import expected_facts
from .file_access import CARELESS, OWN, SECRET, SERIALS
from .settings import IS_REQUIRED
from .shape import MIB
from .shape_loader import load_shape, shape_names

pytestmark = [pytest.mark.node, pytest.mark.timeout(1800)]
SHAPES = {name: load_shape(name) for name in shape_names()}
DOM0S = [name for name, shape in SHAPES.items() if shape.kind == "xen-dom0"]
WHOLE = [name for name, shape in SHAPES.items() if shape.kind != "xen-dom0"]
WITH_CPUS = [name for name, shape in SHAPES.items() if shape.cpu.total > 1]
WITH_LIBVIRT = [name for name, shape in SHAPES.items() if shape.libvirt == "works"]
FORBIDDEN = "not allowed"


@pytest.fixture
def received(node: Node) -> dict[str, Any]:
    """What the session received from the node. If the session failed, so does every test here."""
    path = node.run.folder / "session.json"
    if not path.exists():
        lacking = "the agent in the node cannot be queried without proton"
        if IS_REQUIRED:
            pytest.fail(lacking)
        pytest.skip(lacking)
    session: dict[str, Any] = json.loads(path.read_text())
    journal = session["commands"].get("journal", {}).get("out", "")
    assert not session["failure"], f"{session['failure']}\n{session['commands']}\n{journal}"
    return session


def output(received: dict[str, Any], name: str) -> str:
    """Return the output of a command in the node, which must have succeeded."""
    done = received["commands"][name]
    assert done["status"] == 0, done
    return str(done["out"])


def properties(received: dict[str, Any], name: str) -> dict[str, str]:
    """Return the unit's properties from the output of `systemctl show`."""
    return dict(re.findall(r"^(\w+)=(.*)$", output(received, name), flags=re.MULTILINE))


def has_event(received: dict[str, Any], name: str, **values: object) -> bool:
    return any(event["name"] == name and values.items() <= event["values"].items() for event in received["events"])


def test_a_console_outside_receives_the_facts_of_the_command_line(
    node: Node, received: dict[str, Any], tables: list[str]
) -> None:
    # With libvirt the agent's user needs no hypercalls: facts that libvirt lacks are absent with the reason.
    uses_libvirt = node.shape.kind == "xen-dom0" and node.shape.libvirt == "works"
    rows = compare(as_dump(received["objects"]), published(expected_facts(node.shape)), may_be_absent=uses_libvirt)
    tables.append(table(f"\n{node.shape.name}: the agent", rows))
    assert not wrong(rows), table(f"{node.shape.name}: the agent", wrong(rows))


@pytest.mark.parametrize("node", DOM0S, indirect=True)
def test_memory_and_processors_are_the_machines_and_not_the_dom0s(node: Node, received: dict[str, Any]) -> None:
    shape, (reported,) = node.shape, received["objects"]["ovirtNode"]
    assert shape.dom0 is not None
    assert shape.memory_bytes - MIB <= reported["memory"] <= shape.memory_bytes
    assert reported["cpus"] == shape.cpu.total
    assert len(received["objects"]["processor"]) == shape.cpu.total
    assert reported["domainMemory"] < shape.dom0.mib * MIB
    assert reported["domainOnlineCpus"] == shape.dom0.cpus
    assert reported["isWholeMachine"] is False


def test_consoles_find_the_agent_by_the_hardware(node: Node, received: dict[str, Any]) -> None:
    (agent,) = received["agents"]
    uuid = node.shape.smbios["1"]["uuid"]
    assert (agent["uuid"], agent["_instance"], agent["hostname"]) == (uuid, uuid, node.shape.hostname)


def test_the_console_command_prints_what_the_library_receives(received: dict[str, Any]) -> None:
    (command,), (library,) = received["command"], received["objects"]["ovirtNode"]
    compared = {"memory", "cpus", "hardwareUuid", "cpuModelName", "hypervisorRole", "domainMemory", "serial"}
    assert {name: command["values"].get(name) for name in compared} == {name: library.get(name) for name in compared}


@pytest.mark.parametrize("node", WHOLE, indirect=True)
def test_the_agents_user_can_read_every_fact_that_root_can(node: Node, received: dict[str, Any]) -> None:
    dump: Dump = json.loads(node.run.text("dump"))
    assert set(errors(received["objects"])) <= set(dump["errors"])


@pytest.mark.parametrize("node", WHOLE, indirect=True)
def test_the_limits_of_the_unit_are_not_those_of_the_machine(node: Node, received: dict[str, Any]) -> None:
    assert json.loads(node.run.text("dump"))["domain"]["is_whole_machine"] is True
    assert received["objects"]["ovirtNode"][0]["isWholeMachine"] is True


def test_the_agent_starts_within_its_timeout_at_the_first_attempt(received: dict[str, Any]) -> None:
    assert received["commands"]["start"]["status"] == 0, received["commands"]
    state = properties(received, "started")
    assert (state["ActiveState"], state["SubState"], state["NRestarts"]) == ("active", "running", "0")


def test_the_agent_runs_as_its_user_without_capabilities(received: dict[str, Any]) -> None:
    status = dict(re.findall(r"^(\w+):\s+(.*)$", output(received, "process"), flags=re.MULTILINE))
    assert "0" not in status["Uid"].split()
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("node", WHOLE, indirect=True)
def test_the_agent_can_open_its_keys_and_the_serials_and_no_other_restricted_file(received: dict[str, Any]) -> None:
    output(received, "make-secrets")
    restricted, opened = (set(output(received, name).splitlines()) for name in ("restricted", "opened"))
    assert {"/etc/shadow", *SECRET, *OWN} <= restricted, "these are readable by all users"
    assert opened == restricted & {*OWN, *SERIALS}


@pytest.mark.parametrize("node", WHOLE, indirect=True)
def test_the_unit_hides_careless_secrets(received: dict[str, Any]) -> None:
    assert not set(output(received, "opened").splitlines()) & set(CARELESS)


def test_the_agent_reports_every_serial_that_root_can_read(node: Node, received: dict[str, Any]) -> None:
    system, (agent,) = json.loads(node.run.text("dump"))["system"], received["objects"]["ovirtNode"]
    board, chassis = system["board"] or {}, system["chassis"] or {}
    by_root = (system["hardware_uuid"], system["serial"], board.get("serial"), chassis.get("serial"))
    assert None not in by_root[:2]
    assert tuple(agent.get(name) for name in ("hardwareUuid", "serial", "boardSerial", "chassisSerial")) == by_root


def test_the_units_exposure_score_is_the_documented_one(received: dict[str, Any]) -> None:
    score = re.search(r"hostinfo-agent\.service: ([\d.]+)", output(received, "security"))
    assert score
    assert float(score[1]) <= 1.6


def test_calls_are_refused_until_the_policy_is_changed_and_reloaded(received: dict[str, Any]) -> None:
    assert FORBIDDEN in received["calls"]["with the packaged policy"]
    assert output(received, "allow") == ""
    assert "héllo" in received["calls"]["after a reload"]


def test_every_call_is_a_record_in_the_journal(received: dict[str, Any]) -> None:
    records = [json.loads(line) for line in output(received, "audit").splitlines()]
    calls = [(record["HOSTINFO_USER"], record["HOSTINFO_METHOD"], record["HOSTINFO_RESULT"]) for record in records]
    assert {user for user, *_ in calls} == {"CN=console"}
    assert all(method == "ovirtNode.echo" for _, method, _ in calls)
    assert len({result for *_, result in calls}) > 1, "refused and executed calls have the same result"


def test_a_link_added_and_removed_is_an_event(received: dict[str, Any]) -> None:
    output(received, "link-added")
    output(received, "link-removed")
    assert has_event(received, "interfaceAdded", interfaceName="dummy7")
    assert has_event(received, "interfaceRemoved", interfaceName="dummy7")


@pytest.mark.parametrize("node", WITH_CPUS, indirect=True)
def test_a_processor_taken_offline_and_online_is_an_event(node: Node, received: dict[str, Any]) -> None:
    """In a Dom0 it is a physical one, which Xen takes offline."""
    last = node.shape.cpu.total - 1
    assert output(received, "cpu-offline").split() == [str(last)]  # as many remain
    output(received, "cpu-online")
    assert has_event(received, "processorOffline", number=last)
    assert has_event(received, "processorOnline", number=last)


@pytest.mark.parametrize("node", WITH_LIBVIRT, indirect=True)
def test_libvirt_stopped_and_started_is_an_event(received: dict[str, Any]) -> None:
    output(received, "libvirt-kill")
    output(received, "libvirt-start")
    assert has_event(received, "hypervisorDisconnected")
    assert has_event(received, "hypervisorConnected")


@pytest.mark.parametrize("node", WITH_LIBVIRT, indirect=True)
def test_the_agent_resets_its_watchdog(received: dict[str, Any]) -> None:
    alive = properties(received, "alive")
    assert int(alive["WatchdogTimestampMonotonic"]) > int(alive["ActiveEnterTimestampMonotonic"])


def test_the_agent_stops_cleanly(received: dict[str, Any]) -> None:
    output(received, "stop")
    stopped = properties(received, "stopped")
    assert (stopped["Result"], stopped["ExecMainStatus"], stopped["NRestarts"]) == ("success", "0", "0")


def test_the_agents_journal_has_no_internal_error(received: dict[str, Any]) -> None:
    journal = output(received, "journal")
    assert "fault" not in journal
