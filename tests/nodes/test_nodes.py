"""Dumps of a real node equal QEMU's command line, field by field."""

import base64
import io
import json
import re
import tarfile

import pytest

from .compare import Dump, compare, table, value_at, wrong
from .conftest import Node
from .expect import expected_facts
from .guest_steps import GUEST_BEGIN, GUEST_END
from .shape import MIB
from .shape_loader import load_shape, shape_names

pytestmark = [pytest.mark.node, pytest.mark.timeout(1800)]
DEADLINE_SECONDS = 5  # for all of a dump's calls of libvirt
DISRUPTED = [name for name in shape_names() if load_shape(name).disrupt_libvirt]
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
    rows = compare(dump, expected_facts(node.shape), may_be_absent=may_be_absent)
    tables.append(table(f"\n{node.shape.name}: {name}", rows))
    assert not wrong(rows), table(f"{node.shape.name}: {name}", wrong(rows))
    return dump


def test_dump_by_root_reports_every_field_of_the_command_line(node: Node, tables: list[str]) -> None:
    check(node, "dump", tables)


def test_dump_by_an_ordinary_user_is_true_or_gives_the_reason_for_absence(node: Node, tables: list[str]) -> None:
    check(node, "dump-user", tables, may_be_absent=True)


def test_the_hypervisor_version_is_the_one_that_xl_prints(node: Node) -> None:
    if node.shape.kind != "xen-dom0":
        pytest.skip("only Xen has a tool that prints it")
    fields = dict(re.findall(r"^(\w+)\s*: (.*)$", node.run.text("xl-info"), flags=re.MULTILINE))
    assert dump_of(node, "dump")["hypervisor"]["version"] == fields["xen_version"]


def test_domain_memory_is_the_kernels_own_total(node: Node) -> None:
    kib = int(re.search(r"^MemTotal:\s+(\d+) kB", node.run.text("meminfo"), flags=re.MULTILINE)[1])  # type: ignore[index]
    assert dump_of(node, "dump")["domain"]["memory_bytes"] == kib * 1024


def test_caches_of_a_core_are_as_many_as_lscpu_counts(node: Node) -> None:
    # Not level 3: lscpu 2.38 counts one per CPU on a virtual AMD, where the kernel reports one per two CPUs.
    if node.shape.kind == "xen-dom0":
        pytest.skip("in a Dom0 lscpu counts the caches of Dom0's share")
    counted = dict(re.findall(r'"(L[12][di]?) cache:",\s+"data": "[^"]*\((\d+) instances?\)"', node.run.text("lscpu")))
    letters = {"Data": "d", "Instruction": "i", "Unified": ""}
    caches = dump_of(node, "dump")["cpu"]["caches"]
    assert {f"L{c['level']}{letters[c['type']]}": str(c["instances"]) for c in caches if c["level"] < 3} == counted


def test_the_node_can_be_recorded(node: Node) -> None:
    assert node.run.results["record"].status == 0, node.run.errors("record")
    assert (node.run.folder / "recording" / "machine.toml").is_file()


@pytest.mark.parametrize("node", HOSTS_OF_GUESTS, indirect=True)
def test_a_started_guest_reduces_free_memory_and_nothing_else(node: Node, tables: list[str]) -> None:
    guest = node.shape.guest
    assert guest is not None
    before, after = dump_of(node, "dump"), check(node, "dump-with-guest", tables)
    assert after["memory"]["total_bytes"] == before["memory"]["total_bytes"]
    if node.shape.kind == "xen-dom0":
        taken = before["memory"]["free_bytes"] - after["memory"]["free_bytes"]
        # Apart from its memory, a guest costs Xen page tables and control structures.
        assert guest.mib * MIB <= taken <= (guest.mib + 24) * MIB
    reported = value_at(after, f"guests.guests[name={guest.name}]")
    assert (reported["uuid"], reported["state"], reported["vcpus"]) == (guest.uuid, "running", guest.cpus)
    assert reported["memory_bytes"] == guest.mib * MIB


@pytest.mark.parametrize("node", HOSTS_OF_GUESTS, indirect=True)
def test_a_guest_reports_its_role_and_does_not_pass_its_share_for_the_machine(node: Node) -> None:
    guest = node.shape.guest
    assert guest is not None
    files = guest_files(node.run.text("guest-console"))
    dump: Dump = json.loads(files["dump.out"])
    assert dump["hypervisor"]["role"] == ("xen-domu" if node.shape.kind == "xen-dom0" else "guest")
    assert dump["hypervisor"]["guest_of"] == ("xen" if node.shape.kind == "xen-dom0" else "kvm")
    assert dump["hypervisor"]["is_virtual_machine"] is True
    assert dump["domain"]["online_cpus"] == guest.cpus
    assert guest.mib * MIB // 2 < dump["domain"]["memory_bytes"] < guest.mib * MIB
    assert value_at(dump, "cpu.threads") in (None, guest.cpus)
    assert (value_at(dump, "memory.total_bytes") or 0) < guest.mib * MIB
    assert (value_at(dump, "memory.installed_bytes") or 0) <= guest.mib * MIB
    assert value_at(dump, "system.hardware_uuid") in (None, guest.uuid)
    assert value_at(dump, "system.serial") is None


@pytest.mark.parametrize("state", ["-killed", "-hung"])
@pytest.mark.parametrize("node", DISRUPTED, indirect=True)
def test_without_libvirt_the_next_source_is_read_and_the_failure_is_reported(
    node: Node, state: str, tables: list[str]
) -> None:
    step = {"-killed": "libvirt-kill", "-hung": "libvirt-hang"}[state]
    assert node.run.results[step].status == 0, "libvirtd is not in the state that the test is about"
    dump = check(node, f"dump{state}", tables)
    assert "libvirt" in dump["errors"]["guests"]["message"] or "xen:///system" in dump["errors"]["guests"]["message"]
    assert {"cpu", "memory", "numa"} <= dump["failed_drivers"].keys() or node.shape.kind != "xen-dom0"
    assert node.run.results[f"dump{state}"].status == EXIT_PARTIAL, "nothing but libvirt reports the guests"
    check(node, f"dump-user{state}", tables, may_be_absent=True)


@pytest.mark.parametrize("node", DISRUPTED, indirect=True)
def test_a_hung_libvirt_costs_one_deadline_for_the_whole_dump(node: Node) -> None:
    results = node.run.results
    for user in ("", "-user"):
        undisturbed = max(results[f"dump{user}"].wall_seconds, results[f"dump{user}-continued"].wall_seconds)
        assert results[f"dump{user}-hung"].wall_seconds < DEADLINE_SECONDS + 2 * undisturbed


@pytest.mark.parametrize("state", ["-started", "-continued"])
@pytest.mark.parametrize("node", DISRUPTED, indirect=True)
def test_everything_is_reported_again_when_libvirt_is_back(node: Node, state: str, tables: list[str]) -> None:
    dump = check(node, f"dump{state}", tables)
    assert "libvirt" in " ".join(dump["sources"]["guests"].values())
    check(node, f"dump-user{state}", tables, may_be_absent=True)


@pytest.mark.parametrize("node", [n for n in shape_names() if load_shape(n).libvirt == "refuses"], indirect=True)
def test_where_libvirt_refuses_to_start_the_dump_reports_it(node: Node) -> None:
    assert node.run.results["virsh-nodeinfo"].status != 0, "libvirt works here: the shape tests nothing"
    dump = dump_of(node, "dump")
    assert any(
        "xen:///system" in error["message"] or "libvirt" in error["message"] for error in dump["errors"].values()
    )


def guest_files(console: str) -> dict[str, bytes]:
    """Return the files that a guest printed to its console, a tar file in base64."""
    found = re.search(re.escape(GUEST_BEGIN) + r"\s+([A-Za-z0-9+/=\s]+)" + re.escape(GUEST_END[:6]), console)
    assert found, f"the guest printed no files: {console[-2000:]}"
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(re.sub(r"\s", "", found[1])))) as packed:
        names = [member.name for member in packed.getmembers() if member.isfile()]
        return {name.removeprefix("./"): packed.extractfile(name).read() for name in names}  # type: ignore[union-attr]
