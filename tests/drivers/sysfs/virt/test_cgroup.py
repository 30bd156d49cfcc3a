"""Limits of control groups: trees with published layouts, real groups."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sysfs.virt.cgroup import parse_hierarchies
from hostinfo.model.domain import Domain, Limits
from tests.support.trees import write_tree

MIB = 1024**2


V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


CPUS = {"sys/devices/system/cpu/online": "0-3\n", "proc/meminfo": "MemTotal:        8000000 kB\n"}


def domain(root: Path) -> Domain:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.domain().value


def grouped(root: Path, group: str, mounts: str, files: dict[str, str]) -> Domain:
    return domain(write_tree(root, {**CPUS, "proc/self/cgroup": group, "proc/self/mountinfo": mounts, **files}))


def test_limits_of_all_groups_up_to_the_root_apply(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/machine.slice"
    found = grouped(
        tmp_path,
        "0::/machine.slice/box.scope\n",
        V2_MOUNT,
        {
            f"{base}/memory.max": f"{512 * MIB}\n",
            f"{base}/box.scope/memory.max": "max\n",
            f"{base}/box.scope/memory.swap.max": "0\n",
            f"{base}/cpu.max": "max 100000\n",
            f"{base}/box.scope/cpu.max": "150000 100000\n",
            f"{base}/pids.max": "2000\n",
            f"{base}/box.scope/pids.max": "100\n",
            f"{base}/box.scope/cpuset.cpus.effective": "1-2\n",
        },
    )
    assert found.limits == Limits(cpus=1.5, cpu_numbers=(1, 2), memory_bytes=512 * MIB, swap_bytes=0, processes=100)
    assert found.is_whole_machine is False
    assert (found.online_cpus, found.memory_bytes) == (4, 8_000_000 * 1024)


def test_the_root_group_has_no_limits(tmp_path: Path) -> None:
    """cgroup-v2.rst: cpu.max, memory.max and pids.max exist on non-root groups."""
    found = grouped(tmp_path, "0::/\n", V2_MOUNT, {"sys/fs/cgroup/cpuset.cpus.effective": "0-3\n"})
    assert (found.limits, found.is_whole_machine) == (None, True)


@pytest.mark.parametrize(
    ("path", "limited", "namespace", "is_whole"),
    [
        ("system.slice/agent.service", "system.slice/agent.service", "pid:[4026531836]", True),
        ("user.slice/user@1.service/app.slice/a.service", "user.slice/user@1.service", "pid:[4026531836]", False),
        ("system.slice/agent.service", "system.slice", "pid:[4026531836]", False),
        ("system.slice/agent.service/worker", "system.slice/agent.service", "pid:[4026531836]", False),
        ("machine.slice/box.scope", "machine.slice/box.scope", "pid:[4026531836]", False),
        # such as podman --cgroups=disabled in a service, whose limits are the container's
        ("system.slice/box.service", "system.slice/box.service", "pid:[4026532193]", False),
    ],
)
def test_limits_of_the_own_service_withhold_no_part_of_the_machine(
    tmp_path: Path, path: str, limited: str, namespace: str, is_whole: bool
) -> None:
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/pid").symlink_to(namespace)
    files = {f"sys/fs/cgroup/{limited}/memory.max": f"{MIB}\n", f"sys/fs/cgroup/{limited}/cpu.max": "50000 100000\n"}
    found = grouped(tmp_path, f"0::/{path}\n", V2_MOUNT, files)
    assert found.limits == Limits(memory_bytes=MIB, cpus=0.5)
    assert found.is_whole_machine is is_whole


def test_a_limit_on_processes_withholds_no_part_of_the_machine(tmp_path: Path) -> None:
    """Every session under systemd has one."""
    found = grouped(tmp_path, "0::/user.slice\n", V2_MOUNT, {"sys/fs/cgroup/user.slice/pids.max": "9000\n"})
    assert (found.limits, found.is_whole_machine) == (Limits(processes=9000), True)


V1_IN_DOCKER = """\
12:memory:/docker/0123
11:cpu,cpuacct:/docker/0123
10:pids:/docker/0123
9:cpuset:/docker/0123
1:name=systemd:/docker/0123
0::/system.slice/containerd.service
"""


V1_MOUNTS = """\
40 30 0:30 /docker/0123 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
41 30 0:31 /docker/0123 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
42 30 0:32 /docker/0123 /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
43 30 0:33 /docker/0123 /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset
"""


def test_version_1_in_a_container_is_read_at_the_root_of_the_mount(tmp_path: Path) -> None:
    found = grouped(
        tmp_path,
        V1_IN_DOCKER,
        V1_MOUNTS,
        {
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{256 * MIB}\n",
            "sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": f"{384 * MIB}\n",
            "sys/fs/cgroup/pids/pids.max": "max\n",
            "sys/fs/cgroup/cpuset/cpuset.cpus": "0-3\n",
        },
    )
    assert found.limits == Limits(cpus=0.5, memory_bytes=256 * MIB, swap_bytes=128 * MIB)


def test_the_huge_numbers_of_version_1_without_a_limit_are_no_limits(tmp_path: Path) -> None:
    found = grouped(
        tmp_path,
        V1_IN_DOCKER,
        V1_MOUNTS,
        {
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "9223372036854771712\n",
        },
    )
    assert (found.limits, found.is_whole_machine) == (None, None)  # /docker may have limits


def test_a_group_outside_the_mount_is_hidden() -> None:
    found = parse_hierarchies("0::/elsewhere/../x\n", "30 23 0:26 /box /mnt/c\\040g rw - cgroup2 c rw\n")
    assert (found[""].groups, found[""].is_hidden) == ([], True)


# files of the process; the limits; whether it is the whole machine
HIDDEN_GROUPS: dict[str, tuple[str, str, dict[str, str], Limits | None, bool | None]] = {
    # https://github.com/systemd/systemd/pull/17902: podman with the host's hierarchy
    "mounted-from-outside-the-namespace": ("0::/\n", V2_MOUNT.replace(" / ", " /../../.. "), {}, None, None),
    "an-ancestor-has-a-limit": (
        "0::/\n",
        V2_MOUNT.replace(" / ", " /.. "),
        {"sys/fs/cgroup/memory.max": f"{MIB}\n"},
        Limits(memory_bytes=MIB),
        False,
    ),
    "another-branch": (
        "0::/user.slice\n",
        V2_MOUNT.replace(" / ", " /box "),
        {"sys/fs/cgroup/memory.max": f"{MIB}\n"},
        None,
        None,
    ),
    "moved-out-of-its-namespace": ("0::/../init.scope\n", V2_MOUNT, {}, None, None),
    "not-mounted": ("0::/../..\n", "22 1 254:0 / / rw - ext4 /dev/vda rw\n", {}, None, None),
    "version-1-memory-of-another-branch": (
        V1_IN_DOCKER,
        V1_MOUNTS.replace("/docker/0123 /sys/fs/cgroup/memory", "/lxc/web /sys/fs/cgroup/memory"),
        {},
        None,
        None,
    ),
    # cgroup-v2.rst: cgroup.type exists on non-root groups
    "the-root-of-a-namespace": ("0::/\n", V2_MOUNT, {"sys/fs/cgroup/cgroup.type": "domain\n"}, None, None),
    "a-limit-in-a-namespace": (
        "0::/\n",
        V2_MOUNT,
        {"sys/fs/cgroup/cgroup.type": "domain\n", "sys/fs/cgroup/memory.max": f"{MIB}\n"},
        Limits(memory_bytes=MIB),
        False,
    ),
    # Kubernetes with version 1: the pod's limit is in the group above the container's
    "a-mount-of-the-own-group": (
        "0::/kubepods/pod1/box\n",
        V2_MOUNT.replace(" / ", " /kubepods/pod1/box "),
        {"sys/fs/cgroup/memory.max": "max\n"},
        None,
        None,
    ),
    "a-second-mount-shows-it": (
        "0::/a\n",
        V2_MOUNT.replace(" / ", " /../.. ") + "31 23 0:26 / /run/cgroup rw - cgroup2 cgroup2 rw\n",
        {"run/cgroup/a/memory.max": "max\n"},
        None,
        True,
    ),
}


@pytest.mark.parametrize("name", HIDDEN_GROUPS)
def test_the_limits_of_a_hidden_group_are_unknown_with_the_reason(name: str, tmp_path: Path) -> None:
    group, mounts, files, limits, is_whole = HIDDEN_GROUPS[name]
    root = write_tree(tmp_path, {**CPUS, "proc/self/cgroup": group, "proc/self/mountinfo": mounts, **files})
    with hostinfo.open(f"sysfs://{root}") as host:
        found = host.domain()
    assert (found.value.limits, found.value.is_whole_machine) == (limits, is_whole)
    assert (is_whole is True) == (not found.problems)


def test_limits_are_unknown_if_the_group_of_the_process_is(tmp_path: Path) -> None:
    found = domain(write_tree(tmp_path, dict(CPUS)))
    assert (found.limits, found.is_whole_machine) == (None, None)


def test_an_unreadable_limit_is_a_problem_and_other_fields_are_reported(tmp_path: Path) -> None:
    from hostinfo.drivers.sources.sources import Sources
    from hostinfo.drivers.sources.tree import Tree
    from hostinfo.drivers.sysfs import domain as group

    root = write_tree(tmp_path, {**CPUS, "proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": V2_MOUNT})
    result = group.read(Sources(tree=Tree(str(root), errors={"sys/fs/cgroup/a/memory.max": 13})), None)
    assert (result.value.online_cpus, result.value.is_whole_machine) == (4, None)
    assert [problem.path for problem in result.problems] == ["limits", "is_whole_machine"]


GROUPS = "/sys/fs/cgroup"


def _make(folder: Path, files: dict[str, str]) -> Path | None:
    try:
        if not (folder.parent / "cgroup.procs").exists():  # no hierarchy is mounted there
            return None
        folder.mkdir()
    except OSError:
        return None
    try:
        for name, text in files.items():
            (folder / name).write_text(text)
    except OSError:
        folder.rmdir()
        return None
    return folder


@pytest.fixture
def real_groups() -> Iterator[tuple[list[Path], dict[str, object]]]:
    """Real groups with limits, in the version that has the controllers on this machine; and the limits."""
    name = f"hostinfo-test-{os.getpid()}"
    made: list[Path] = []
    limits: dict[str, object] = {}
    if os.sysconf("SC_NPROCESSORS_ONLN") < 2:
        pytest.skip("a set of one CPU is all of this machine")
    plans: tuple[tuple[str, dict[str, str], dict[str, object]], ...] = (
        ("", {"memory.max": f"{300 * MIB}", "pids.max": "77", "cpu.max": "30000 100000"},
         {"memory_bytes": 300 * MIB, "processes": 77, "cpus": 0.3}),
        ("memory", {"memory.limit_in_bytes": f"{300 * MIB}"}, {"memory_bytes": 300 * MIB}),
        ("pids", {"pids.max": "77"}, {"processes": 77}),
        ("cpu", {"cpu.cfs_quota_us": "30000"}, {"cpus": 0.3}),
        ("cpuset", {"cpuset.cpus": "0", "cpuset.mems": "0"}, {"cpu_numbers": [0]}),
    )  # fmt: skip
    for hierarchy, files, expected in plans:
        folder = _make(Path(GROUPS) / hierarchy / name, files)
        if folder is not None:
            made.append(folder)
            limits.update(expected)
            if not hierarchy:
                break
    yield made, limits
    for folder in made:
        folder.rmdir()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_process_in_a_real_group_reports_its_limits(real_groups: tuple[list[Path], dict[str, object]]) -> None:
    folders, expected = real_groups
    if not folders:
        pytest.skip("no control group can be created here")
    program = (
        "import dataclasses, json, hostinfo; value = hostinfo.open('sysfs:///').domain().value;"
        "print(json.dumps([dataclasses.asdict(value.limits), value.is_whole_machine]))"
    )

    def enter() -> None:
        for folder in folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, preexec_fn=enter)
    limits, is_whole = json.loads(done.stdout)
    assert {name: limits[name] for name in expected} == expected
    assert is_whole is False


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")
def test_in_a_namespace_of_control_groups_the_limits_above_are_unknown() -> None:
    program = "import hostinfo; print(hostinfo.open('sysfs:///').domain().value.is_whole_machine)"
    inside = subprocess.run(
        ["unshare", "--cgroup", sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    if inside.returncode != 0:
        pytest.skip("this machine does not allow such a namespace")
    outside = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert inside.stdout in ("None\n", "False\n")
    assert outside.stdout != "True\n" or inside.stdout == "None\n"


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gives_groups(memberships: str, mounts: str) -> None:
    parse_hierarchies(memberships, mounts)


@given(
    st.lists(
        st.sampled_from(
            ["0::/a/b", "3:cpu,cpuacct:/", "::", "0::/../..", "1 2 3 / / - cgroup2 a b", "a b c d e - cgroup x cpu"]
        )
    )
)
def test_any_lines_give_groups(lines: list[str]) -> None:
    for hierarchy in parse_hierarchies("\n".join(lines), "\n".join(lines)).values():
        assert all(".." not in group for group in hierarchy.groups)
