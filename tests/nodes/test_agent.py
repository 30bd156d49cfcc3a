"""The agent in the node, started by systemd as packages install it, is asked by a console outside of the node.

What it must tell is what the dump must: from QEMU's command line. visit.py is what is done there.
"""

import json
import os
import re
from typing import Any

import pytest

from .agent_view import as_dump, errors, published
from .compare import Dump, compare, look, table, wrong
from .conftest import Node
from .expect import expected
from .shape import MIB, load_shape, shape_names

pytestmark = [pytest.mark.node, pytest.mark.timeout(1800)]
SHAPES = {name: load_shape(name) for name in shape_names()}
DOM0S = [name for name, shape in SHAPES.items() if shape.kind == "xen-dom0"]
WHOLE = [name for name, shape in SHAPES.items() if shape.kind != "xen-dom0"]
WITH_CPUS = [name for name, shape in SHAPES.items() if shape.cpu.total > 1]
WITH_LIBVIRT = [name for name, shape in SHAPES.items() if shape.libvirt == "works"]
CAP_DAC_READ_SEARCH = 1 << 2
FORBIDDEN = "not allowed"


@pytest.fixture
def heard(node: Node) -> dict[str, Any]:
    """What the visitor brought home; its failure is the failure of every test here."""
    path = node.run.folder / "visit.json"
    if not path.exists():
        lacking = "without proton no console can go to the agent in the node"
        if os.environ.get("HOSTINFO_REQUIRE_NODES") == "1":
            pytest.fail(lacking)
        pytest.skip(lacking)
    told: dict[str, Any] = json.loads(path.read_text())
    journal = told["errands"].get("journal", {}).get("out", "")
    assert not told["failure"], f"{told['failure']}\n{told['errands']}\n{journal}"
    return told


def errand(heard: dict[str, Any], name: str) -> str:
    """What a command inside the node printed; it must have succeeded."""
    done = heard["errands"][name]
    assert done["status"] == 0, done
    return str(done["out"])


def properties(heard: dict[str, Any], name: str) -> dict[str, str]:
    """The unit's properties, as systemctl told them."""
    return dict(re.findall(r"^(\w+)=(.*)$", errand(heard, name), flags=re.MULTILINE))


def happened(heard: dict[str, Any], name: str, **values: object) -> bool:
    return any(one["name"] == name and values.items() <= one["values"].items() for one in heard["events"])


def test_a_console_outside_is_told_the_machine_of_the_command_line(
    node: Node, heard: dict[str, Any], tables: list[str]
) -> None:
    # Where it asks libvirt the agent's user may not ask Xen itself: what libvirt lacks is absent with a reason.
    asks_libvirt = node.shape.kind == "xen-dom0" and node.shape.libvirt == "works"
    rows = compare(as_dump(heard["objects"]), published(expected(node.shape)), may_be_absent=asks_libvirt)
    tables.append(table(f"\n{node.shape.name}: the agent", rows))
    assert not wrong(rows), table(f"{node.shape.name}: the agent", wrong(rows))


@pytest.mark.parametrize("node", DOM0S, indirect=True)
def test_memory_and_processors_are_the_machines_and_not_the_dom0s(node: Node, heard: dict[str, Any]) -> None:
    shape, (told,) = node.shape, heard["objects"]["ovirtNode"]
    assert shape.dom0 is not None
    assert shape.memory_bytes - MIB <= told["memory"] <= shape.memory_bytes
    assert told["cpus"] == shape.cpu.total
    assert len(heard["objects"]["processor"]) == shape.cpu.total
    assert told["domainMemory"] < shape.dom0.mib * MIB
    assert told["domainOnlineCpus"] == shape.dom0.cpus
    assert told["isWholeMachine"] is False


def test_consoles_find_the_agent_by_the_hardware(node: Node, heard: dict[str, Any]) -> None:
    (agent,) = heard["agents"]
    uuid = node.shape.smbios["1"]["uuid"]
    assert (agent["uuid"], agent["_instance"], agent["hostname"]) == (uuid, uuid, node.shape.hostname)


def test_the_command_tells_what_the_library_was_told(heard: dict[str, Any]) -> None:
    (command,), (library,) = heard["command"], heard["objects"]["ovirtNode"]
    kept = {"memory", "cpus", "hardwareUuid", "cpuModelName", "hypervisorRole", "domainMemory", "serial"}
    assert {name: command["values"].get(name) for name in kept} == {name: library.get(name) for name in kept}


@pytest.mark.parametrize("node", WHOLE, indirect=True)
def test_the_agents_user_is_told_all_that_root_is(node: Node, heard: dict[str, Any]) -> None:
    dump: Dump = json.loads(node.run.text("dump"))
    assert set(errors(heard["objects"])) <= set(dump["errors"])


def test_the_agent_is_ready_within_its_time_and_without_a_second_try(heard: dict[str, Any]) -> None:
    assert heard["errands"]["start"]["status"] == 0, heard["errands"]
    state = properties(heard, "started")
    assert (state["ActiveState"], state["SubState"], state["NRestarts"]) == ("active", "running", "0")


def test_the_agent_runs_as_its_user_with_one_capability(heard: dict[str, Any]) -> None:
    status = dict(re.findall(r"^(\w+):\s+(.*)$", errand(heard, "process"), flags=re.MULTILINE))
    assert "0" not in status["Uid"].split()
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {CAP_DAC_READ_SEARCH}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_the_unit_is_as_little_exposed_as_its_page_says(heard: dict[str, Any]) -> None:
    score = re.search(r"hostinfo-agent\.service: ([\d.]+)", errand(heard, "security"))
    assert score
    assert float(score[1]) <= 2.0


def test_nobody_may_call_until_the_policy_is_changed_and_read_again(heard: dict[str, Any]) -> None:
    assert FORBIDDEN in heard["calls"]["by the policy of the package"]
    assert errand(heard, "allow") == ""
    assert "héllo" in heard["calls"]["after a reload"]


def test_every_call_is_a_record_in_the_journal(heard: dict[str, Any]) -> None:
    records = [json.loads(line) for line in errand(heard, "audit").splitlines()]
    told = [(one["HOSTINFO_USER"], one["HOSTINFO_METHOD"], one["HOSTINFO_RESULT"]) for one in records]
    assert {user for user, *_ in told} == {"CN=console"}
    assert all(method == "ovirtNode.echo" for _, method, _ in told)
    assert len({result for *_, result in told}) > 1, "refused and done look alike"


def test_a_link_that_comes_and_goes_is_an_event(heard: dict[str, Any]) -> None:
    errand(heard, "link-added")
    errand(heard, "link-removed")
    assert happened(heard, "interfaceAdded", interfaceName="visit0")
    assert happened(heard, "interfaceRemoved", interfaceName="visit0")


@pytest.mark.parametrize("node", WITH_CPUS, indirect=True)
def test_a_processor_that_goes_and_comes_is_an_event(node: Node, heard: dict[str, Any]) -> None:
    """In a Dom0 it is one of the machine's, which Xen takes out of use."""
    last = node.shape.cpu.total - 1
    assert errand(heard, "cpu-offline").split() == [str(last)]  # so many are left
    errand(heard, "cpu-online")
    assert happened(heard, "processorOffline", number=last)
    assert happened(heard, "processorOnline", number=last)


@pytest.mark.parametrize("node", WITH_LIBVIRT, indirect=True)
def test_a_libvirt_that_goes_and_comes_is_an_event(heard: dict[str, Any]) -> None:
    errand(heard, "libvirt-lost")
    errand(heard, "libvirt-back")
    assert happened(heard, "hypervisorDisconnected")
    assert happened(heard, "hypervisorConnected")


@pytest.mark.parametrize("node", WITH_LIBVIRT, indirect=True)
def test_the_agent_tells_systemd_that_it_lives(heard: dict[str, Any]) -> None:
    alive = properties(heard, "alive")
    assert int(alive["WatchdogTimestampMonotonic"]) > int(alive["ActiveEnterTimestampMonotonic"])


def test_the_agent_leaves_in_order(heard: dict[str, Any]) -> None:
    errand(heard, "stop")
    stopped = properties(heard, "stopped")
    assert (stopped["Result"], stopped["ExecMainStatus"], stopped["NRestarts"]) == ("success", "0", "0")


def test_the_agents_journal_has_no_fault(heard: dict[str, Any]) -> None:
    journal = errand(heard, "journal")
    assert "fault" not in journal
    assert look(heard, "failure") == ""
