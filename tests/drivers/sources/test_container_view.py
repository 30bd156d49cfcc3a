"""Which files of /proc and /sys a filter makes, from mountinfo lines of published containers."""

from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.sources.container_view import ContainerView
from tests.support.trees import write_tree

CPU = "sys/devices/system/cpu"
NODE = "sys/devices/system/node"

# mountinfo; files that are the container's; files that are the machine's
VIEWS: dict[str, tuple[str, list[str], list[str]]] = {
    # lxcfs's share/lxc.mount.hook
    "lxcfs-file": (
        "20 10 0:60 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n",
        ["proc/meminfo"],
        ["proc/cpuinfo", "proc/meminfo2", f"{CPU}/online"],
    ),
    "lxcfs-folder": (
        f"20 10 0:60 /{CPU} /{CPU} rw - fuse.lxcfs lxcfs rw\n",
        [f"{CPU}/online", f"{CPU}/cpu3/topology/core_id"],
        ["proc/meminfo", f"{NODE}/node0/meminfo"],
    ),
    "lxcfs-of-the-host": ("20 10 0:60 / /var/lib/lxcfs rw - fuse.lxcfs lxcfs rw\n", [], ["proc/meminfo"]),
    "bind-mounted-file": (
        "20 10 8:1 /fake/cpuinfo /proc/cpuinfo ro - ext4 /dev/sda1 rw\n",
        ["proc/cpuinfo"],
        ["proc/stat"],
    ),
    # nestybox/sysbox-fs
    "sysbox": ("20 10 0:70 /proc/uptime /proc/uptime rw - fuse sysboxfs rw\n", ["proc/uptime"], ["proc/stat"]),
    # moby/profiles: masked paths
    "masks-of-docker": (
        (
            "20 10 0:60 / /proc rw - proc proc rw\n21 10 0:5 /null /proc/kcore rw - devtmpfs udev rw\n"
            "22 10 0:61 / /proc/acpi ro - tmpfs tmpfs ro\n23 10 0:62 / /sys/firmware ro - tmpfs tmpfs ro\n"
        ),
        [],
        ["proc/kcore", "proc/meminfo", "sys/firmware/dmi/tables/DMI"],
    ),
    "a-later-mount-hides-it": (
        "20 10 0:60 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n21 10 0:4 /stat /proc/stat rw - proc proc rw\n",
        [],
        ["proc/stat"],
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_each_file_is_the_containers_or_the_machines(name: str) -> None:
    mountinfo, containers, machines = VIEWS[name]
    view = ContainerView("10 1 0:50 / / rw - overlay overlay rw\n" + mountinfo)
    assert [path for path in [*containers, *machines] if view.covers(path)] == containers


def _lxcfs(*paths: str) -> str:
    return "".join(f"20 10 0:60 /{path} /{path} rw - fuse.lxcfs lxcfs rw\n" for path in paths)


def _container(present: str = "0-31\n") -> dict[str, str | bytes]:
    """Return 2 sockets of 8 cores with 2 threads each, and lxcfs' files for a container on 4 of the 32 CPUs."""
    files: dict[str, str | bytes] = {f"{CPU}/present": present, f"{CPU}/online": "8-9,24-25\n"}
    for number in range(32):
        first = number % 16
        folder = f"{CPU}/cpu{number}/topology"
        files[f"{folder}/physical_package_id"] = f"{first // 8}\n"
        files[f"{folder}/core_id"] = f"{number % 8}\n"
        files[f"{folder}/thread_siblings_list"] = f"{first},{first + 16}\n"
        files[f"{folder}/core_siblings_list"] = "0-7,16-23\n" if first < 8 else "8-15,24-31\n"
    files["proc/cpuinfo"] = "".join(
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: X\nphysical id\t: 1\ncpu MHz\t\t: 2000\n\n"
        for number in range(4)
    )
    files["proc/meminfo"] = "MemTotal: 2097152 kB\nMemAvailable: 1000000 kB\n"
    files["proc/stat"] = "cpu 1 2 3 4 5 6 7 8 9 0\ncpu0 1 2 3 4 5 6 7 8 9 0\nprocs_running 1\n"
    files["proc/uptime"] = "12.00 3.00\n"
    files["proc/loadavg"] = "0.1 0.2 0.3 1/2 3\n"
    files |= {f"{NODE}/node{number}/meminfo": f"Node {number} MemTotal: 33554432 kB\n" for number in range(2)}
    files["proc/self/cgroup"] = "0::/\n"
    names = ("cpuinfo", "meminfo", "stat", "uptime", "loadavg")
    mounts = _lxcfs(*(f"proc/{name}" for name in names), f"{CPU}/online")
    files["proc/self/mountinfo"] = mounts + "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    return files


def test_a_container_with_lxcfs_reports_the_cpus_of_the_machine(tmp_path: Path) -> None:
    """lxcfs renumbers the CPUs of /proc/cpuinfo: https://github.com/lxc/lxcfs/issues/433."""
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, _container())}") as host:
        cpu = host.cpu()
    found = cpu.value
    assert (found.threads, found.cores, found.sockets, found.threads_per_core) == (32, 16, 2, 2)
    assert found.model_name == "X"
    assert {processor.model_name for processor in found.processors} == {None}
    assert found.current_frequency_hz is None
    assert {"current_frequency_hz", "processors.model_name"} <= {problem.path for problem in cpu.problems}


def test_a_container_with_lxcfs_is_not_the_whole_machine(tmp_path: Path) -> None:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, _container())}") as host:
        found = host.domain().value
        assert [node.total_bytes for node in host.numa().value.nodes] == [32 << 30] * 2
        assert host.memory().value.total_bytes == 64 << 30
    assert (found.online_cpus, found.is_whole_machine) == (4, False)


def test_with_equal_sizes_in_lxcfs_the_whole_is_not_known(tmp_path: Path) -> None:
    files = _container() | {f"{CPU}/online": "0-31\n", "proc/meminfo": "MemTotal: 67000000 kB\n"}
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        found = host.domain()
    assert found.value.is_whole_machine is None
    assert [problem.path for problem in found.problems] == ["is_whole_machine"]


def test_counters_of_a_container_are_not_the_hosts(tmp_path: Path) -> None:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, _container())}") as host:
        found = host.statistics()
    value = found.value
    assert (value.cpu, value.cpus, value.memory, value.uptime_seconds, value.load) == (None,) * 5
    reasons = {problem.path for problem in found.problems}
    assert {"cpu", "cpus", "memory", "uptime_seconds", "load", "processes"} <= reasons


def test_a_filtered_folder_of_cpus_leaves_cores_unknown(tmp_path: Path) -> None:
    """lxcfs 5 lists only the container's CPUs there; ``present`` is the machine's."""
    files = {name: text for name, text in _container().items() if "/topology/" not in name}
    for number in (8, 9, 24, 25):
        folder = f"{CPU}/cpu{number}/topology"
        files |= {f"{folder}/physical_package_id": "1\n", f"{folder}/core_id": f"{number % 8}\n"}
        files[f"{folder}/thread_siblings_list"] = f"{number % 16},{number % 16 + 16}\n"
    files["proc/self/mountinfo"] = _lxcfs("proc/cpuinfo", CPU)
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        cpu = host.cpu()
    assert (cpu.value.threads, cpu.value.cores, cpu.value.sockets) == (32, None, None)
    assert {"cores", "sockets"} <= {problem.path for problem in cpu.problems}
