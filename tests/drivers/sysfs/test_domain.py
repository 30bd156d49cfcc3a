"""The share of this operating system: CPUs, memory, Xen's domain, against this machine."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sysfs.domain import count_processors
from hostinfo.model.domain import Domain
from tests.support.trees import write_tree

V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


CPUS = {"sys/devices/system/cpu/online": "0-3\n", "proc/meminfo": "MemTotal:        8000000 kB\n"}


def domain(root: Path) -> Domain:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.domain().value


def test_lxcfs_is_named_as_the_source_of_a_containers_memory(tmp_path: Path) -> None:
    mounts = V2_MOUNT + "90 22 0:60 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n"
    root = write_tree(tmp_path, {**CPUS, "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mounts})
    with hostinfo.open(f"sysfs://{root}") as host:
        assert "lxcfs" in host.domain().sources["memory_bytes"]


def test_a_xen_domain_reports_its_uuid_and_guest_type(tmp_path: Path) -> None:
    uuid = "6c2b1d6a-0a4e-4a83-9d3c-0a3f5d1c7e11"
    xen = {"type": "xen", "uuid": uuid, "guest_type": "PVH", "properties/features": "000020f0"}
    found = domain(
        write_tree(tmp_path, {**CPUS, **{f"sys/hypervisor/{name}": f"{text}\n" for name, text in xen.items()}})
    )
    assert (found.uuid, found.guest_type) == (uuid, "PVH")


def test_this_machine_is_reported_as_by_sysconf() -> None:
    with hostinfo.open("sysfs:///") as host:
        found = host.domain().value
    assert found.online_cpus == os.sysconf("SC_NPROCESSORS_ONLN")
    assert found.memory_bytes == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@given(text=st.text(alphabet="processor :0123456789\nncpus active", max_size=300))
def test_any_cpuinfo_gives_a_number_of_processors(text: str) -> None:
    assert count_processors(text) >= 0


def test_processors_are_counted_in_the_format_of_every_architecture() -> None:
    assert count_processors("processor\t: 0\nmodel: x\n\nprocessor\t: 1\n") == 2
    assert count_processors("# processors : 2\nprocessor 0: version = FF\nprocessor 4: version = FF\n") == 2
    assert count_processors("cpu\t\t: UltraSparc T2\nncpus probed\t: 64\nncpus active\t: 48\nD$ parity: 0\n") == 48
    assert count_processors("Processor\t: ARMv7 Processor rev 1 (v7l)\nprocessor\t: 0\n") == 1
