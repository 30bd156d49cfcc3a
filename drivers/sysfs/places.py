"""Where each CPU sits: /sys/devices/system/cpu/cpuN/topology, Documentation/admin-guide/cputopology.rst.

The sets that the kernel writes beside the numbers save most of the reading: CPUs of one package are read once.
Files' names have changed with the years, so the first CPU's directory tells which there are.
"""

from . import cpulist
from .cpuinfo import CpuInfo
from .reading import Reading

CPU_DIR = "sys/devices/system/cpu"
_LEVELS = {
    "package": ("physical_package_id", ("package_cpus_list", "core_siblings_list", "package_cpus", "core_siblings")),
    "die": ("die_id", ("die_cpus_list", "die_cpus")),
    "cluster": ("cluster_id", ("cluster_cpus_list", "cluster_cpus")),
    "book": ("book_id", ("book_siblings_list", "book_siblings")),
    "drawer": ("drawer_id", ("drawer_siblings_list", "drawer_siblings")),
}
_NO_CLUSTER = (0xFFFF, 0xFFFFFFFF)  # x86 kernels print their "no such number" unsigned
_THREADS = ("core_cpus_list", "thread_siblings_list", "core_cpus", "thread_siblings")


class Place:
    """Where one CPU sits; None: not told."""

    __slots__ = ("book", "cluster", "core", "die", "drawer", "package", "threads")

    def __init__(self) -> None:
        self.package: int | None = None
        self.die: int | None = None
        self.cluster: int | None = None
        self.book: int | None = None
        self.drawer: int | None = None
        self.core: int | None = None
        self.threads = 0  # the set of CPUs of its core; empty: not told

    @property
    def socket(self) -> tuple[int | None, ...] | None:
        """What tells its package from all others."""
        return None if self.package is None else (self.drawer, self.book, self.package)


def read_places(reading: Reading, online: int) -> dict[int, Place]:
    """The places of the CPUs that are online; others have none."""
    numbers = cpulist.members(online)
    places = {number: Place() for number in numbers}
    files: set[str] = set()
    for number in numbers:
        files = set(reading.names("processors", f"{CPU_DIR}/cpu{number}/topology"))
        if files:
            break
    for level, (name, sets) in _LEVELS.items():
        if name in files:
            _read_level(reading, places, level, name, next((one for one in sets if one in files), None))
    threads = next((one for one in _THREADS if one in files), None)
    for number, place in places.items():
        if "core_id" in files:
            place.core = reading.number("processors", f"{CPU_DIR}/cpu{number}/topology/core_id")
        if threads is not None and not place.threads:
            siblings = reading.cpus("processors", f"{CPU_DIR}/cpu{number}/topology/{threads}")
            _share_threads(places, number, (siblings or 0) & online)
    if not _are_disjoint(places, online):
        for place in places.values():
            place.threads = 0
    return places


def add_cpuinfo(places: dict[int, Place], info: CpuInfo) -> None:
    """Fill what /sys did not tell from the records of x86, ia64, s390 and loongarch."""
    for number, place in places.items():
        record = info.records.get(number)
        if record is None:
            continue
        if place.package is None:
            place.package = info.number(number, "physical id", "package")
            place.book = place.book if place.book is not None else info.number(number, "book id")
            place.drawer = place.drawer if place.drawer is not None else info.number(number, "drawer id")
        if place.core is None:
            place.core = info.number(number, "core id", "core")


def cores(places: dict[int, Place]) -> list[int] | None:
    """The set of CPUs of each core; None: the kernel does not tell which CPUs share one.

    The sets go before the numbers: older kernels number the cores of AMD's two-die packages from 0 in each die.
    """
    found: dict[object, int] = {}
    for number, place in places.items():
        key: object
        if place.threads:
            key = place.threads
        elif place.core is not None:
            key = (place.socket, place.die, place.cluster, place.core)
        else:
            return None
        found[key] = found.get(key, 0) | 1 << number
    return list(found.values())


def _read_level(reading: Reading, places: dict[int, Place], level: str, name: str, sets: str | None) -> None:
    left = dict(places)
    while left:
        number, place = next(iter(left.items()))
        del left[number]
        directory = f"{CPU_DIR}/cpu{number}/topology"
        its_id = reading.number("processors", f"{directory}/{name}")
        if its_id in _NO_CLUSTER and level == "cluster":
            its_id = None
        setattr(place, level, its_id)
        together = reading.cpus("processors", f"{directory}/{sets}") if sets is not None and left else None
        others = [other for other in cpulist.members(together or 0) if other in left]
        # some kernels give the CPUs of a NUMA node here: believe the set when its last CPU has the same number
        last = reading.number("processors", f"{CPU_DIR}/cpu{others[-1]}/topology/{name}") if others else None
        if last == its_id or (its_id is None and last in _NO_CLUSTER):
            for other in others:
                setattr(left.pop(other), level, its_id)


def _share_threads(places: dict[int, Place], number: int, siblings: int) -> None:
    if not cpulist.has(siblings, number):
        return
    for sibling in cpulist.members(siblings):
        places[sibling].threads = places[sibling].threads or siblings


def _are_disjoint(places: dict[int, Place], online: int) -> bool:
    distinct = {place.threads for place in places.values()}
    return sum(one.bit_count() for one in distinct) <= online.bit_count()
