"""A tree of /proc and /sys like that of a server with many processors and NUMA nodes.

The layout is that of Linux 6 on x86: each CPU with topology, four caches and cpufreq, each node with its memory, its
CPUs and its distances, /proc/cpuinfo with a processor's 28 lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

THREADS = 2
LAST_LEVEL = 3
CACHES = (("Data", 1, 48, 12), ("Instruction", 1, 32, 8), ("Unified", 2, 2048, 16), ("Unified", 3, 32768, 16))
FLAGS = " ".join(f"flag{number}" for number in range(140))
NODE_KIB = 16 * 1024 * 1024


def make(root: Path, cpus: int = 256, nodes: int = 64, packages: int = 4) -> None:
    """Write the tree; siblings are n and n + cpus / 2, as on x86."""
    cores = cpus // THREADS
    base = root / "sys/devices/system"
    for name in ("possible", "present", "online"):
        write(base / "cpu" / name, f"0-{cpus - 1}")
        write(base / "node" / name, f"0-{nodes - 1}")
    for cpu in range(cpus):
        core = cpu % cores
        make_cpu(base / f"cpu/cpu{cpu}", core, core * packages // cores, cores, packages)
    for node in range(nodes):
        make_node(base / f"node/node{node}", node, nodes, cores)
    total = nodes * NODE_KIB
    write(root / "proc/meminfo", f"MemTotal: {total} kB\nMemFree: {total // 2} kB\nMemAvailable: {total // 2} kB")
    write(root / "proc/cpuinfo", "\n".join(cpuinfo(cpu, cores, packages) for cpu in range(cpus)))
    write(root / "proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\nctxt 1\nbtime 1700000000\nprocesses 1")
    for name, text in (("osrelease", "6.1.0"), ("ostype", "Linux"), ("arch", "x86_64"), ("hostname", "big")):
        write(root / "proc/sys/kernel" / name, text)


def make_cpu(folder: Path, core: int, package: int, cores: int, packages: int) -> None:
    a_package = cores // packages
    first = package * a_package
    siblings = [core, core + cores]
    neighbours = [*range(first, first + a_package), *range(first + cores, first + cores + a_package)]
    write(folder / "online", "1")
    for name, number in (
        ("core_id", core - first),
        ("physical_package_id", package),
        ("die_id", 0),
        ("cluster_id", core),
    ):
        write(folder / "topology" / name, str(number))
    for name in ("core_cpus", "thread_siblings", "cluster_cpus"):
        write_set(folder / "topology" / name, f"{name}_list", siblings, cores * THREADS)
    for name in ("package_cpus", "core_siblings", "die_cpus"):
        write_set(folder / "topology" / name, f"{name}_list", neighbours, cores * THREADS)
    for index, (kind, level, kib, ways) in enumerate(CACHES):
        cache = {"type": kind, "level": level, "size": f"{kib}K", "ways_of_associativity": ways,
                 "coherency_line_size": 64, "number_of_sets": kib * 16 // ways,
                 "id": package if level == LAST_LEVEL else core}  # fmt: skip
        for name, value in cache.items():
            write(folder / f"cache/index{index}" / name, str(value))
        shared = neighbours if level == LAST_LEVEL else siblings
        write_set(folder / f"cache/index{index}/shared_cpu_map", "shared_cpu_list", shared, cores * THREADS)
    number = folder.name.removeprefix("cpu")
    for name, kilohertz in (("cpuinfo_max_freq", 3500000), ("cpuinfo_min_freq", 800000), ("scaling_cur_freq", 2400000)):
        write(folder.parent / f"cpufreq/policy{number}" / name, str(kilohertz))
    write(folder.parent / f"cpufreq/policy{number}/affected_cpus", number)
    (folder / "cpufreq").symlink_to(f"../cpufreq/policy{number}")


def write_set(path: Path, list_name: str, cpus: Sequence[int], size: int) -> None:
    """Write a set of CPUs like the kernel: a mask in groups of 32 bits, and a list in a second file."""
    mask = sum(1 << cpu for cpu in cpus)
    groups = [f"{mask >> shift & 0xFFFFFFFF:08x}" for shift in range(0, size, 32)]
    write(path, ",".join(reversed(groups)))
    write(path.parent / list_name, ",".join(str(cpu) for cpu in cpus))


def make_node(folder: Path, node: int, nodes: int, cores: int) -> None:
    size = cores // nodes
    cpus = range(node * size, (node + 1) * size)
    write_set(folder / "cpumap", "cpulist", [*cpus, *(cpu + cores for cpu in cpus)], cores * THREADS)
    write(folder / "distance", " ".join("10" if other == node else "20" for other in range(nodes)))
    write(folder / "meminfo", f"Node {node} MemTotal: {NODE_KIB} kB\nNode {node} MemFree: {NODE_KIB // 2} kB")
    for size_kib, pages in ((2048, 16), (1048576, 0)):
        pool = folder / f"hugepages/hugepages-{size_kib}kB"
        write(pool / "nr_hugepages", str(pages))
        write(pool / "free_hugepages", str(pages))
        write(pool / "surplus_hugepages", "0")


def cpuinfo(cpu: int, cores: int, packages: int) -> str:
    core, a_package = cpu % cores, cores // packages
    values = {
        "processor": cpu, "vendor_id": "GenuineIntel", "cpu family": 6, "model": 143,
        "model name": "Intel(R) Xeon(R) Platinum 8462Y+", "stepping": 8, "microcode": "0x2b000461",
        "cpu MHz": "2400.000",
        "cache size": "61440 KB", "physical id": core // a_package, "siblings": a_package * THREADS,
        "core id": core % a_package, "cpu cores": a_package, "apicid": cpu, "initial apicid": cpu, "fpu": "yes",
        "fpu_exception": "yes", "cpuid level": 31, "wp": "yes", "flags": FLAGS, "bugs": "spectre_v1 spectre_v2",
        "bogomips": "5600.00", "clflush size": 64, "cache_alignment": 64,
        "address sizes": "52 bits physical, 57 bits virtual", "power management": "",
    }  # fmt: skip
    return "".join(f"{name}\t: {value}\n" for name, value in values.items())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
