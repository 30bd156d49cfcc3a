"""The architecture of a tree's kernel: published texts, third-party machines."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sysfs import system
from hostinfo.drivers.sysfs.platform import architecture
from hostinfo.model.system import System
from tests.support.trees import unpack_evidence, write_tree

CORPORA = os.environ.get("HOSTINFO_CORPORA")


def read_system(root: Path) -> System:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.system().value


# by the publishers' names of their machines, and the output of uname or lscpu that they publish
ARCHITECTURES = {
    "hwloc/16amd64-8n2c": "x86_64",
    "hwloc/20em64t-hybrid-1p6c2t+2ca4co1t": "x86_64",
    "hwloc/20s390-2g6s4c": "s390x",
    "hwloc/256ppc-8n8s4t": "ppc64",
    "hwloc/2arm-2c": "armv7l",
    "hwloc/2i386-2c-nohugepage": "i686",
    "hwloc/8ia64-2s2c2t": "ia64",
    "lscpu/armv7": "armv7l",
    "lscpu/loongarch-loongson_3a5000_hv": "loongarch64",
    "lscpu/ppc64-POWER7": "ppc64",
    "lscpu/rv64-linux": "riscv64",
    "lscpu/s390-kvm": "s390x",
    "lscpu/vbox-win": "x86_64",
    "lscpu/x86_64-dell_e4310": "x86_64",
}


@pytest.mark.skipif(CORPORA is None, reason="HOSTINFO_CORPORA is not set")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_tree_has_the_architecture_of_its_own_kernel(tmp_path: Path, name: str) -> None:
    assert read_system(unpack_evidence(name, tmp_path)).architecture == ARCHITECTURES[name]


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        # Documentation/arch/arm64/cpu-feature-registers.rst, arch/sparc/kernel/cpu.c, powerpc/kernel/setup-common.c
        ("processor\t: 0\nFeatures\t: fp asimd evtstrm\nCPU implementer\t: 0x41\nCPU architecture: 8\n", "aarch64"),
        ("cpu\t\t: UltraSparc T2 (Niagara2)\nprom\t\t: OBP 4.30.4\ntype\t\t: sun4v\nncpus active\t: 64\n", "sparc64"),
        ("processor\t: 0\ncpu\t\t: POWER9, altivec supported\nplatform\t: PowerNV\n", None),
        ("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu tsc\n", "i686"),
        ("", None),
        ("nonsense", None),
    ],
)
def test_an_architecture_is_reported_only_if_it_is_certain(tmp_path: Path, cpuinfo: str, expected: str | None) -> None:
    assert read_system(write_tree(tmp_path, {"proc/cpuinfo": cpuinfo})).architecture == expected


def test_the_byte_order_of_power9_is_read_from_the_kernels_file(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "processor\t: 0\ncpu\t\t: POWER9\n", "sys/kernel/cpu_byteorder": "little\n"}
    assert read_system(write_tree(tmp_path, files)).architecture == "ppc64le"


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-13-amd64", "x86_64"),
        ("5.14.0-362.el9.aarch64", "aarch64"),
        ("4.18.0-513.el8.x86_64+debug", "x86_64"),
        ("6.1.0-13-powerpc64le", "ppc64le"),
        ("5.10.0-20-686-pae", "i686"),
        ("6.8.0-31-generic", None),
        ("6.18.44-fc-v445", None),
    ],
)
def test_the_architecture_is_read_from_a_distributions_release(release: str, expected: str | None) -> None:
    assert architecture.parse_release(release) == expected


@given(st.text(max_size=300))
def test_any_text_gives_an_architecture_or_none(text: str) -> None:
    found = architecture.parse_cpuinfo(text, is_32_bit=lambda: architecture.is_32_bit(text), byte_order=lambda: text)
    assert found is None or found.isprintable()
    assert system.parse_version(text) is None or text.startswith("Linux")
