"""The machines of util-linux' lscpu tests, against what lscpu is expected to print for them."""

from pathlib import Path

import hostinfo

from . import lscpu_text
from .comparison import add_up, compare
from .exceptions import LSCPU
from .machines import oracle, parameters, unpack


@parameters("lscpu", ".expected")
def test_the_kernels_files_tell_what_lscpu_publishes(name: str, room: Path) -> None:
    expected = oracle("lscpu", name, ".expected")
    assert expected
    with hostinfo.open(f"sysfs://{unpack('lscpu', name, room)}") as host:
        cpu, numa = host.cpu().value, host.numa().value
    told: dict[str, object] = {
        "threads": cpu.threads,
        "cores": cpu.cores,
        "sockets": cpu.sockets,
        "processors": len(cpu.processors),
        "online": tuple(one.number for one in cpu.processors if one.is_online),
        "node of CPUs": {one.number: one.numa_node for one in cpu.processors if one.numa_node is not None},
        "nodes": len(numa.nodes),
        **{f"node {node.number}": node.cpus for node in numa.nodes},
        **{f"mitigation {key}": lscpu_text.plain(state) for key, state in cpu.mitigations.items()},
        **add_up(cpu.caches),
        "flags": " ".join(cpu.flags),
    }
    for field in ("vendor_id", "model_name", "family", "model", "stepping", "revision", "microcode"):
        told[field] = getattr(cpu, field)
    for field in ("threads_per_core", "min_frequency_hz", "max_frequency_hz"):
        told[field] = getattr(cpu, field)
    for field in ("address_bits_physical", "address_bits_virtual"):
        told[field] = getattr(cpu, field)
    compare(name, told, lscpu_text.published(expected.read_text()), LSCPU.get(name, {}))
