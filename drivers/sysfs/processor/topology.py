"""The CPUs, and the number of packages and cores, which are counted and never multiplied.

Sources: /sys/devices/system/cpu/{online,present}, cpuN/online and cpuN/topology; /proc/cpuinfo if /sys has no answer.
"""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.errors import ParseError

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR
from .cpu_location import CpuLocation, add_cpuinfo, core_sets, read_locations
from .cpuinfo import CpuInfo

_SINGLE_CORE_SPARCS = frozenset({"I", "II", "IIi", "IIe", "III", "III+", "IIIi"})
"""UltraSPARCs with one core per chip; they have neither package nor core IDs (sun4u)."""


class Topology:
    """Sets of CPUs, and the locations of the online ones."""

    __slots__ = ("cores", "locations", "online", "present", "sockets", "source")

    def __init__(self) -> None:
        self.online = 0
        self.present = 0
        self.source = ""
        self.locations: dict[int, CpuLocation] = {}
        self.cores: list[int] | None = None
        self.sockets: int | None = None

    def core_of(self, number: int) -> int:
        """Return the set of CPUs in this CPU's core; at least the CPU itself."""
        location = self.locations.get(number)
        return (location.threads if location is not None else 0) or 1 << number

    def cores_in_sockets(self) -> dict[object, int]:
        """Return the number of cores per package, by ``CpuLocation.socket``."""
        counts: dict[object, int] = {}
        for core in self.cores or ():
            socket = self.locations[core.bit_length() - 1].socket
            if socket is not None:
                counts[socket] = counts.get(socket, 0) + 1
        return counts


def read_cpus(reader: FieldReader, cpuinfo: Callable[[], CpuInfo | None]) -> Topology:
    """Return the present and the online CPUs, without locations."""
    found = Topology()
    online = _read_set(reader, "online")
    present = _read_set(reader, "present")
    found.source = source_of(f"{CPU_DIR}/online")
    if online is None:
        online, directories = _from_directories(reader)
        present = (present or 0) | directories
        found.source = source_of(f"{CPU_DIR}/cpu*")
    if not online:
        info = cpuinfo()
        online = sum(1 << number for number in info.records) if info is not None else 0
        if not online and info is not None:
            online = _count_of_all(info)
        found.source = "/proc/cpuinfo"
    found.online = online
    found.present = (present or 0) | online
    return found


def read_topology(reader: FieldReader, cpuinfo: Callable[[], CpuInfo | None]) -> Topology:
    """Return the CPUs with their locations, cores and packages."""
    found = read_cpus(reader, cpuinfo)
    found.locations = read_locations(reader, found.online)
    is_partial = any(location.package is None or location.core is None for location in found.locations.values())
    info = cpuinfo() if is_partial else None
    if info is not None:
        add_cpuinfo(found.locations, info)
    if found.online.bit_count() == 1 == found.present.bit_count():  # one CPU needs no topology files
        location = next(iter(found.locations.values()))
        found.sockets = 1
        found.cores = [found.online]
        location.threads = location.package_cpus = found.online
        return found
    _join_arm_clusters(found, cpuinfo)
    found.cores = core_sets(found.locations)
    found.sockets = _count_sockets(found, info)
    return found


def _read_set(reader: FieldReader, name: str) -> int | None:
    """Return a set of CPUs; ParseError if malformed: no other fact of the group can be trusted then."""
    text = reader.attribute("processors", f"{CPU_DIR}/{name}")
    return cpulist.parse_list(text, source_of(f"{CPU_DIR}/{name}")) if text is not None else None


def _from_directories(reader: FieldReader) -> tuple[int, int]:
    """Return the online CPUs and all CPUs from cpuN/online, which CPU 0 lacks; Linux before 2.6.26 has no lists."""
    online = directories = 0
    for name in reader.names("processors", CPU_DIR):
        if name.startswith("cpu") and name[3:].isdecimal():
            number = int(name[3:]) if len(name) < 11 else cpulist.LIMIT
            if number >= cpulist.LIMIT:
                raise ParseError(source_of(CPU_DIR), f"more than {cpulist.LIMIT} CPUs")
            directories |= 1 << number
            if reader.attribute("processors", f"{CPU_DIR}/{name}/online") != "0":
                online |= 1 << number
    return online, directories


def _count_of_all(info: CpuInfo) -> int:
    """Return the set of CPUs on alpha, which prints their number, and m68k, which has one."""
    count = info.number(None, "cpus active", "ncpus active", "cpus detected") or (1 if info.common else 0)
    if count > cpulist.LIMIT:
        raise ParseError("/proc/cpuinfo", f"more than {cpulist.LIMIT} CPUs")
    return (1 << count) - 1


def _count_sockets(found: Topology, info: CpuInfo | None) -> int | None:
    locations = found.locations.values()
    sockets = {location.socket for location in locations}
    if None not in sockets:
        return len(sockets) or None
    if found.cores is not None and len(found.cores) == 1:
        return 1
    if info is not None and _is_single_core_sparc(info):
        return found.online.bit_count()
    # Without IDs, a set identifies a package only if it is more than a core. On POWER it is the NUMA node.
    is_power = info is not None and info.get(None, "timebase") is not None
    packages = {location.package_cpus for location in locations}
    is_core = all(location.package_cpus == location.threads for location in locations)
    return len(packages) if all(packages) and not is_core and not is_power else None


def _is_single_core_sparc(info: CpuInfo) -> bool:
    name = (info.get(None, "cpu") or "").split()  # TI UltraSparc II  (BlackBird)
    return name[1:2] == ["UltraSparc"] and not _SINGLE_CORE_SPARCS.isdisjoint(name[2:3])


def _join_arm_clusters(found: Topology, cpuinfo: Callable[[], CpuInfo | None]) -> None:
    """Turn packages into clusters on ARM before Linux 6.0, which reports the clusters of a SoC as packages.

    They are clusters if their core models differ: no board mixes different packages.
    """
    packages = {location.package for location in found.locations.values()}
    if len(packages) < 2 or any(location.cluster is not None for location in found.locations.values()):
        return
    info = cpuinfo()
    if info is None or info.get(next(iter(found.locations)), "CPU implementer") is None:
        return
    parts: dict[int | None, set[str | None]] = {}
    for number, location in found.locations.items():
        parts.setdefault(location.package, set()).add(info.get(number, "CPU part"))
    if len({frozenset(models) for models in parts.values()}) > 1:
        for location in found.locations.values():
            location.cluster, location.package, location.package_cpus = location.package, 0, found.online
