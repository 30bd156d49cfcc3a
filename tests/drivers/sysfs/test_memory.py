"""Memory against the kernel's own files as psutil and getconf read them; what containers and odd trees give."""

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

NODE = "sys/devices/system/node"
LXCFS = (
    "1 0 0:50 / / rw - ext4 /dev/sda rw\n"
    "2 1 0:59 /proc/meminfo /proc/meminfo rw,nosuid - fuse.lxcfs lxcfs rw,user_id=0,group_id=0\n"
)


def memory_of(root: Path, files: Mapping[str, str]) -> GroupResult[Memory]:
    (root / "proc").mkdir(exist_ok=True)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.memory()


def test_the_amounts_here_are_those_of_psutil() -> None:
    mine = memory.read(Sources(tree=Tree("/")), None).value
    assert mine.total_bytes == psutil.virtual_memory().total
    assert mine.available_bytes == pytest.approx(psutil.virtual_memory().available, rel=0.2)
    assert mine.swap is not None
    assert mine.swap.total_bytes == psutil.swap_memory().total


def test_the_page_size_here_is_the_one_that_the_c_library_knows() -> None:
    assert memory.read(Sources(tree=Tree("/")), None).value.page_bytes == os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("order", "width"), [("little", 8), ("big", 8), ("little", 4), ("big", 4)])
def test_the_page_size_of_another_architecture_is_understood(order: str, width: int) -> None:
    assert order in ("little", "big")
    words = [33, 0x7FFF0000, 16, 0x178BFBFF, 6, 65536, 17, 100, 0, 0]
    auxv = b"".join(word.to_bytes(width, "little" if order == "little" else "big") for word in words)
    assert memory.parse_page_size(auxv) == 65536


def test_the_pools_of_huge_pages_are_told_by_size(tmp_path: Path) -> None:
    pools = "sys/kernel/mm/hugepages"
    files = {"proc/meminfo": "MemTotal: 4 kB\n"}
    for size, total, free in (("1048576kB", 2, 1), ("2048kB", 512, 500)):
        files[f"{pools}/hugepages-{size}/nr_hugepages"] = f"{total}\n"
        files[f"{pools}/hugepages-{size}/free_hugepages"] = f"{free}\n"
        files[f"{pools}/hugepages-{size}/resv_hugepages"] = "3\n"
    told = memory_of(tmp_path, files).value.huge_pages
    assert [(pool.size_bytes, pool.total, pool.free, pool.reserved) for pool in told] == [
        (2 << 20, 512, 500, 3),
        (1 << 30, 2, 1, 3),
    ]


def test_lxcfs_does_not_pass_a_containers_share_for_the_machine(tmp_path: Path) -> None:
    files = {"proc/meminfo": "MemTotal: 1024 kB\nMemFree: 512 kB\n", "proc/self/mountinfo": LXCFS}
    for number in (0, 1):
        files[f"{NODE}/node{number}/meminfo"] = f"Node {number} MemTotal: 4194304 kB\nNode {number} MemFree: 1024 kB\n"
    fact = memory_of(tmp_path, files)
    assert fact.value.total_bytes == 8 << 30
    assert fact.value.free_bytes == 2 << 20
    assert fact.sources["total_bytes"] == f"/{NODE}/node*/meminfo"


def test_meminfo_without_a_total_is_a_problem(tmp_path: Path) -> None:
    fact = memory_of(tmp_path, {"proc/meminfo": "MemTotal: lots\n"})
    assert fact.value.total_bytes is None
    assert [str(problem.error) for problem in fact.problems] == ["/proc/meminfo: no MemTotal line in kB"]


def test_only_what_is_wanted_is_read() -> None:
    class Listener(Tree):
        asked: tuple[str, ...] = ()

        def data(self, path: str, limit: int = 1 << 25) -> bytes:
            self.asked += (path,)
            return super().data(path, limit)

    tree = Listener("/")
    assert memory.read(Sources(tree=tree), frozenset({"total_bytes"})).value.huge_pages == ()
    assert set(tree.asked) == {"proc/meminfo", "proc/self/mountinfo"}
