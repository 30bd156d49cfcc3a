"""Sizes of NUMA nodes that do not add up, that are faked around a container, or that nothing confirms."""

from collections.abc import Mapping
from pathlib import Path

import pytest

import hostinfo
from hostinfo.cli import main
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa
from tests.support.trees import write_tree

GIB = 1 << 30
NODE = "sys/devices/system/node"
BLOCKS = "sys/devices/system/memory"
LXCFS = "100 90 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n"


def meminfo(kibibytes: int, node: int | None = None) -> str:
    prefix = "" if node is None else f"Node {node} "
    return f"{prefix}MemTotal: {kibibytes} kB\n{prefix}MemFree: {kibibytes // 2} kB\n"


def blocks(gibibytes: int) -> dict[str, str]:
    """Return memory blocks of 1 GiB; the last is offline."""
    files = {f"{BLOCKS}/memory{number}/state": "online\n" for number in range(gibibytes)}
    return {f"{BLOCKS}/block_size_bytes": "40000000\n", f"{BLOCKS}/memory{gibibytes}/state": "offline\n", **files}


def read(root: Path, files: Mapping[str, str]) -> tuple[Numa, Memory, dict[str, str]]:
    """Return both groups and the reasons by path."""
    with hostinfo.open(f"sysfs://{write_tree(root, files)}") as host:
        numa, memory = host.numa(), host.memory(fields=["total_bytes", "free_bytes"])
    problems = {f"numa.{problem.path}": str(problem.error) for problem in numa.problems}
    problems |= {f"memory.{problem.path}": str(problem.error) for problem in memory.problems}
    return numa.value, memory.value, problems


@pytest.mark.parametrize("online", ["0\n", "0-3\n"])
def test_a_kernel_without_numa_is_no_failure(online: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"proc/meminfo": meminfo(1_000_000), "sys/devices/system/cpu/online": online}
    numa, memory, problems = read(tmp_path, files)
    assert (numa.nodes, memory.total_bytes, problems) == ((), 1_000_000 * 1024, {})
    assert main(["-c", f"sysfs://{tmp_path}", "dump", "numa", "--json"]) == 0
    assert capsys.readouterr().err == ""


def test_a_missing_sys_is_the_reason_for_no_nodes(tmp_path: Path) -> None:
    numa, _, problems = read(tmp_path, {"proc/meminfo": meminfo(1_000_000), "sys/": ""})
    assert numa.nodes == ()
    assert problems["numa.nodes"] == "/sys: is not mounted"


@pytest.mark.parametrize("count", [1, 2])
def test_nodes_in_a_container_with_lxcfs_have_the_sizes_of_the_machine(count: int, tmp_path: Path) -> None:
    files = {f"{NODE}/node{number}/meminfo": meminfo(16_777_216, number) for number in range(count)}
    files |= {"proc/meminfo": meminfo(524_288), "proc/self/mountinfo": LXCFS}
    numa, memory, problems = read(tmp_path, files)
    assert [node.total_bytes for node in numa.nodes] == [16 * GIB] * count
    assert [node.free_bytes for node in numa.nodes] == [8 * GIB] * count
    assert memory.total_bytes == 16 * GIB * count
    assert problems == {}


def test_the_only_online_node_of_several_keeps_its_size(tmp_path: Path) -> None:
    """As hwloc's offline-cpu0-node0: sysfs and hwloc have 64 GiB in node 1."""
    files = {"proc/meminfo": meminfo(131_737_080), f"{NODE}/online": "1\n", f"{NODE}/possible": "0-1\n"}
    files |= {f"{NODE}/node{number}/meminfo": meminfo(67_108_864, number) for number in range(2)}
    numa, _, problems = read(tmp_path, files)
    assert [(node.number, node.total_bytes) for node in numa.nodes] == [(1, 64 * GIB)]
    assert problems["numa.nodes.total_bytes"].endswith(
        "MemTotal of the nodes adds up to 67108864 kB, MemTotal of /proc/meminfo to 131737080 kB"
    )


def test_the_only_possible_node_has_all_memory(tmp_path: Path) -> None:
    files = {"proc/meminfo": meminfo(24 << 20), f"{NODE}/online": "0\n", f"{NODE}/possible": "0\n"}
    numa, _, problems = read(tmp_path, {**files, f"{NODE}/node0/meminfo": meminfo(8 << 20, 0)})
    assert ([node.total_bytes for node in numa.nodes], problems) == ([24 * GIB], {})


def test_sizes_that_do_not_add_up_stay_with_the_reason(tmp_path: Path) -> None:
    files = {"proc/meminfo": meminfo(64 << 20)}
    files |= {f"{NODE}/node{number}/meminfo": meminfo(8 << 20, number) for number in range(4)}
    numa, _, problems = read(tmp_path, files)
    assert [node.total_bytes for node in numa.nodes] == [8 * GIB] * 4
    assert list(problems) == ["numa.nodes.total_bytes"]


def test_without_proc_the_memory_is_absent_unless_the_memory_blocks_confirm_it(tmp_path: Path) -> None:
    node = {f"{NODE}/node0/meminfo": meminfo(8 << 20, 0)}
    _, memory, problems = read(tmp_path / "unknown", node)
    assert memory.total_bytes is None
    assert "cannot be checked" in problems["memory.total_bytes"]
    _, memory, problems = read(tmp_path / "added", {**node, **blocks(24)})
    assert memory.total_bytes is None
    assert problems["memory.total_bytes"].endswith("8388608 kB, the online memory blocks to 25165824 kB")
    _, memory, problems = read(tmp_path / "confirmed", {**node, **blocks(8)})
    assert (memory.total_bytes, problems) == (8 * GIB, {})


def test_a_node_says_what_its_memory_is_for(tmp_path: Path) -> None:
    """As on a POWER9 with GPUs: their memory is movable only; and a node of CPUs alone."""
    files = {f"{NODE}/online": "0,8,255\n", f"{NODE}/has_memory": "0,255\n", f"{NODE}/has_normal_memory": "0\n"}
    files |= {f"{NODE}/node{number}/cpulist": cpus for number, cpus in ((0, "0-3\n"), (8, "4-7\n"), (255, "\n"))}
    numa, _, _ = read(tmp_path, files)
    found = [(node.has_memory, node.has_normal_memory, bool(node.cpus)) for node in numa.nodes]
    assert found == [(True, True, True), (False, False, True), (True, False, False)]


def test_a_kernel_without_lists_does_not_say_which_nodes_have_memory(tmp_path: Path) -> None:
    numa, _, _ = read(tmp_path, {f"{NODE}/node0/cpulist": "0\n"})
    assert (numa.nodes[0].has_memory, numa.nodes[0].has_normal_memory) == (None, None)
