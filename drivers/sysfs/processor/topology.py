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
from .cpu_location import CpuLocation, add_cpuinfo, read_locations
from .cpu_sets import find_cores, find_sockets
from .cpuinfo import CpuInfo
from .package_ids import correct_package_ids


class Topology:
    """Sets of CPUs, and the locations of the online ones; sets of cores and sockets are None where they are unknown."""

    __slots__ = (
        "core_sets",
        "cores_reason",
        "locations",
        "online",
        "present",
        "socket_sets",
        "sockets_reason",
        "source",
    )

    def __init__(self) -> None:
        self.online = 0
        self.present = 0
        self.source = ""
        self.locations: dict[int, CpuLocation] = {}
        self.core_sets: list[int] | None = None
        self.cores_reason = "the kernel does not report the core of each CPU"
        self.socket_sets: list[int] | None = None
        self.sockets_reason = "the kernel does not report the package of each CPU"

    def core_of(self, number: int) -> int:
        """Return the set of CPUs in this CPU's core; at least the CPU itself."""
        location = self.locations.get(number)
        return (location.threads if location is not None else 0) or 1 << number


def read_cpus(reader: FieldReader, cpuinfo: Callable[[], CpuInfo | None]) -> Topology:
    """Return the present and the online CPUs, without locations."""
    found = Topology()
    is_share = reader.container.covers(f"{CPU_DIR}/online")
    online = None if is_share else _read_set(reader, "online")
    present = _read_set(reader, "present")
    found.source = source_of(f"{CPU_DIR}/online")
    if online is None:
        online, directories = _from_directories(reader)
        if is_share:  # a filtered directory lacks the other CPUs of the machine
            online |= (present or 0) & ~directories
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
    is_partial = any(
        location.package is None or location.core is None or not location.threads
        for location in found.locations.values()
    )
    info = cpuinfo() if is_partial else None
    if info is not None:
        add_cpuinfo(found.locations, info)
    if found.online.bit_count() == 1 == found.present.bit_count():  # one CPU needs no topology files
        location = next(iter(found.locations.values()))
        found.socket_sets = found.core_sets = [found.online]
        location.threads = location.package_cpus = found.online
        return found
    if len({location.package for location in found.locations.values()}) > 1:
        why = correct_package_ids(reader, found.locations, cpuinfo)
        found.sockets_reason = why or found.sockets_reason
    found.core_sets, why = find_cores(found.locations, info)
    found.cores_reason = why or found.cores_reason
    found.socket_sets, why = find_sockets(found.locations, info, found.core_sets)
    found.sockets_reason = why or found.sockets_reason
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
