"""Memory of this machine, against psutil and sysconf; of containers and unusual trees."""

import os
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import memory
from hostinfo.fact import GroupResult
from hostinfo.model.memory import Memory
from tests.support.trees import write_tree

NODE = "sys/devices/system/node"
LXCFS = (
    "1 0 0:50 / / rw - ext4 /dev/sda rw\n"
    "2 1 0:59 /proc/meminfo /proc/meminfo rw,nosuid - fuse.lxcfs lxcfs rw,user_id=0,group_id=0\n"
)


def memory_of(root: Path, files: Mapping[str, str]) -> GroupResult[Memory]:
    write_tree(root, {"proc/": "", **files})
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.memory()


def test_amounts_on_this_machine_are_those_of_psutil() -> None:
    found = memory.read(Sources(tree=Tree("/")), None).value
    assert found.total_bytes == psutil.virtual_memory().total
    assert found.available_bytes == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    assert found.swap is not None
    assert found.swap.total_bytes == psutil.swap_memory().total


def test_the_page_size_on_this_machine_is_that_of_sysconf() -> None:
    assert memory.read(Sources(tree=Tree("/")), None).value.page_bytes == os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("order", "width"), [("little", 8), ("big", 8), ("little", 4), ("big", 4)])
def test_the_page_size_of_other_architectures_is_parsed(order: str, width: int) -> None:
    assert order in ("little", "big")
    words = [33, 0x7FFF0000, 16, 0x178BFBFF, 6, 65536, 17, 100, 0, 0]
    auxv = b"".join(word.to_bytes(width, "little" if order == "little" else "big") for word in words)
    assert memory.parse_page_size(auxv) == 65536


def test_huge_page_pools_are_sorted_by_size(tmp_path: Path) -> None:
    pools = "sys/kernel/mm/hugepages"
    files = {"proc/meminfo": "MemTotal: 4 kB\n"}
    for size, total, free in (("1048576kB", 2, 1), ("2048kB", 512, 500)):
        files[f"{pools}/hugepages-{size}/nr_hugepages"] = f"{total}\n"
        files[f"{pools}/hugepages-{size}/free_hugepages"] = f"{free}\n"
        files[f"{pools}/hugepages-{size}/resv_hugepages"] = "3\n"
    found = memory_of(tmp_path, files).value.huge_pages
    assert [(pool.size_bytes, pool.total, pool.free, pool.reserved) for pool in found] == [
        (2 << 20, 512, 500, 3),
        (1 << 30, 2, 1, 3),
    ]


def test_with_lxcfs_the_memory_of_the_nodes_is_reported_not_the_containers_limit(tmp_path: Path) -> None:
    files = {"proc/meminfo": "MemTotal: 1024 kB\nMemFree: 512 kB\n", "proc/self/mountinfo": LXCFS}
    for number in (0, 1):
        files[f"{NODE}/node{number}/meminfo"] = f"Node {number} MemTotal: 4194304 kB\nNode {number} MemFree: 1024 kB\n"
    result = memory_of(tmp_path, files)
    assert result.value.total_bytes == 8 << 30
    assert result.value.free_bytes == 2 << 20
    assert result.sources["total_bytes"] == f"/{NODE}/node*/meminfo"


def test_meminfo_without_a_total_is_a_problem(tmp_path: Path) -> None:
    result = memory_of(tmp_path, {"proc/meminfo": "MemTotal: lots\n"})
    assert result.value.total_bytes is None
    reasons = [str(problem.error) for problem in result.problems if problem.path == "total_bytes"]
    assert reasons == ["/proc/meminfo: no MemTotal line in kB"]


def test_only_files_of_requested_fields_are_read() -> None:
    class LoggingTree(Tree):
        paths: tuple[str, ...] = ()

        def data(self, path: str, limit: int = 1 << 25) -> bytes:
            self.paths += (path,)
            return super().data(path, limit)

    tree = LoggingTree("/")
    assert memory.read(Sources(tree=tree), frozenset({"total_bytes"})).value.huge_pages == ()
    assert set(tree.paths) == {"proc/meminfo", "proc/self/mountinfo"}
