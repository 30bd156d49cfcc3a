"""The machines of hwloc's tests, against the topology that hwloc publishes for them."""

from pathlib import Path

import hostinfo

from . import hwloc_text
from .comparison import check_failures, compare
from .exceptions import FAILURES, HWLOC
from .machines import oracle, parameters, unpack

_TYPES = {"Data": "d", "Instruction": "i"}


@parameters("hwloc", ".console", ".xml")
def test_machines_have_the_values_that_hwloc_publishes(name: str, unpack_dir: Path) -> None:
    expected = oracle("hwloc", name, ".console", ".xml")
    assert expected
    root = unpack("hwloc", name, unpack_dir)
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu, numa = host.cpu().value, host.numa().value
        memory = host.memory().value
    found: dict[str, object] = {
        "threads": cpu.threads,
        "cores": cpu.cores,
        "sockets": cpu.sockets,
        "online": tuple(processor.number for processor in cpu.processors if processor.is_online),
        "nodes": len(numa.nodes),
        "model_name": cpu.model_name,
        "vendor_id": cpu.vendor_id,
    }
    published = hwloc_text.published(expected)
    if not any((root / "sys/devices/system/node").glob("node[0-9]*")):
        assert published.pop("nodes") == 1  # hwloc adds one if the kernel has none
        assert numa.nodes == ()
    # some outputs have no instruction caches: --no-icaches
    for cache in cpu.caches:
        key = f"L{cache.level}{_TYPES.get(cache.type, '')} of {cache.size_bytes}"
        earlier = found.get(key, 0)
        assert isinstance(earlier, int)
        found[key] = earlier + (cache.instances or 0)
    compare(name, found, published, HWLOC.get(name, {}))
    # without MemTotal, nothing confirms the sum of the nodes
    has_meminfo = (root / "proc/meminfo").exists()
    assert not has_meminfo or all(node.total_bytes is None or memory.total_bytes for node in numa.nodes)
    check_failures(name, root, FAILURES)
