"""Cores, sockets, caches, kinds and frequencies on machines whose IDs or limits mislead."""

import struct
from pathlib import Path

import pytest

import hostinfo
from hostinfo.fact import GroupResult
from hostinfo.model.cpu import Cpu
from tests.corpora.grouping import assert_groups_agree
from tests.support.smbios_bytes import CPU_TEXTS, END, entry_point, processor, structure
from tests.support.trees import write_tree

CPU = "sys/devices/system/cpu"
Files = dict[str, str | bytes]


def read_cpu(tmp_path: Path, files: Files) -> GroupResult[Cpu]:
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        result = host.cpu()
    assert_groups_agree(result.value)
    return result


def paths_of(result: GroupResult[Cpu]) -> set[str]:
    return {problem.path for problem in result.problems}


def x86_records(rows: list[tuple[int, int]], cpu_cores: int, siblings: int, extra: str = "") -> str:
    return "".join(
        f"processor\t: {number}\nphysical id\t: {package}\nsiblings\t: {siblings}\ncore id\t\t: {core}\n"
        f"cpu cores\t: {cpu_cores}\n{extra}\n"
        for number, (package, core) in enumerate(rows)
    )


def arm_records(parts: list[str], hardware: str = "") -> str:
    records = "".join(
        f"processor\t: {number}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\n"
        f"CPU revision\t: 3\n\n"
        for number, part in enumerate(parts)
    )
    return records + (f"Hardware\t: {hardware}\n" if hardware else "")


def topology(packages: list[int], cores: list[int] | None = None) -> Files:
    files: Files = {f"{CPU}/online": f"0-{len(packages) - 1}\n", f"{CPU}/present": f"0-{len(packages) - 1}\n"}
    for number, package in enumerate(packages):
        folder = f"{CPU}/cpu{number}/topology"
        together = [str(other) for other, theirs in enumerate(packages) if theirs == package]
        files[f"{folder}/physical_package_id"] = f"{package}\n"
        files[f"{folder}/core_id"] = f"{cores[number] if cores else number - int(together[0])}\n"
        files[f"{folder}/core_siblings_list"] = ",".join(together) + "\n"
        files[f"{folder}/thread_siblings_list"] = f"{number}\n"
    return files


def max_frequencies(kilohertz: list[int]) -> Files:
    return {f"{CPU}/cpu{number}/cpufreq/cpuinfo_max_freq": f"{value}\n" for number, value in enumerate(kilohertz)}


def test_core_ids_that_repeat_are_corrected_by_the_counts_of_cpuinfo(tmp_path: Path) -> None:
    two_dies = [(package, core) for package in (0, 1) for core in (0, 1, 0, 1)]  # Opteron 6100: two dies per package
    found = read_cpu(tmp_path, {"proc/cpuinfo": x86_records(two_dies, 4, 4)}).value
    assert (found.sockets, found.cores, found.threads_per_core) == (2, 8, 1)


def test_core_ids_that_contradict_the_counts_of_cpuinfo_are_absent_with_the_reason(tmp_path: Path) -> None:
    result = read_cpu(tmp_path, {"proc/cpuinfo": x86_records([(0, 0), (0, 1)] * 4, 4, 8)})
    assert (result.value.sockets, result.value.cores, result.value.threads_per_core) == (1, None, None)
    assert {"cores", "threads_per_core"} <= paths_of(result)


def test_packages_with_more_cpus_than_siblings_are_absent_with_the_reason(tmp_path: Path) -> None:
    result = read_cpu(tmp_path, {"proc/cpuinfo": x86_records([(0, 0)] * 4, 1, 1)})  # guests of old Xen
    assert result.value.sockets is None
    assert "sockets" in paths_of(result)


def test_fewer_core_ids_than_cores_are_right_where_cpus_are_offline(tmp_path: Path) -> None:
    found = read_cpu(tmp_path, {"proc/cpuinfo": x86_records([(0, 0), (0, 1)], 4, 4)}).value
    assert (found.sockets, found.cores) == (1, 2)


@pytest.mark.parametrize(
    "evidence",
    [
        max_frequencies([1_200_000, 1_200_000, 2_000_000, 2_000_000]),
        {"sys/firmware/devicetree/base/model": "board"},
        {"proc/device-tree/model": "board"},
    ],
)
def test_arm_clusters_of_one_core_type_are_one_socket(tmp_path: Path, evidence: Files) -> None:
    files = topology([0, 0, 1, 1]) | {"proc/cpuinfo": arm_records(["0xd03"] * 4)} | evidence
    found = read_cpu(tmp_path, files).value
    assert (found.sockets, found.cores) == (1, 4)
    assert [one.cluster_first_cpu for one in found.processors] == [0, 0, 2, 2]


@pytest.mark.parametrize("missing", [2, 3])
def test_clusters_are_one_socket_where_a_cpu_went_offline_during_the_copy(tmp_path: Path, missing: int) -> None:
    """As in pytorch/cpuinfo's copy of a Meizu Pro 6: sets of siblings are there, and a package number is not."""
    files = topology([0, 0, 1, 1]) | {"proc/cpuinfo": arm_records(["0xd03"] * 4, "MT6797T")}
    del files[f"{CPU}/cpu{missing}/topology/physical_package_id"]
    found = read_cpu(tmp_path, files).value
    assert (found.sockets, found.cores) == (1, 4)


def test_the_board_name_of_32_bit_arm_means_clusters(tmp_path: Path) -> None:
    files = topology([0] * 4 + [1] * 4) | {"proc/cpuinfo": arm_records(["0xc07"] * 8, "SAMSUNG EXYNOS (DT)")}
    assert read_cpu(tmp_path, files).value.sockets == 1


def test_two_arm_packages_with_smbios_are_two_sockets(tmp_path: Path) -> None:
    files = topology([36, 36, 3180, 3180]) | {"proc/cpuinfo": arm_records(["0xd08"] * 4)}
    files |= {"sys/firmware/devicetree/base/chosen/bootargs": "", "sys/class/dmi/id/sys_vendor": "Huawei\n"}
    found = read_cpu(tmp_path, files).value
    assert (found.sockets, [one.socket_first_cpu for one in found.processors]) == (2, [0, 0, 2, 2])


def test_one_populated_socket_of_smbios_means_clusters(tmp_path: Path) -> None:
    files = topology([0, 0, 1, 1]) | {"proc/cpuinfo": arm_records(["0x000"] * 4)}  # APM X-Gene with UEFI
    assert read_cpu(tmp_path, files | smbios(2400)).value.sockets == 1


RISCV = "".join(f"processor\t: {number}\nhart\t\t: {number}\nisa\t\t: rv64imafdc\n\n" for number in range(4))


@pytest.mark.parametrize("cpuinfo", [RISCV, arm_records(["0xd0c"] * 4)])
def test_numa_nodes_that_are_written_as_packages_are_no_sockets(tmp_path: Path, cpuinfo: str) -> None:
    files = topology([0, 0, 1, 1], cores=[0, 1, 2, 3]) | {"proc/cpuinfo": cpuinfo}
    for node, cpus in enumerate(("0-1", "2-3")):
        files[f"sys/devices/system/node/node{node}/cpulist"] = f"{cpus}\n"
    result = read_cpu(tmp_path, files)
    assert (result.value.sockets, result.value.cores) == (None, 4)
    assert "sockets" in paths_of(result)
    assert {one.socket_id for one in result.value.processors} == {None}


def test_numa_nodes_are_sockets_where_smbios_has_as_many(tmp_path: Path) -> None:
    files = topology([0, 0, 1, 1], cores=[0, 1, 2, 3]) | {"proc/cpuinfo": RISCV} | smbios(2000, sockets=2)
    for node, cpus in enumerate(("0-1", "2-3")):
        files[f"sys/devices/system/node/node{node}/cpulist"] = f"{cpus}\n"
    assert read_cpu(tmp_path, files).value.sockets == 2


def test_clusters_and_dies_with_ids_that_repeat_are_distinguished(tmp_path: Path) -> None:
    files = topology([0, 0, 1, 1], cores=[0, 0, 0, 0])
    for number in range(4):
        files[f"{CPU}/cpu{number}/topology/die_id"] = "0\n"
        files[f"{CPU}/cpu{number}/topology/cluster_id"] = f"{number % 2}\n"
    found = read_cpu(tmp_path, files).value
    assert [one.die_first_cpu for one in found.processors] == [0, 0, 2, 2]
    assert [one.cluster_first_cpu for one in found.processors] == [0, 1, 2, 3]


def test_two_speeds_of_one_core_are_two_kinds(tmp_path: Path) -> None:
    capacities = [1024, 1024, 740, 740, 300, 300, 300, 300]  # Kirin 980: 2 + 2 Cortex-A76, 4 Cortex-A55
    files = topology([0] * 8) | {"proc/cpuinfo": arm_records(["0xd0b"] * 4 + ["0xd05"] * 4)}
    for number, capacity in enumerate(capacities):
        files[f"{CPU}/cpu{number}/cpu_capacity"] = f"{capacity}\n"
    found = read_cpu(tmp_path, files).value
    assert sorted(kind.cpus for kind in found.kinds) == [(0, 1), (2, 3), (4, 5, 6, 7)]
    assert len({kind.name for kind in found.kinds}) == 3


def test_kinds_of_x86_follow_from_frequencies_that_are_far_apart(tmp_path: Path) -> None:
    speeds = [5_100_000, 5_090_000, 4_900_000, 3_300_000, 3_300_000]  # Zen 5 with favoured cores, and Zen 5c
    files = topology([0] * 5) | max_frequencies(speeds)
    assert [kind.cpus for kind in read_cpu(tmp_path, files).value.kinds] == [(0, 1, 2), (3, 4)]


def test_favoured_cores_are_no_kinds(tmp_path: Path) -> None:
    files = topology([0] * 4) | max_frequencies([4_800_000, 4_800_000, 4_600_000, 4_500_000])
    assert read_cpu(tmp_path, files).value.kinds == ()


def test_the_maximum_of_a_kind_is_not_below_its_current_frequency(tmp_path: Path) -> None:
    files = topology([0] * 4) | max_frequencies([3_000_000, 3_000_000, 2_000_000, 2_000_000])
    files["proc/cpuinfo"] = "".join(f"processor\t: {n}\ncpu MHz\t\t: 2900.000\n\n" for n in range(4))
    assert [kind.max_frequency_hz for kind in read_cpu(tmp_path, files).value.kinds] == [3_000_000_000, None]


def cache(size: str, sets: int, ways: int, line: int, **others: int) -> Files:
    values = {"level": 3, "type": "Unified", "size": size, "number_of_sets": sets, "shared_cpu_map": 3}
    values |= {"ways_of_associativity": ways, "coherency_line_size": line, **others}
    return {f"{CPU}/cpu{n}/cache/index3/{name}": f"{value}\n" for n in (0, 1) for name, value in values.items()}


@pytest.mark.parametrize(
    "files",
    [
        cache("16384K", 16384, 16, 64),
        cache("5118K", 1705, 48, 64),  # Opteron with a probe filter: the kernel rounds the number of sets down
        cache("32768K", 16384, 16, 64, physical_line_partition=2),
    ],
)
def test_caches_that_agree_with_themselves_are_reported_whole(tmp_path: Path, files: Files) -> None:
    result = read_cpu(tmp_path, topology([0, 0]) | files)
    (found,) = result.value.caches
    assert None not in (found.size_bytes, found.sets, found.ways, found.line_bytes)
    assert not [path for path in paths_of(result) if path.startswith("caches")]


def test_parts_of_a_cache_that_contradict_its_size_are_absent_with_the_reason(tmp_path: Path) -> None:
    result = read_cpu(tmp_path, topology([0, 0]) | cache("16384K", 1024, 16, 64))
    (found,) = result.value.caches
    assert (found.size_bytes, found.sets, found.ways, found.instances) == (16 << 20, None, None, 1)
    assert {"caches.sets", "caches.ways"} <= paths_of(result)


def boost(current: str, **others: str) -> Files:
    files: Files = {"proc/cpuinfo": x86_records([(0, 0), (0, 1)], 2, 2, f"cpu MHz\t\t: {current}\n")}
    for number in (0, 1):
        folder = f"{CPU}/cpufreq/policy{number}"
        files[f"{folder}/cpuinfo_max_freq"] = "2300000\n"
        files |= {f"{folder}/{name}": f"{value}\n" for name, value in others.items()}
    return files


def smbios(megahertz: int, sockets: int = 1) -> Files:
    """Return the files of a table of processors whose maximum frequency is the given one."""
    body = processor().replace(struct.pack("<H", 3500), struct.pack("<H", megahertz), 1)
    table = b"".join(structure(4, 0x400 + number, body, *CPU_TEXTS) for number in range(sockets)) + END
    folder = "sys/firmware/dmi/tables"
    return {f"{folder}/DMI": table, f"{folder}/smbios_entry_point": entry_point(table, (3, 0), None)}


def test_a_maximum_without_boost_is_that_of_smbios(tmp_path: Path) -> None:
    files = boost("2894.214", scaling_driver="acpi-cpufreq") | {f"{CPU}/cpufreq/boost": "1\n"}
    assert read_cpu(tmp_path, files | smbios(3200)).value.max_frequency_hz == 3_200_000_000


@pytest.mark.parametrize("current", ["1200.000", "2894.214"])
def test_a_maximum_without_boost_is_absent_with_the_reason_where_smbios_has_no_higher_one(
    tmp_path: Path, current: str
) -> None:
    files = boost(current, scaling_driver="acpi-cpufreq") | {f"{CPU}/cpufreq/boost": "1\n"}
    result = read_cpu(tmp_path, files | smbios(2300))
    assert result.value.max_frequency_hz is None
    assert "max_frequency_hz" in paths_of(result)


def test_a_maximum_below_the_current_frequency_is_never_reported(tmp_path: Path) -> None:
    assert read_cpu(tmp_path, boost("2894.214", scaling_driver="pcc-cpufreq")).value.max_frequency_hz is None


@pytest.mark.parametrize(
    "others",
    [
        {"scaling_driver": "acpi-cpufreq", "boost": "0"},
        {"scaling_driver": "acpi-cpufreq", "boost": "1", "scaling_available_frequencies": "1500000 1200000"},
        {"scaling_driver": "amd-pstate-epp", "boost": "1"},
    ],
)
def test_a_maximum_that_includes_boost_is_reported(tmp_path: Path, others: dict[str, str]) -> None:
    found = read_cpu(tmp_path, boost("2310.500", **others)).value  # a measured frequency may be a little higher
    assert found.max_frequency_hz == 2_300_000_000


def test_memory_side_caches_are_reported_with_their_node(tmp_path: Path) -> None:
    node = "sys/devices/system/node/node0"
    files = {"proc/meminfo": "MemTotal: 1024 kB\n", f"{node}/meminfo": "Node 0 MemTotal: 1024 kB\n"}
    files[f"{node}/memory_side_cache/index1/size"] = "68719476736\n"
    with hostinfo.open(f"sysfs://{write_tree(tmp_path, files)}") as host:
        (found,) = host.numa().value.nodes
    assert found.memory_side_cache_bytes == 64 << 30
