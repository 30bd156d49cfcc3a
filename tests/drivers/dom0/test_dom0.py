"""Facts about the machine in a Dom0 that may not call Xen: never the Dom0's own share."""

import errno
import struct
from pathlib import Path
from typing import Any

import pytest

import hostinfo
from hostinfo.drivers.dom0.firmware import build_driver
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ReadError, Unsupported
from hostinfo.facade import HostInfo
from hostinfo.fact import GroupResult
from hostinfo.testing import check_driver
from tests.support.smbios_bytes import CPU_TEXTS, DIMM_TEXTS, END, GIB, entry_point, memory_device, processor, structure
from tests.support.trees import write_tree

CPUINFO = """\
processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 26
model name	: ACME Hypothetical CPU X9 @ 2.50GHz
stepping	: 5
cpu MHz		: 2596.498
cache size	: 16384 KB
physical id	: 0
siblings	: 1
core id		: 0
cpu cores	: 1
cpuid level	: 11
flags		: fpu de tsc msr pae hypervisor lahf_lm
"""
"""/proc/cpuinfo of a Dom0 with one vCPU (dom0_max_vcpus=1), as Linux 6.1 on Xen 4.17 prints it."""


def write_machine(
    root: Path,
    sockets: int = 2,
    xen_cpus: int = 8,
    offline: tuple[int, ...] = (),
    cpus: tuple[bytes, ...] | None = None,
) -> Path:
    """Write a Dom0's files of a machine: sockets with 2 cores and 4 threads each, 2 modules of 8 GiB."""
    bodies = cpus if cpus is not None else (processor(2, 4),) * sockets
    table = b"".join(structure(4, 0x400 + number, body, *CPU_TEXTS) for number, body in enumerate(bodies))
    table += structure(16, 0x1000, struct.pack("<BBBIHHQ", 3, 3, 6, 32 * GIB // 1024, 0xFFFE, 4, 0))
    table += structure(17, 0x1100, memory_device(8192), *DIMM_TEXTS) + structure(
        17, 0x1101, memory_device(), *DIMM_TEXTS
    )
    table += structure(17, 0x1102, memory_device(0), *DIMM_TEXTS) + END
    files: dict[str, str | bytes] = {
        "proc/cpuinfo": CPUINFO,
        "proc/meminfo": "MemTotal:         399024 kB\nMemFree:          240000 kB\n",
        "sys/hypervisor/type": "xen\n",
        "sys/hypervisor/properties/features": "000228f0\n",
        "sys/hypervisor/guest_type": "PV\n",
        "sys/hypervisor/uuid": "00000000-0000-0000-0000-000000000000\n",
        "sys/devices/system/cpu/online": "0\n",
        "sys/devices/system/cpu/present": "0\n",
        "sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
        "sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n",
        "sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
        "sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list": "0\n",
        "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:         399024 kB\n",
        "sys/firmware/dmi/tables/DMI": table,
        "sys/firmware/dmi/tables/smbios_entry_point": entry_point(table, (3, 4), None),
    }
    for number in range(xen_cpus):
        files[f"sys/devices/system/xen_cpu/xen_cpu{number}/"] = ""
        if number:  # the first CPU has no such file
            files[f"sys/devices/system/xen_cpu/xen_cpu{number}/online"] = "0\n" if number in offline else "1\n"
    return write_tree(root, files)


def open_host(root: Path) -> HostInfo:
    return hostinfo.open(f"sysfs://{root}")


def why(fact: GroupResult[Any], field: str) -> str:
    """The reason why a field is absent."""
    return next(str(problem.error) for problem in fact.problems if problem.path == field)


def test_the_machine_is_reported_and_not_the_share_of_dom0(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path)) as host:
        cpu, memory, domain = host.cpu(), host.memory(), host.domain()
    assert (cpu.value.sockets, cpu.value.cores, cpu.value.threads, cpu.value.threads_per_core) == (2, 4, 8, 2)
    assert [processor.number for processor in cpu.value.processors] == list(range(8))
    assert memory.value.installed_bytes == 16 * GIB
    assert (memory.value.maximum_bytes, memory.value.slots, len(memory.value.dimms)) == (32 * GIB, 4, 2)
    assert memory.value.total_bytes is None
    assert memory.value.free_bytes is None
    assert (domain.value.online_cpus, domain.value.memory_bytes) == (1, 399024 * 1024)
    assert domain.value.is_whole_machine is False


def test_the_sources_name_the_firmware_and_xen(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path)) as host:
        cpu = host.cpu()
    assert cpu.sources["sockets"] == "/sys/firmware/dmi/tables/DMI type 4"
    assert cpu.sources["threads"] == "/sys/devices/system/xen_cpu"
    assert "passed through" in cpu.sources["model_name"]


def test_the_identity_of_the_cpu_is_what_xen_passes_through(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path)) as host:
        cpu = host.cpu().value
    assert (cpu.vendor_id, cpu.model_name) == ("GenuineIntel", "ACME Hypothetical CPU X9 @ 2.50GHz")
    assert (cpu.family, cpu.model, cpu.stepping, cpu.cpuid_level) == (6, 26, 5, 11)
    assert cpu.max_frequency_hz == 3_500_000_000
    assert [(cache.level, cache.size_bytes, cache.instances) for cache in cpu.caches] == [(1, 32 * 1024, None)]


def test_facts_that_only_xen_knows_are_absent_with_a_remedy(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path)) as host:
        cpu, memory = host.cpu(), host.memory()
        with pytest.raises(Unsupported, match="libvirtd"):
            host.numa()
    assert cpu.value.flags == ()
    assert cpu.value.current_frequency_hz is None
    for fact, field in ((cpu, "flags"), (cpu, "current_frequency_hz"), (memory, "total_bytes"), (memory, "free_bytes")):
        assert "Xen reports it to root and through libvirtd" in why(fact, field)


def test_a_table_with_fewer_cpus_than_xen_has_is_ignored(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path, sockets=1, xen_cpus=8)) as host:
        cpu = host.cpu()
    assert (cpu.value.sockets, cpu.value.cores, cpu.value.threads) == (None, None, 8)
    assert "4 threads in 1 sockets, Xen 8 CPUs" in why(cpu, "sockets")


def test_with_fewer_cpus_in_xen_than_in_the_table_the_cores_are_left_out(tmp_path: Path) -> None:
    """smt=0 or maxcpus= on Xen's command line, or hyper-threading disabled in the firmware's setup."""
    with open_host(write_machine(tmp_path, xen_cpus=4)) as host:
        cpu = host.cpu()
    assert (cpu.value.sockets, cpu.value.cores, cpu.value.threads, cpu.value.threads_per_core) == (2, None, 4, None)
    assert "Xen 4 CPUs" in why(cpu, "cores")


def test_cpus_that_xen_took_offline_are_not_counted(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path, offline=(1, 3, 5, 7))) as host:
        cpu = host.cpu().value
    assert (cpu.sockets, cpu.cores, cpu.threads, cpu.threads_per_core) == (2, 4, 4, None)
    assert [processor.is_online for processor in cpu.processors] == [True, False] * 4


def test_without_xens_list_of_cpus_the_threads_are_the_firmwares(tmp_path: Path) -> None:
    """A kernel that does not list the physical CPUs, or a recording without that folder."""
    with open_host(write_machine(tmp_path, xen_cpus=0)) as host:
        cpu = host.cpu()
        for driver in host.drivers():
            check_driver(driver)
    assert (cpu.value.sockets, cpu.value.cores, cpu.value.threads, cpu.value.threads_per_core) == (2, 4, 8, 2)
    assert cpu.value.processors == ()


def test_an_empty_socket_is_not_counted(tmp_path: Path) -> None:
    empty = processor(0, 0, status=0)
    with open_host(write_machine(tmp_path, cpus=(processor(4, 8), empty))) as host:
        cpu = host.cpu().value
    assert (cpu.sockets, cpu.cores, cpu.threads) == (1, 4, 8)


def test_numbers_that_differ_between_firmware_and_cpu_are_left_out(tmp_path: Path) -> None:
    other = bytearray(processor(2, 4))
    struct.pack_into("<I", other, 4, 0x000306C3)
    with open_host(write_machine(tmp_path, cpus=(bytes(other),) * 2)) as host:
        cpu = host.cpu()
    assert (cpu.value.family, cpu.value.model, cpu.value.stepping) == (None, None, None)
    assert "(6, 60, 3) in SMBIOS" in why(cpu, "model")


def test_a_highest_speed_below_the_measured_clock_is_left_out(tmp_path: Path) -> None:
    slow = bytearray(processor(2, 4))
    struct.pack_into("<H", slow, 0x14 - 4, 2000)  # QEMU's default, whatever the CPU
    with open_host(write_machine(tmp_path, cpus=(bytes(slow),) * 2)) as host:
        assert host.cpu().value.max_frequency_hz is None


def test_without_permission_for_the_tables_the_rest_is_reported(tmp_path: Path) -> None:
    tree = Tree(str(write_machine(tmp_path)), errors={"sys/firmware/dmi/tables/DMI": errno.EACCES})
    driver = build_driver(Sources(tree=tree))
    assert driver is not None
    cpu = driver.readers["cpu"](None)
    assert (cpu.value.sockets, cpu.value.threads, cpu.value.model) == (None, 8, 26)
    assert any(isinstance(problem.error, ReadError) for problem in cpu.problems)


def test_a_truncated_table_counts_nothing(tmp_path: Path) -> None:
    root = write_machine(tmp_path)
    path = root / "sys/firmware/dmi/tables/DMI"
    path.write_bytes(path.read_bytes()[:-40])
    with open_host(root) as host:
        cpu, memory = host.cpu(), host.memory()
    assert (cpu.value.sockets, cpu.value.cores, memory.value.installed_bytes) == (None, None, None)
    assert "truncated" in why(cpu, "sockets")


def test_the_drivers_keep_the_contract(tmp_path: Path) -> None:
    with open_host(write_machine(tmp_path)) as host:
        for driver in host.drivers():
            check_driver(driver)


def test_one_field_reads_no_tables(tmp_path: Path) -> None:
    tree = Tree(str(write_machine(tmp_path)), errors={"sys/firmware/dmi/tables/DMI": errno.EIO})
    driver = build_driver(Sources(tree=tree))
    assert driver is not None
    fact = driver.readers["cpu"](frozenset({"model_name"}))
    assert (fact.value.model_name, fact.problems) == ("ACME Hypothetical CPU X9 @ 2.50GHz", ())
