"""Detecting the hypervisor: published evidence, third-party machines, this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import hostinfo
from hostinfo.model.hypervisor import Hypervisor
from tests.drivers.sysfs.virt.published_machines import MACHINES
from tests.support.trees import unpack_evidence, write_tree

CORPORA = os.environ.get("HOSTINFO_CORPORA")


def hypervisor(root: Path) -> Hypervisor:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.hypervisor().value


@pytest.mark.parametrize("name", MACHINES)
def test_published_evidence_is_recognised(tmp_path: Path, name: str) -> None:
    files, expected = MACHINES[name]
    found = hypervisor(write_tree(tmp_path, {"proc/": "", **files}))
    assert (found.role, found.guest_of, found.is_virtual_machine) == expected
    assert bool(found.detected_by) == (found.role is not None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cloud-with-kvm", True), ("hardware-with-kvm", True), ("xen-dom0", True), ("google-metal", False)],
)
def test_could_host_guests_is_apart_from_the_role(tmp_path: Path, name: str, expected: bool) -> None:
    assert hypervisor(write_tree(tmp_path, {"proc/": "", **MACHINES[name][0]})).can_host_guests is expected


def test_without_proof_the_reason_is_reported(tmp_path: Path) -> None:
    write_tree(tmp_path, {"proc/": "", **MACHINES["arm-names-without-the-table"][0]})
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        problems = host.hypervisor().problems
    assert {problem.path for problem in problems} == {"role", "is_virtual_machine", "type", "version"}


def test_all_evidence_names_its_source_first(tmp_path: Path) -> None:
    for name, (files, _) in MACHINES.items():
        found = hypervisor(write_tree(tmp_path / name, {"proc/": "", **files}))
        assert all(text.startswith("/") and ": " in text for text in found.detected_by)


@pytest.mark.skipif(shutil.which("systemd-detect-virt") is None, reason="systemd-detect-virt is not installed")
def test_this_machine_has_the_hypervisor_that_systemd_detects() -> None:
    command = ["systemd-detect-virt", "--vm"]
    theirs = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    with hostinfo.open("sysfs:///") as host:
        ours = host.hypervisor().value
    if ours.role == "xen-dom0":
        pytest.skip("systemd detects the hypervisor below a Dom0 with CPUID")
    # systemd reads the CPUID leaf, which no file has: with the flag alone, the name is unknown
    assert ours.guest_of in (None if theirs == "none" else theirs, "vm-other")
    assert ours.is_virtual_machine == (theirs != "none")


# as published: lscpu's "Hypervisor vendor" line; the machines of hwloc and ghw are named after hardware
GUESTS = {"lscpu/s390-kvm": "kvm", "lscpu/vbox-win": "oracle"}


HARDWARE = (
    "lscpu/x86_64-64cpu",
    "lscpu/x86_64-dell_e4310",
    "hwloc/16amd64-8n2c",
    "hwloc/20em64t-hybrid-1p6c2t+2ca4co1t",
    "hwloc/40intel64-4n10c+pci-conflicts",
    "hwloc/48amd64-4pa2n6c-sparse",
    "hwloc/64amd64-4s2n4ca2co",
)


@pytest.mark.skipif(CORPORA is None, reason="HOSTINFO_CORPORA is not set")
@pytest.mark.parametrize("name", [*GUESTS, *HARDWARE])
def test_third_party_machines_have_their_published_hypervisor(tmp_path: Path, name: str) -> None:
    found = hypervisor(unpack_evidence(name, tmp_path))
    assert found.guest_of == GUESTS.get(name)
    assert found.is_virtual_machine == (name in GUESTS)


@pytest.mark.parametrize(("flags", "role"), [("fpu lm", "bare-metal"), ("fpu lm hypervisor", "guest")])
def test_qemus_configuration_device_counts_only_with_the_hypervisor_flag(tmp_path: Path, flags: str, role: str) -> None:
    files = {"proc/cpuinfo": f"processor : 0\nflags : {flags}\n", "sys/firmware/qemu_fw_cfg/rev": "3\n"}
    assert hypervisor(write_tree(tmp_path, files)).role == role
