"""What is told of a real node equals QEMU's command line, field by field."""

import base64
import io
import json
import re
import tarfile

import pytest

from .compare import Dump, compare, look, table, wrong
from .conftest import Node
from .expect import expected
from .shape import MIB, load_shape, shape_names
from .steps import GUEST_END

pytestmark = [pytest.mark.node, pytest.mark.timeout(1800)]
DEADLINE_SECONDS = 5  # of one dump's waiting for libvirt
TORMENTED = [name for name in shape_names() if load_shape(name).torment]
HOSTS_OF_GUESTS = [name for name in shape_names() if load_shape(name).guest]
EXIT_PARTIAL = 3


def dump_of(node: Node, name: str) -> Dump:
    try:
        dump: Dump = json.loads(node.run.text(name))
    except ValueError:
        pytest.fail(f"{name}: {node.run.results[name]}\n{node.run.errors(name)}\n{node.run.text(name)[:2000]}")
    return dump


def check(node: Node, name: str, tables: list[str], *, may_be_absent: bool = False) -> Dump:
    dump = dump_of(node, name)
    rows = compare(dump, expected(node.shape), may_be_absent=may_be_absent)
    tables.append(table(f"\n{node.shape.name}: {name}", rows))
    assert not wrong(rows), table(f"{node.shape.name}: {name}", wrong(rows))
    return dump


def test_root_is_told_every_field_of_the_command_line(node: Node, tables: list[str]) -> None:
    check(node, "dump", tables)


def test_an_ordinary_user_is_told_the_truth_or_why_it_is_absent(node: Node, tables: list[str]) -> None:
    check(node, "dump-user", tables, may_be_absent=True)


def test_the_hypervisor_version_is_what_its_own_tool_says(node: Node) -> None:
    if node.shape.kind != "xen-dom0":
        pytest.skip("only Xen has a tool that says it")
    fields = dict(re.findall(r"^(\w+)\s*: (.*)$", node.run.text("xl-info"), flags=re.MULTILINE))
    assert dump_of(node, "dump")["hypervisor"]["version"] == fields["xen_version"]


def test_what_the_kernel_was_given_is_told_beside_the_machine(node: Node) -> None:
    kib = int(re.search(r"^MemTotal:\s+(\d+) kB", node.run.text("meminfo"), flags=re.MULTILINE)[1])  # type: ignore[index]
    assert dump_of(node, "dump")["domain"]["memory_bytes"] == kib * 1024


def test_a_cores_own_caches_are_as_many_as_lscpu_counts(node: Node) -> None:
    # Not level 3: lscpu 2.38 counts one a CPU on a virtual AMD whose kernel says that two share it. The shapes tell it.
    if node.shape.kind == "xen-dom0":
        pytest.skip("in a Dom0 lscpu counts those of Dom0's share")
    counted = dict(re.findall(r'"(L[12][di]?) cache:",\s+"data": "[^"]*\((\d+) instances?\)"', node.run.text("lscpu")))
    letters = {"Data": "d", "Instruction": "i", "Unified": ""}
    caches = dump_of(node, "dump")["cpu"]["caches"]
    assert {f"L{c['level']}{letters[c['type']]}": str(c["instances"]) for c in caches if c["level"] < 3} == counted


def test_the_node_can_be_recorded(node: Node) -> None:
    assert node.run.results["record"].status == 0, node.run.errors("record")
    assert (node.run.folder / "recording" / "machine.toml").is_file()


@pytest.mark.parametrize("node", HOSTS_OF_GUESTS, indirect=True)
def test_a_started_guest_takes_from_free_memory_and_from_nothing_else(node: Node, tables: list[str]) -> None:
    guest = node.shape.guest
    assert guest is not None
    before, after = dump_of(node, "dump"), check(node, "dump-with-guest", tables)
    assert after["memory"]["total_bytes"] == before["memory"]["total_bytes"]
    if node.shape.kind == "xen-dom0":
        taken = before["memory"]["free_bytes"] - after["memory"]["free_bytes"]
        # Beside its memory a guest costs Xen page tables and its own structures.
        assert guest.mib * MIB <= taken <= (guest.mib + 24) * MIB
    told = look(after, f"guests.guests[name={guest.name}]")
    assert (told["uuid"], told["state"], told["vcpus"]) == (guest.uuid, "running", guest.cpus)
    assert told["memory_bytes"] == guest.mib * MIB


@pytest.mark.parametrize("node", HOSTS_OF_GUESTS, indirect=True)
def test_a_guest_knows_that_it_is_one_and_does_not_pass_for_the_machine(node: Node) -> None:
    guest = node.shape.guest
    assert guest is not None
    files = guest_files(node.run.text("guest-console"))
    dump: Dump = json.loads(files["dump.out"])
    assert dump["hypervisor"]["role"] == ("xen-domu" if node.shape.kind == "xen-dom0" else "guest")
    assert dump["hypervisor"]["guest_of"] == ("xen" if node.shape.kind == "xen-dom0" else "kvm")
    assert dump["hypervisor"]["is_virtual_machine"] is True
    assert dump["domain"]["online_cpus"] == guest.cpus
    assert guest.mib * MIB // 2 < dump["domain"]["memory_bytes"] < guest.mib * MIB
    assert look(dump, "cpu.threads") in (None, guest.cpus)
    assert (look(dump, "memory.total_bytes") or 0) < guest.mib * MIB
    assert (look(dump, "memory.installed_bytes") or 0) <= guest.mib * MIB
    assert look(dump, "system.hardware_uuid") in (None, guest.uuid)
    assert look(dump, "system.serial") is None


@pytest.mark.parametrize("state", ["-killed", "-hung"])
@pytest.mark.parametrize("node", TORMENTED, indirect=True)
def test_without_libvirt_the_truth_comes_from_the_next_source_with_the_failure_beside_it(
    node: Node, state: str, tables: list[str]
) -> None:
    step = {"-killed": "libvirt-kill", "-hung": "libvirt-hang"}[state]
    assert node.run.results[step].status == 0, "libvirtd is not in the state that the test is about"
    dump = check(node, f"dump{state}", tables)
    assert any(
        "xen:///system" in error["message"] or "libvirt" in error["message"] for error in dump["errors"].values()
    )
    assert node.run.results[f"dump{state}"].status == EXIT_PARTIAL
    check(node, f"dump-user{state}", tables, may_be_absent=True)


@pytest.mark.parametrize("node", TORMENTED, indirect=True)
def test_a_hung_libvirt_costs_one_deadline_for_the_whole_dump(node: Node) -> None:
    results = node.run.results
    for user in ("", "-user"):
        undisturbed = max(results[f"dump{user}"].wall_seconds, results[f"dump{user}-awake"].wall_seconds)
        assert results[f"dump{user}-hung"].wall_seconds < DEADLINE_SECONDS + 2 * undisturbed


@pytest.mark.parametrize("state", ["-back", "-awake"])
@pytest.mark.parametrize("node", TORMENTED, indirect=True)
def test_all_is_told_again_when_libvirt_is_back(node: Node, state: str, tables: list[str]) -> None:
    dump = check(node, f"dump{state}", tables)
    assert "libvirt" in " ".join(dump["sources"]["guests"].values())
    check(node, f"dump-user{state}", tables, may_be_absent=True)


@pytest.mark.parametrize("node", [n for n in shape_names() if load_shape(n).libvirt == "refuses"], indirect=True)
def test_where_libvirt_refuses_to_start_the_dump_says_so(node: Node) -> None:
    assert node.run.results["virsh-nodeinfo"].status != 0, "libvirt works here: the shape tests nothing"
    dump = dump_of(node, "dump")
    assert any(
        "xen:///system" in error["message"] or "libvirt" in error["message"] for error in dump["errors"].values()
    )


def guest_files(console: str) -> dict[str, bytes]:
    """The files that a guest printed to its console as base64 of a tar."""
    found = re.search(r"-- begin of the guest job ----\s+([A-Za-z0-9+/=\s]+)" + re.escape(GUEST_END[:6]), console)
    assert found, f"the guest told nothing: {console[-2000:]}"
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(re.sub(r"\s", "", found[1])))) as packed:
        names = [member.name for member in packed.getmembers() if member.isfile()]
        return {name.removeprefix("./"): packed.extractfile(name).read() for name in names}  # type: ignore[union-attr]
