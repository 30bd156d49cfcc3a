"""The machines of hwloc's tests, against the topology that hwloc publishes for them."""

from pathlib import Path

import hostinfo

from . import hwloc_text
from .comparison import compare
from .exceptions import HWLOC
from .machines import oracle, parameters, unpack

_TYPES = {"Data": "d", "Instruction": "i"}


@parameters("hwloc", ".console", ".xml")
def test_the_kernels_files_tell_what_hwloc_publishes(name: str, room: Path) -> None:
    expected = oracle("hwloc", name, ".console", ".xml")
    assert expected
    root = unpack("hwloc", name, room)
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu, numa = host.cpu().value, host.numa().value
        memory = host.memory().value
    told: dict[str, object] = {
        "threads": cpu.threads,
        "cores": cpu.cores,
        "sockets": cpu.sockets,
        "online": tuple(one.number for one in cpu.processors if one.is_online),
        "nodes": len(numa.nodes),
        "model_name": cpu.model_name,
        "vendor_id": cpu.vendor_id,
    }
    published = hwloc_text.published(expected)
    if not any((root / "sys/devices/system/node").glob("node[0-9]*")):
        assert published.pop("nodes") == 1  # hwloc makes one up where the kernel has none
        assert numa.nodes == ()
    # a set of lists, some without instruction caches: --no-icaches
    for cache in cpu.caches:
        key = f"L{cache.level}{_TYPES.get(cache.type, '')} of {cache.size_bytes}"
        earlier = told.get(key, 0)
        assert isinstance(earlier, int)
        told[key] = earlier + (cache.instances or 0)
    compare(name, told, published, HWLOC.get(name, {}))
    assert all(node.total_bytes is None or memory.total_bytes for node in numa.nodes)
