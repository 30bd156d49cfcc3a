"""The machines of util-linux' lscpu tests, against the expected output of lscpu."""

from pathlib import Path

import hostinfo

from . import lscpu_text
from .comparison import add_up, check_failures, compare
from .exceptions import FAILURES, LSCPU
from .machines import oracle, parameters, unpack


@parameters("lscpu", ".expected")
def test_machines_have_the_values_that_lscpu_publishes(name: str, unpack_dir: Path) -> None:
    expected = oracle("lscpu", name, ".expected")
    assert expected
    root = unpack("lscpu", name, unpack_dir)
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu, numa = host.cpu().value, host.numa().value
    found: dict[str, object] = {
        "threads": cpu.threads,
        "cores": cpu.cores,
        "sockets": cpu.sockets,
        "processors": len(cpu.processors),
        "online": tuple(processor.number for processor in cpu.processors if processor.is_online),
        "node of CPUs": {p.number: p.numa_node for p in cpu.processors if p.numa_node is not None},
        "nodes": len(numa.nodes),
        **{f"node {node.number}": node.cpus for node in numa.nodes},
        **{f"mitigation {key}": lscpu_text.without_punctuation(state) for key, state in cpu.mitigations.items()},
        **add_up(cpu.caches),
        "flags": " ".join(cpu.flags),
    }
    for field in ("vendor_id", "model_name", "family", "model", "stepping", "revision", "microcode"):
        found[field] = getattr(cpu, field)
    for field in ("threads_per_core", "min_frequency_hz", "max_frequency_hz"):
        found[field] = getattr(cpu, field)
    for field in ("address_bits_physical", "address_bits_virtual"):
        found[field] = getattr(cpu, field)
    compare(name, found, lscpu_text.published(expected.read_text()), LSCPU.get(name, {}))
    check_failures(name, root, FAILURES)
