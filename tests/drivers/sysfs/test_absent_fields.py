"""Absent fields have a reason in trees without /proc or without /sys."""

from pathlib import Path

import pytest

import hostinfo
from tests.support.trees import write_tree

WITHOUT_PROC: dict[str, str | bytes] = {"sys/devices/system/cpu/present": "0\n"}
WITHOUT_SYS: dict[str, str | bytes] = {"proc/meminfo": "MemTotal: 8000 kB\n", "proc/stat": "cpu 1 2 3 4 5 6 7 8 9 0\n"}

# what proc(5) documents under /proc; what sysfs(5) and the kernel's ABI documents have under /sys
PROC = {
    "memory": {"total_bytes", "available_bytes", "free_bytes", "swap"},
    "domain": {"online_cpus", "memory_bytes", "limits", "is_whole_machine"},
    "statistics": {"uptime_seconds", "load", "cpu", "cpus", "memory", "processes", "pressure", "disks"},
}
SYS = {
    "memory": {"huge_pages", "installed_bytes", "slots", "dimms"},
    "numa": {"nodes"},
    "domain": {"uuid", "guest_type"},
}


@pytest.mark.parametrize("group", PROC)
@pytest.mark.parametrize("files", [WITHOUT_PROC, WITHOUT_PROC | {"proc/": ""}], ids=["absent", "empty"])
def test_without_proc_its_fields_have_the_reason(files: dict[str, str | bytes], group: str, tmp_path: Path) -> None:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        problems = host.read(group).problems
    reasons = {problem.path: str(problem.error) for problem in problems}
    assert reasons.keys() >= PROC[group]
    assert all("/proc" in reasons[field] for field in PROC[group])


@pytest.mark.parametrize("group", SYS)
def test_without_sys_its_fields_have_the_reason(group: str, tmp_path: Path) -> None:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, WITHOUT_SYS)}") as host:
        reasons = {problem.path: str(problem.error) for problem in host.read(group).problems}
    assert reasons.keys() >= SYS[group]
    assert all("/sys" in reasons[field] for field in SYS[group])


def test_other_fields_are_left_alone(tmp_path: Path) -> None:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, WITHOUT_SYS)}") as host:
        memory = host.memory(fields={"total_bytes"})
    assert (memory.value.total_bytes, memory.problems) == (8000 * 1024, ())
