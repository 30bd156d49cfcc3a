"""NUMA nodes of this machine, against lscpu; and of unusual trees."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import numa
from hostinfo.model.numa import Numa
from tests.support.trees import write_tree

NODE = "sys/devices/system/node"


def numa_of(root: Path, files: Mapping[str, str]) -> Numa:
    write_tree(root, {"proc/version": "Linux\n", **files})
    with hostinfo.open(f"sysfs://{root}") as host:
        value: Numa = host.numa().value
    return value


def test_nodes_on_this_machine_have_the_cpus_of_lscpu() -> None:
    try:
        printed = subprocess.run(["lscpu", "-p=CPU,NODE"], check=True, capture_output=True, text=True).stdout
    except OSError:
        pytest.skip("lscpu is not installed")
    pairs = [line.split(",") for line in printed.split("\n") if line and line[0] != "#"]
    nodes = numa.read(Sources(tree=Tree("/")), None).value.nodes
    found = {str(cpu): str(node.number) for node in nodes for cpu in node.cpus}
    assert found == {cpu: node for cpu, node in pairs if node}


def test_node_numbers_may_have_gaps_and_a_node_may_have_memory_only(tmp_path: Path) -> None:
    files = {f"{NODE}/online": "0,8,252\n"}
    for number, cpus in ((0, "0-3"), (8, "4-7"), (252, "")):
        files[f"{NODE}/node{number}/cpulist"] = f"{cpus}\n"
        files[f"{NODE}/node{number}/meminfo"] = (
            f"Node {number} MemTotal:   1048576 kB\nNode {number} MemFree:      524288 kB\n"
        )
        files[f"{NODE}/node{number}/distance"] = "10 40 80\n"
    nodes = numa_of(tmp_path, files).nodes
    assert [(node.number, node.cpus) for node in nodes] == [(0, (0, 1, 2, 3)), (8, (4, 5, 6, 7)), (252, ())]
    assert all(node.total_bytes == 1 << 30 and node.free_bytes == 1 << 29 for node in nodes)
    assert nodes[0].distances == (10, 40, 80)


def test_an_offline_node_is_left_out(tmp_path: Path) -> None:
    files = {f"{NODE}/online": "1\n", f"{NODE}/node0/cpulist": "\n", f"{NODE}/node1/cpulist": "1,3\n"}
    assert [node.number for node in numa_of(tmp_path, files).nodes] == [1]


def test_cpu_masks_are_read_from_kernels_without_lists(tmp_path: Path) -> None:
    assert numa_of(tmp_path, {f"{NODE}/node0/cpumap": "00000001,80000003\n"}).nodes[0].cpus == (0, 1, 31, 32)


def test_a_kernel_without_numa_has_no_nodes(tmp_path: Path) -> None:
    assert numa_of(tmp_path, {}).nodes == ()


def test_each_node_has_its_own_huge_pages(tmp_path: Path) -> None:
    pool = f"{NODE}/node0/hugepages/hugepages-2048kB"
    files = {f"{NODE}/node0/cpulist": "0\n", f"{pool}/nr_hugepages": "6\n", f"{pool}/free_hugepages": "5\n"}
    (fields,) = numa_of(tmp_path, files).nodes[0].huge_pages
    assert (fields.size_bytes, fields.total, fields.free, fields.reserved) == (2 << 20, 6, 5, None)


def test_a_hostile_cpu_list_is_a_problem_and_is_rejected_quickly(tmp_path: Path) -> None:
    path = tmp_path / NODE / "node0" / "cpulist"
    path.parent.mkdir(parents=True)
    path.write_text("0-4294967295\n")
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        result = host.numa()
    assert result.value.nodes[0].cpus == ()
    assert [problem.error.kind for problem in result.problems] == ["ParseError"]
