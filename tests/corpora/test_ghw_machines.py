"""The machines of ghw's snapshots, against the CPU vendors' specifications."""

from pathlib import Path

import pytest

import hostinfo

from .comparison import add_up, check_failures, compare
from .exceptions import FAILURES
from .machines import names_of, parameters, unpack

MIB = 1 << 20
VENDORS: dict[str, dict[str, object]] = {
    "12th Gen Intel(R) Core(TM) i7-1270P": {
        "cores": 12,  # 4 with two threads, 8 with one
        "threads": 16,
        "sockets": 1,
        "L1d": ((4 * 48 + 8 * 32) * 1024, 12),
        "L1i": ((4 * 32 + 8 * 64) * 1024, 12),
        "L2": (9 * MIB, 6),
        "L3": (18 * MIB, 1),
        "vendor_id": "GenuineIntel",
    },
    "AMD Ryzen 5 1600 Six-Core Processor": {
        "cores": 6,
        "threads": 12,
        "sockets": 1,
        "L2": (3 * MIB, 6),
        "L3": (16 * MIB, 2),
        "vendor_id": "AuthenticAMD",
    },
    "Intel(R) Xeon(R) CPU           L5640  @ 2.27GHz": {
        "cores": 12,  # two packages of six
        "threads": 24,
        "sockets": 2,
        "L3": (24 * MIB, 2),
        "vendor_id": "GenuineIntel",
    },
}
"""Specifications of ark.intel.com and amd.com by brand string; guests have none."""


@parameters("ghw")
def test_machines_have_the_values_that_the_vendor_publishes(name: str, unpack_dir: Path) -> None:
    root = unpack("ghw", name, unpack_dir)
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu, memory = host.cpu().value, host.memory().value
        nodes = host.numa().value.nodes
    found = {field: getattr(cpu, field) for field in ("sockets", "cores", "threads", "vendor_id", "model_name")}
    published = dict(VENDORS.get(cpu.model_name or "", {}))
    lines = (root / "proc/cpuinfo").read_text().split("\n")
    processors = sum(line.replace("\t", " ").startswith("processor") for line in lines)
    published["threads"] = published.get("threads", processors)
    meminfo = dict(line.split(":") for line in (root / "proc/meminfo").read_text().strip().split("\n"))
    published["memory"] = int(meminfo["MemTotal"].split()[0]) * 1024
    published["nodes"] = len(list((root / "sys/devices/system/node").glob("node[0-9]*")))
    found |= {**add_up(cpu.caches), "memory": memory.total_bytes, "nodes": len(nodes)}
    compare(name, found, published, {})
    check_failures(name, root, FAILURES)


@pytest.mark.skipif(not names_of("ghw"), reason="no third-party machines in HOSTINFO_CORPORA/ghw")
def test_a_hybrid_processor_has_cores_with_two_threads_and_with_one(unpack_dir: Path) -> None:
    with hostinfo.open(f"sysfs://{unpack('ghw', 'linux-amd64-415ee03b8c4d1c4f07ae2e9d8b3d3d6d', unpack_dir)}") as host:
        cpu = host.cpu().value
    per_core: dict[object, int] = {}
    for processor in cpu.processors:
        per_core[processor.core_id] = per_core.get(processor.core_id, 0) + 1
    assert sorted(per_core.values()) == [1] * 8 + [2] * 4
    assert cpu.threads_per_core == 2
