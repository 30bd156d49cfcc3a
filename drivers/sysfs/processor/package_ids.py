"""Package IDs that identify no package: the clusters of ARM before Linux 6.0, and the NUMA nodes of default topologies.

Sources: arch/arm64/kernel/topology.c and drivers/base/arch_topology.c of the kernel, whose default package is
``cpu_to_node()`` and whose default core is the CPU's number; Documentation/devicetree/bindings/cpu/cpu-topology.txt.
"""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.errors import DriverError

from ...sources.field_reader import FieldReader
from ..mm.numa_nodes import read_nodes_by_cpu
from . import CPU_DIR
from .cpu_location import CpuLocation
from .cpuinfo import CpuInfo

NODE_AS_PACKAGE = "the kernel does not know the packages and reports each CPU's NUMA node as its package"
_DEVICE_TREES = ("sys/firmware/devicetree/base", "proc/device-tree")
_SMBIOS = ("sys/firmware/dmi", "sys/class/dmi/id", "sys/devices/virtual/dmi/id")


def correct_package_ids(
    reader: FieldReader, locations: dict[int, CpuLocation], cpuinfo: Callable[[], CpuInfo | None]
) -> str | None:
    """Turn clusters that the kernel reports as packages into clusters, and remove IDs of NUMA nodes.

    Returns why the packages are unknown; None: they are known.
    """
    first_of: dict[int | None, int] = {}
    for number, location in locations.items():
        first_of.setdefault(location.package, number)
    if len(first_of) < 2 or any(one.cluster is not None for one in locations.values()):
        return None
    if any(one.package is None and not one.package_cpus for one in locations.values()):
        return None
    info = cpuinfo()
    is_arm = info is not None and _has_key(info, "CPU implementer", "CPU architecture")
    if not is_arm and not (info is not None and _has_key(info, "hart", "mvendorid", "isa")):
        return None
    if _is_default_topology(reader, locations) and _populated_sockets(reader) != len(first_of):
        for location in locations.values():
            location.package, location.package_cpus = None, 0
        return NODE_AS_PACKAGE
    if is_arm and info is not None and _are_clusters(reader, locations, first_of, info):
        online = sum(1 << number for number in locations)
        for location in locations.values():
            location.cluster, location.cluster_cpus = location.package, location.package_cpus
            location.package, location.package_cpus = 0, online
    return None


def _has_key(info: CpuInfo, *keys: str) -> bool:
    records = (info.common, *list(info.records.values()))
    return any(key in record for record in records for key in keys)


def _is_default_topology(reader: FieldReader, locations: dict[int, CpuLocation]) -> bool:
    """Whether each CPU's package is its NUMA node, and its core is its own number."""
    if any(location.package is None or location.core != number for number, location in locations.items()):
        return False
    nodes = read_nodes_by_cpu(reader, "sockets")
    return all(nodes.get(number) == location.package for number, location in locations.items())


def _are_clusters(
    reader: FieldReader, locations: dict[int, CpuLocation], first_of: dict[int | None, int], info: CpuInfo
) -> bool:
    """Whether the packages are clusters of one SoC.

    They are if their core models or maximum frequencies differ, because no board mixes different packages; on a board
    that is described by a device tree and not by SMBIOS; and where SMBIOS has one populated socket.
    """
    parts: dict[int | None, set[str]] = {}
    for number, location in locations.items():
        part = info.get(number, "CPU part")
        if part is not None:
            parts.setdefault(location.package, set()).add(part)
    if len({frozenset(models) for models in parts.values()}) > 1:
        return True
    # the line "Hardware" has the name of the board or the SoC, from its device tree
    has_device_tree = _has_key(info, "Hardware") or any(map(reader.tree.is_dir, _DEVICE_TREES))
    if has_device_tree and not any(map(reader.tree.is_dir, _SMBIOS)):
        return True
    if _populated_sockets(reader) == 1:
        return True
    speeds = {_max_frequency(reader, number) for number in first_of.values()}
    return len(speeds - {None}) > 1


def _populated_sockets(reader: FieldReader) -> int | None:
    """Return the number of populated sockets in SMBIOS type 4; None if the tables are absent or not readable."""
    from ...sources.smbios import read_smbios  # rarely needed

    try:
        tables = read_smbios(reader.tree)
    except DriverError:
        return None
    return sum(info.is_populated for info in tables.processors) if tables is not None and tables.is_complete else None


def _max_frequency(reader: FieldReader, number: int) -> int | None:
    hertz = reader.number("sockets", f"{CPU_DIR}/cpu{number}/cpufreq/cpuinfo_max_freq")
    if hertz is None:
        hertz = reader.number("sockets", f"{CPU_DIR}/cpufreq/policy{number}/cpuinfo_max_freq")
    return hertz
