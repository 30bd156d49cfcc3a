"""CPUs of the machine that runs the tests, against lscpu and psutil; and of unusual trees."""

import json
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import cpu
from hostinfo.model.cpu import Cpu
from hostinfo.record import record_fields
from tests.support.trees import write_tree

needs_lscpu = pytest.mark.skipif(shutil.which("lscpu") is None, reason="lscpu is not installed")
CPU = "sys/devices/system/cpu"


def cpu_of(root: Path) -> Cpu:
    with hostinfo.open(f"sysfs://{root}") as host:
        value: Cpu = host.cpu().value
    return value


def lscpu(*options: str) -> str:
    return subprocess.run(["lscpu", *options], check=True, capture_output=True, text=True, env={"LC_ALL": "C"}).stdout


def read_here() -> Cpu:
    value: Cpu = cpu.read(Sources(tree=Tree("/")), None).value
    return value


@needs_lscpu
def test_the_summary_is_that_of_lscpu() -> None:
    summary = {row["field"].rstrip(":"): row["data"] for row in _flat(json.loads(lscpu("-J"))["lscpu"])}
    found = read_here()
    assert str(found.threads) == str(len(_list(summary["On-line CPU(s) list"])))
    assert len(found.processors) == int(summary["CPU(s)"])
    assert found.model_name == summary.get("Model name", found.model_name)
    assert found.vendor_id == summary.get("Vendor ID", found.vendor_id)
    assert " ".join(found.flags) == summary.get("Flags", "")
    assert str(found.family) == summary.get("CPU family", str(found.family))
    assert str(found.threads_per_core) == summary["Thread(s) per core"]
    if "Address sizes" in summary:
        sizes = f"{found.address_bits_physical} bits physical, {found.address_bits_virtual} bits virtual"
        assert sizes == summary["Address sizes"]


@needs_lscpu
def test_every_processor_has_the_location_of_lscpu() -> None:
    rows = [line.split(",") for line in lscpu("-p=CPU,CORE,SOCKET,NODE").split("\n") if line and line[0] != "#"]
    found = read_here()
    online = [processor for processor in found.processors if processor.is_online]
    assert [processor.number for processor in online] == [int(row[0]) for row in rows]
    assert found.cores == len({row[1] for row in rows})
    assert found.sockets == len({row[2] for row in rows})
    assert ["" if processor.numa_node is None else str(processor.numa_node) for processor in online] == [
        row[3] for row in rows
    ]


@needs_lscpu
def test_the_caches_are_those_of_lscpu() -> None:
    published = json.loads(lscpu("-C", "-B", "-J"))["caches"]
    suffixes = {"Data": "d", "Instruction": "i", "Unified": ""}
    found = {f"L{cache.level}{suffixes[cache.type]}": cache for cache in read_here().caches}
    assert sorted(found) == sorted(theirs["name"] for theirs in published)
    for theirs in published:
        cache = found[theirs["name"]]
        assert cache.instances is not None
        assert cache.size_bytes is not None
        assert cache.size_bytes == int(theirs["one-size"])
        assert cache.size_bytes * cache.instances == int(theirs["all-size"])
        assert (cache.ways, cache.sets) == (int(theirs["ways"] or 0) or None, int(theirs["sets"] or 0) or None)
        assert cache.line_bytes == int(theirs["coherency-size"])


def test_the_counts_are_those_of_psutil() -> None:
    found = read_here()
    assert found.threads == psutil.cpu_count(logical=True)
    assert found.cores == psutil.cpu_count(logical=False)


def test_every_value_has_a_source() -> None:
    result = cpu.read(Sources(tree=Tree("/")), None)
    for field in record_fields(Cpu):
        if getattr(result.value, field) not in (None, (), {}):
            assert result.sources[field].startswith("/"), field


class LoggingTree(Tree):
    """Logs which files are read."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.paths: list[str] = []

    def data(self, path: str, limit: int = 1 << 25) -> bytes:
        self.paths.append(path)
        return super().data(path, limit)

    def names(self, path: str) -> list[str]:
        self.paths.append(path)
        return super().names(path)


def test_the_model_name_costs_one_file() -> None:
    tree = LoggingTree("/")
    result = cpu.read(Sources(tree=tree), frozenset({"model_name"}))
    assert tree.paths == ["proc/cpuinfo"]
    assert result.value.processors == ()
    assert list(result.sources) in (["model_name"], [])


def test_the_number_of_threads_costs_three_files() -> None:
    tree = LoggingTree("/")
    result = cpu.read(Sources(tree=tree), frozenset({"threads"}))
    assert sorted(tree.paths) == ["proc/self/mountinfo", f"{CPU}/online", f"{CPU}/present"]
    assert result.value.threads == psutil.cpu_count()


def test_processors_with_equal_flags_share_one_tuple() -> None:
    found = read_here()
    assert all(processor.flags is found.processors[0].flags for processor in found.processors if processor.is_online)


def test_a_tree_with_neither_source_is_unsupported(tmp_path: Path) -> None:
    write_tree(tmp_path, {"proc/meminfo": "MemTotal: 1 kB\n"})
    with hostinfo.open(f"sysfs://{tmp_path}") as host, pytest.raises(hostinfo.Unsupported, match="neither exists"):
        host.cpu()


def test_cpuinfo_alone_is_enough_on_x86(tmp_path: Path) -> None:
    records = "".join(
        f"processor\t: {n}\nvendor_id\t: GenuineIntel\nphysical id\t: {n // 4}\ncore id\t\t: {n % 4 // 2}\n"
        "cache size\t: 4096 KB\ncpu MHz\t\t: 2000.000\nflags\t\t: fpu sse\n\n"
        for n in range(8)
    )
    found = cpu_of(write_tree(tmp_path, {"proc/cpuinfo": records}))
    assert (found.sockets, found.cores, found.threads, found.threads_per_core) == (2, 4, 8, 2)
    assert found.processors[7].cores_in_socket == 2
    assert found.processors[7].cache_bytes == 4096 * 1024
    assert found.current_frequency_hz == 2_000_000_000


def test_cpu_0_may_be_offline_and_numbers_may_have_holes(tmp_path: Path) -> None:
    files = {f"{CPU}/online": "2-3,88-89\n", f"{CPU}/present": "0-3,88-91\n", f"{CPU}/possible": "0-127\n"}
    for number in (2, 3, 88, 89):
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = f"{int(number > 80)}\n"
        files[f"{CPU}/cpu{number}/topology/core_id"] = "8\n"
        files[f"{CPU}/cpu{number}/topology/thread_siblings_list"] = "2-3\n" if number < 80 else "88-89\n"
    found = cpu_of(write_tree(tmp_path, files))
    assert (found.sockets, found.cores, found.threads) == (2, 2, 4)
    assert [processor.number for processor in found.processors] == [0, 1, 2, 3, 88, 89, 90, 91]
    assert [processor.number for processor in found.processors if not processor.is_online] == [0, 1, 90, 91]
    assert found.processors[0].socket_id is None


def test_cores_of_a_hybrid_processor_are_counted_not_multiplied(tmp_path: Path) -> None:
    files = {f"{CPU}/online": "0-5\n", "sys/devices/cpu_core/cpus": "0-3\n", "sys/devices/cpu_atom/cpus": "4-5\n"}
    for number in range(6):
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = "0\n"
        files[f"{CPU}/cpu{number}/topology/core_id"] = f"{number // 2 * 4 if number < 4 else number + 10}\n"
    found = cpu_of(write_tree(tmp_path, files))
    assert (found.cores, found.threads, found.threads_per_core) == (4, 6, 2)
    assert {kind.name: kind.cpus for kind in found.kinds} == {"core": (0, 1, 2, 3), "atom": (4, 5)}
    assert [processor.kind for processor in found.processors] == ["core"] * 4 + ["atom"] * 2


def test_cores_of_two_dies_with_the_same_ids_are_counted_separately(tmp_path: Path) -> None:
    files = {f"{CPU}/online": "0-3\n"}
    for number in range(4):  # AMD Magny-Cours on kernels before 4.6
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = "0\n"
        files[f"{CPU}/cpu{number}/topology/core_id"] = f"{number % 2}\n"
        files[f"{CPU}/cpu{number}/topology/thread_siblings"] = f"{1 << number:x}\n"
    assert cpu_of(write_tree(tmp_path, files)).cores == 4


def test_a_package_id_of_minus_one_is_absent_with_the_reason(tmp_path: Path) -> None:
    files = {f"{CPU}/online": "0-7\n"}
    for number in range(8):
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = "-1\n"
        files[f"{CPU}/cpu{number}/topology/core_id"] = f"{number // 4 * 4}\n"
        for name in ("core_siblings", "thread_siblings"):
            files[f"{CPU}/cpu{number}/topology/{name}"] = "0f\n" if number < 4 else "f0\n"
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        result = host.cpu(fields=["sockets", "cores", "processors"])
    assert (result.value.sockets, result.value.cores) == (None, 2)
    assert all(processor.socket_id is None for processor in result.value.processors)
    assert [problem.path for problem in result.problems] == ["sockets"]


def test_arm_clusters_of_different_cores_are_one_package(tmp_path: Path) -> None:
    part = {0: "0xd03", 1: "0xd08"}
    records = "".join(
        f"processor\t: {n}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: {part[n // 4]}\n\n"
        for n in range(6)
    )
    files = {"proc/cpuinfo": records, f"{CPU}/online": "0-5\n"}
    for number in range(6):
        files[f"{CPU}/cpu{number}/topology/physical_package_id"] = f"{number // 4}\n"
        files[f"{CPU}/cpu{number}/topology/core_id"] = f"{number % 4}\n"
    found = cpu_of(write_tree(tmp_path, files))
    assert (found.sockets, found.cores) == (1, 6)
    assert {kind.name: kind.cpus for kind in found.kinds} == {"Cortex-A53": (0, 1, 2, 3), "Cortex-A72": (4, 5)}


def test_impossible_numbers_of_processors_are_rejected_quickly(tmp_path: Path) -> None:
    for name, text in (("online", "0-4294967295\n"), ("present", "0-99999\n")):
        root = write_tree(tmp_path / name, {f"{CPU}/online": "0-3\n", f"{CPU}/{name}": text})
        with hostinfo.open(f"sysfs://{root}") as host:
            result = host.cpu()
        assert result.value.processors == ()
        assert any("more than 65536 CPUs" in str(problem.error) for problem in result.problems)


def test_an_unreadable_file_is_a_problem_of_its_fields_only(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "processor : 0\nmodel name : X\n", f"{CPU}/online": "0\n"}
    tree = Tree(str(write_tree(tmp_path, files)), errors={"proc/cpuinfo": 13})
    result = cpu.read(Sources(tree=tree), None)
    assert result.value.threads == 1
    assert [(problem.path, problem.error.kind) for problem in result.problems] == [("vendor_id", "ReadError")]


def _flat(fields: "list[dict[str, object]]") -> "list[dict[str, str]]":
    found = []
    for row in fields:
        found.append({"field": str(row["field"]), "data": str(row["data"])})
        children = row.get("children", [])
        assert isinstance(children, list)
        found += _flat(children)
    return found


def _list(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
