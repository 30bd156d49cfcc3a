"""Absent values have a reason: in every group, with and without /proc and /sys, for any user and namespace.

Only ``OPTIONAL`` may be absent without one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import NoneType

import pytest

import hostinfo
from hostinfo import introspect
from hostinfo.field_docs import meaning_of_none
from hostinfo.groups import GROUPS
from hostinfo.path import Path as FactPath
from tests.conftest import FIXTURES
from tests.support.command import ROOT
from tests.support.trees import write_tree

NULLABLE = [
    f"{group}.{field}"
    for group in GROUPS
    for field, kind in introspect.fields(introspect.group_class(group)).items()
    if NoneType in getattr(kind, "__args__", ())
]
OPTIONAL = {
    **dict.fromkeys(("system.pretty_hostname", "system.deployment", "system.location"), "set by few administrators"),
    "hypervisor.guest_of": "hardware is no guest",
    "hypervisor.container": "most systems are in none",
    **dict.fromkeys(("domain.limits", "domain.uuid", "domain.guest_type"), "only in a control group, only in a guest"),
    "cpu.revision": "x86 has a plain stepping",
    "cpu.microcode": "not passed through to a Dom0",
    "cpu.usable_flags": "only where a hypervisor hides flags",
    **dict.fromkeys(("cpu.min_frequency_hz", "cpu.max_frequency_hz"), "Xen reports neither"),
    "memory.swap": "a Dom0's is its own",
    "statistics.interval_seconds": "absent at the first reading",
    "statistics.control_domain": "only in a Dom0",
}
"""Fields whose absence is a value or has nothing to explain, and why."""
LOAD = {"statistics.load", "statistics.processes"}
TREES: dict[str, dict[str, str | bytes]] = {
    "without /proc": {"sys/devices/system/cpu/online": "0-1\n", "sys/class/": ""},
    "without /sys": {"proc/meminfo": "MemTotal: 8000 kB\n", "proc/cpuinfo": "processor\t: 0\n", "proc/stat": "cpu 1\n"},
    "both empty": {"proc/": "", "sys/": ""},
    "empty /proc": {"proc/": "", "sys/class/": "", "sys/devices/system/cpu/present": "0\n"},
    "empty /sys": {"sys/": "", "proc/version": "Linux version 6.1.0 (x)\n"},
}
NAMESPACES = {
    "this user": (),
    "an ordinary user": ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    "user and network namespace": ("unshare", "--user", "--map-root-user", "--net"),
    "PID and mount namespace": ("unshare", "--pid", "--fork", "--mount-proc"),
    "cgroup and UTS namespace": ("unshare", "--cgroup", "--uts"),
    "an empty /sys": ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh"),
    "an empty /proc": ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"),
    "both empty": ("unshare", "--mount", "sh", "-c",
                   'mount -t tmpfs none /sys && mount -t tmpfs none /proc && exec "$@"', "sh"),
}  # fmt: skip


def without_reason(uri: str | None) -> list[str]:
    """Return the absent fields that have no problem and are not optional; load is, on a machine that Xen reports."""
    found = []
    with hostinfo.open(uri) as host:
        for group, result in host.read_many(dict.fromkeys(GROUPS)):
            if isinstance(result, hostinfo.HostInfoError):
                assert result.detail
                continue
            reasons = {problem.path.partition(".")[0].partition("[")[0] for problem in result.problems}
            is_xen = group == "statistics" and result.value.control_domain is not None
            optional = OPTIONAL.keys() if is_xen else OPTIONAL.keys() - LOAD
            for path in NULLABLE:
                name, _, field = path.partition(".")
                is_absent = name == group and getattr(result.value, field) is None
                if is_absent and path not in optional and not reasons & {field, ""}:
                    found.append(path)
    return found


@pytest.mark.parametrize("path", NULLABLE)
def test_the_documentation_of_a_field_that_may_be_absent_says_what_absence_means(path: str) -> None:
    assert meaning_of_none(FactPath(path))


@pytest.mark.parametrize("name", TREES)
def test_in_an_incomplete_tree_nothing_is_absent_without_a_reason(name: str, tmp_path: Path) -> None:
    assert without_reason(f"sysfs://{write_tree(tmp_path, TREES[name])}") == []


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_on_a_recorded_machine_nothing_is_absent_without_a_reason(name: str) -> None:
    assert without_reason(f"recorded:{FIXTURES / name}") == []


def test_on_a_libvirt_host_nothing_is_absent_without_a_reason() -> None:
    pytest.importorskip("libvirt")
    assert without_reason("test:///default") == []


@pytest.mark.parametrize("name", NAMESPACES)
def test_on_this_machine_nothing_is_absent_without_a_reason(name: str) -> None:
    prefix = NAMESPACES[name]
    if prefix and (os.geteuid() != 0 or shutil.which(prefix[0]) is None):
        pytest.skip("needs root and util-linux")
    checkout = [sys.executable, "-c", "import hostinfo, pytest, tests"]
    if prefix and subprocess.run([*prefix, *checkout], cwd=ROOT, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow such a namespace, or the user may not read this checkout")
    program = "from tests.hostinfo.test_absent_reasons import without_reason; print(without_reason(None))"
    ran = subprocess.run(
        [*prefix, sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("mount", "paths"),
    [
        (
            "proc",
            ["system.hostname", "system.boot_id", "system.kernel_release", "hypervisor.container", "cpu.model_name"],
        ),
        ("sys", ["system.product", "system.hardware_uuid", "hypervisor.can_host_guests", "cpu.max_frequency_hz"]),
    ],
)
def test_the_reason_names_the_file_system_that_is_not_mounted(mount: str, paths: list[str], tmp_path: Path) -> None:
    other: dict[str, str | bytes] = {"proc/self/": "", "proc/cpuinfo": "processor\t: 0\n"}
    if mount == "proc":
        other = {"sys/class/": "", "sys/devices/system/cpu/online": "0\n"}
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, other)}") as host:
        for path in paths:
            group, _, field = path.partition(".")
            reasons = [str(problem.error) for problem in host.read(group).problems if problem.path == field]
            assert reasons == [f"/{mount}: is not mounted"], path
