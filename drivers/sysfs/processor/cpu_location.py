"""Where each CPU sits: /sys/devices/system/cpu/cpuN/topology, Documentation/admin-guide/cputopology.rst.

The sets that the kernel writes beside the numbers save most of the reading: CPUs of one package are read once.
Files' names have changed with the years, so the first CPU's directory tells which there are.
"""

from . import cpulist
from .cpuinfo import CpuInfo
from .field_reader import CPU_DIR, Reading

_LEVELS = {
    "package": ("physical_package_id", ("package_cpus", "core_siblings", "package_cpus_list", "core_siblings_list")),
    "die": ("die_id", ("die_cpus", "die_cpus_list")),
    "cluster": ("cluster_id", ("cluster_cpus", "cluster_cpus_list")),
    "book": ("book_id", ("book_siblings", "book_siblings_list")),
    "drawer": ("drawer_id", ("drawer_siblings", "drawer_siblings_list")),
}
_THREADS = ("core_cpus", "thread_siblings", "core_cpus_list", "thread_siblings_list")
_NO_CLUSTER = (0xFFFF, 0xFFFFFFFF)  # x86 kernels print their "no such number" unsigned


class Place:
    """Where one CPU sits; None: not told."""

    __slots__ = ("book", "cluster", "core", "die", "drawer", "neighbours", "package", "threads")

    def __init__(self) -> None:
        self.package: int | None = None
        self.die: int | None = None
        self.cluster: int | None = None
        self.book: int | None = None
        self.drawer: int | None = None
        self.core: int | None = None
        self.threads = 0  # the set of CPUs of its core; empty: not told
        self.neighbours = 0  # the set of CPUs of its package; empty: not told

    @property
    def socket(self) -> object:
        """What tells its package from all others; None: not told.

        The set stands beside the number: ia64 gives two single-core packages on one bus the same number.
        """
        return None if self.package is None else (self.drawer, self.book, self.package, self.neighbours)


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
            _read_level(reading, places, level, name, [f"topology/{one}" for one in sets if one in files])
    threads = [f"topology/{one}" for one in _THREADS if one in files]
    for number, place in places.items():
        if "core_id" in files:
            place.core = reading.number("processors", f"{CPU_DIR}/cpu{number}/topology/core_id")
        if threads and not place.threads:
            siblings = reading.own_set("processors", number, f"{CPU_DIR}/cpu{number}", threads) & online
            for sibling in cpulist.members(siblings):
                places[sibling].threads = places[sibling].threads or siblings
    _drop_overlaps(places, online)
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
        if not place.threads and place.core is None:
            return None
        key = place.threads or (place.socket, place.die, place.cluster)
        # two numbers in one set: the two cores of a Bulldozer module, which share no more than the set says
        found_key = (key, place.core)
        found[found_key] = found.get(found_key, 0) | 1 << number
    return list(found.values())


def _read_level(reading: Reading, places: dict[int, Place], level: str, name: str, sets: list[str]) -> None:
    online = sum(1 << number for number in places)
    left = dict(places)
    while left:
        number, place = next(iter(left.items()))
        del left[number]
        its_id = _read_id(reading, number, name)
        setattr(place, level, its_id)
        together = reading.own_set("processors", number, f"{CPU_DIR}/cpu{number}", sets) & online if sets else 0
        if level == "package":
            place.neighbours = together
        others = [other for other in cpulist.members(together) if other in left]
        # POWER gives the CPUs of a NUMA node here: believe the set when its last CPU has the same number
        if others and _read_id(reading, others[-1], name) == its_id:
            for other in others:
                its = left.pop(other)
                setattr(its, level, its_id)
                if level == "package":
                    its.neighbours = together


def _read_id(reading: Reading, number: int, name: str) -> int | None:
    its_id = reading.number("processors", f"{CPU_DIR}/cpu{number}/topology/{name}")
    return None if name == "cluster_id" and its_id in _NO_CLUSTER else its_id


def _drop_overlaps(places: dict[int, Place], online: int) -> None:
    """Sets that contradict each other tell nothing."""
    if sum(one.bit_count() for one in {place.threads for place in places.values()}) > online.bit_count():
        for place in places.values():
            place.threads = 0
    if sum(one.bit_count() for one in {place.neighbours for place in places.values()}) > online.bit_count():
        for place in places.values():
            place.neighbours = 0
