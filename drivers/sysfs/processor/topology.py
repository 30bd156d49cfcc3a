"""Which CPUs there are, and how many packages and cores they make: never by multiplication.

Sources: /sys/devices/system/cpu/{online,present}, cpuN/online and cpuN/topology; /proc/cpuinfo where /sys is silent.
"""

from collections.abc import Callable

from hostinfo.errors import ParseError

from . import cpu_location as places
from . import cpulist
from .cpu_location import Place
from .cpuinfo import CpuInfo
from .field_reader import CPU_DIR, Reading

_SINGLE_CORE_SPARCS = frozenset({"I", "II", "IIi", "IIe", "III", "III+", "IIIi"})
"""UltraSPARCs with one core a chip; they have neither package nor core numbers (sun4u)."""


class Topology:
    """CPUs as sets, and the places of those that are online."""

    __slots__ = ("cores", "online", "places", "present", "sockets", "source")

    def __init__(self) -> None:
        self.online = 0
        self.present = 0
        self.source = ""
        self.places: dict[int, Place] = {}
        self.cores: list[int] | None = None
        self.sockets: int | None = None

    def core_of(self, number: int) -> int:
        """The set of CPUs of this CPU's core, itself at least."""
        place = self.places.get(number)
        return (place.threads if place is not None else 0) or 1 << number

    def cores_in_sockets(self) -> dict[object, int]:
        """Cores of each package."""
        counts: dict[object, int] = {}
        for core in self.cores or ():
            socket = self.places[core.bit_length() - 1].socket
            if socket is not None:
                counts[socket] = counts.get(socket, 0) + 1
        return counts


def read_cpus(reading: Reading, cpuinfo: "Callable[[], CpuInfo | None]") -> Topology:
    """The CPUs that are present and online, without their places."""
    found = Topology()
    online = _read_set(reading, "online")
    present = _read_set(reading, "present")
    found.source = f"/{CPU_DIR}/online"
    if online is None:
        online, directories = _from_directories(reading)
        present = (present or 0) | directories
        found.source = f"/{CPU_DIR}/cpu*"
    if not online:
        info = cpuinfo()
        online = sum(1 << number for number in info.records) if info is not None else 0
        if not online and info is not None:
            online = _count_of_all(info)
        found.source = "/proc/cpuinfo"
    found.online = online
    found.present = (present or 0) | online
    return found


def read_topology(reading: Reading, cpuinfo: "Callable[[], CpuInfo | None]") -> Topology:
    """The CPUs with their places, cores and packages."""
    found = read_cpus(reading, cpuinfo)
    found.places = places.read_places(reading, found.online)
    is_partial = any(place.package is None or place.core is None for place in found.places.values())
    info = cpuinfo() if is_partial else None
    if info is not None:
        places.add_cpuinfo(found.places, info)
    if found.online.bit_count() == 1 == found.present.bit_count():  # whatever is not told of one CPU is plain
        place = next(iter(found.places.values()))
        found.sockets = 1
        found.cores = [found.online]
        place.threads = place.neighbours = found.online
        return found
    _join_arm_clusters(found, cpuinfo)
    found.cores = places.cores(found.places)
    found.sockets = _count_sockets(found, info)
    return found


def _read_set(reading: Reading, name: str) -> int | None:
    """A set that must be right: without it there is nothing to tell of CPUs."""
    text = reading.attribute("processors", f"{CPU_DIR}/{name}")
    return cpulist.parse_list(text, f"/{CPU_DIR}/{name}") if text is not None else None


def _from_directories(reading: Reading) -> tuple[int, int]:
    """Kernels before 2.6.26 have no list: each CPU's directory says whether it is online, CPU 0 by being there."""
    online = directories = 0
    for name in reading.names("processors", CPU_DIR):
        if name.startswith("cpu") and name[3:].isdecimal():
            number = int(name[3:]) if len(name) < 11 else cpulist.LIMIT
            if number >= cpulist.LIMIT:
                raise ParseError(f"/{CPU_DIR}", f"more than {cpulist.LIMIT} CPUs")
            directories |= 1 << number
            if reading.attribute("processors", f"{CPU_DIR}/{name}/online") != "0":
                online |= 1 << number
    return online, directories


def _count_of_all(info: CpuInfo) -> int:
    """Alpha and m68k describe all CPUs at once, alpha with their number."""
    count = info.number(None, "cpus active", "ncpus active", "cpus detected") or (1 if info.common else 0)
    if count > cpulist.LIMIT:
        raise ParseError("/proc/cpuinfo", f"more than {cpulist.LIMIT} CPUs")
    return (1 << count) - 1


def _count_sockets(found: Topology, info: CpuInfo | None) -> int | None:
    places = found.places.values()
    sockets = {place.socket for place in places}
    if None not in sockets:
        return len(sockets) or None
    if found.cores is not None and len(found.cores) == 1:
        return 1
    if info is not None and _is_single_core_sparc(info):
        return found.online.bit_count()
    # Without a number the set is worth something only where it is more than a core. POWER fills in the NUMA node.
    is_power = info is not None and info.get(None, "timebase") is not None
    if not is_power and all(place.neighbours for place in places) and any(p.neighbours != p.threads for p in places):
        return len({place.neighbours for place in places})
    return None


def _is_single_core_sparc(info: CpuInfo) -> bool:
    words = (info.get(None, "cpu") or "").split()  # TI UltraSparc II  (BlackBird)
    return words[1:2] == ["UltraSparc"] and not _SINGLE_CORE_SPARCS.isdisjoint(words[2:3])


def _join_arm_clusters(found: Topology, cpuinfo: "Callable[[], CpuInfo | None]") -> None:
    """Kernels before 6.0 call the clusters of an ARM system-on-chip packages.

    They are clusters where they hold different cores: no board mixes packages so.
    """
    packages = {place.package for place in found.places.values()}
    if len(packages) < 2 or any(place.cluster is not None for place in found.places.values()):
        return
    info = cpuinfo()
    if info is None or info.get(next(iter(found.places)), "CPU implementer") is None:
        return
    parts: dict[int | None, set[str | None]] = {}
    for number, place in found.places.items():
        parts.setdefault(place.package, set()).add(info.get(number, "CPU part"))
    if len({frozenset(one) for one in parts.values()}) > 1:
        for place in found.places.values():
            place.cluster, place.package, place.neighbours = place.package, 0, found.online
