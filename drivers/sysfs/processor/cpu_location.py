"""Package, die, cluster and core of each CPU: /sys/devices/system/cpu/cpuN/topology.

Besides the IDs, the kernel prints sets of CPUs: one read covers all CPUs of a package. File names differ between
kernels, so the first CPU's directory is listed. Source: Documentation/admin-guide/cputopology.rst.
"""

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from . import CPU_DIR
from .cpuinfo import CpuInfo

_LEVELS = {
    "package": ("physical_package_id", ("package_cpus", "core_siblings", "package_cpus_list", "core_siblings_list")),
    "die": ("die_id", ("die_cpus", "die_cpus_list")),
    "cluster": ("cluster_id", ("cluster_cpus", "cluster_cpus_list")),
    "book": ("book_id", ("book_siblings", "book_siblings_list")),
    "drawer": ("drawer_id", ("drawer_siblings", "drawer_siblings_list")),
}
_THREADS = ("core_cpus", "thread_siblings", "core_cpus_list", "thread_siblings_list")
_NO_CLUSTER = (0xFFFF, 0xFFFFFFFF)  # x86 kernels print BAD_APICID as unsigned


class CpuLocation:
    """Where one CPU is; None: the kernel does not report it."""

    __slots__ = (
        "book", "cluster", "cluster_cpus", "core", "die", "die_cpus", "drawer", "package", "package_cpus", "threads",
    )  # fmt: skip

    def __init__(self) -> None:
        self.package: int | None = None
        self.die: int | None = None
        self.cluster: int | None = None
        self.book: int | None = None
        self.drawer: int | None = None
        self.core: int | None = None
        self.threads = 0  # set of CPUs in the core; empty: unknown
        # sets of CPUs in the package, die and cluster; empty: unknown
        self.package_cpus = self.die_cpus = self.cluster_cpus = 0

    @property
    def socket(self) -> object:
        """A key that is unique per package; None: unknown.

        It contains the set of CPUs: ia64 gives two single-core packages on one bus the same ID.
        """
        return None if self.package is None else (self.drawer, self.book, self.package, self.package_cpus)


def read_locations(reader: FieldReader, online: int) -> dict[int, CpuLocation]:
    """Return the locations of the online CPUs; the kernel has none for offline ones."""
    numbers = cpulist.members(online)
    locations = {number: CpuLocation() for number in numbers}
    files: set[str] = set()
    for number in numbers:
        files = set(reader.names("processors", f"{CPU_DIR}/cpu{number}/topology"))
        if files:
            break
    for level, (name, sets) in _LEVELS.items():
        if name in files:
            _read_level(reader, locations, level, name, [f"topology/{file}" for file in sets if file in files])
    threads = [f"topology/{file}" for file in _THREADS if file in files]
    for number, location in locations.items():
        if "core_id" in files:
            location.core = reader.number("processors", f"{CPU_DIR}/cpu{number}/topology/core_id")
        if threads and not location.threads:
            siblings = reader.cpu_set_with("processors", number, f"{CPU_DIR}/cpu{number}", threads) & online
            for sibling in cpulist.members(siblings):
                locations[sibling].threads = locations[sibling].threads or siblings
    _drop_overlaps(locations, online)
    return locations


def add_cpuinfo(locations: dict[int, CpuLocation], info: CpuInfo) -> None:
    """Add what /sys does not have, from the records of x86, ia64, s390 and loongarch."""
    for number, location in locations.items():
        record = info.records.get(number)
        if record is None:
            continue
        if location.package is None:
            location.package = info.number(number, "physical id", "package")
            location.book = location.book if location.book is not None else info.number(number, "book id")
            location.drawer = location.drawer if location.drawer is not None else info.number(number, "drawer id")
        if location.core is None:
            location.core = info.number(number, "core id", "core")


def _read_level(reader: FieldReader, locations: dict[int, CpuLocation], level: str, name: str, sets: list[str]) -> None:
    online = sum(1 << number for number in locations)
    left = dict(locations)
    while left:
        number, location = next(iter(left.items()))
        del left[number]
        level_id = _read_id(reader, number, name)
        setattr(location, level, level_id)
        together = reader.cpu_set_with("processors", number, f"{CPU_DIR}/cpu{number}", sets) & online if sets else 0
        _set_cpus(location, level, together)
        others = [other for other in cpulist.members(together) if other in left]
        # On POWER the set is that of a NUMA node: use it only if its last CPU has the same ID.
        if others and _read_id(reader, others[-1], name) == level_id:
            for other in others:
                neighbour = left.pop(other)
                setattr(neighbour, level, level_id)
                _set_cpus(neighbour, level, together)


def _set_cpus(location: CpuLocation, level: str, cpus: int) -> None:
    # a package without an ID may still have its set; a cluster without an ID is none
    if level == "package" or (level in ("die", "cluster") and getattr(location, level) is not None):
        setattr(location, f"{level}_cpus", cpus)


def _read_id(reader: FieldReader, number: int, name: str) -> int | None:
    level_id = reader.number("processors", f"{CPU_DIR}/cpu{number}/topology/{name}")
    return None if name == "cluster_id" and level_id in _NO_CLUSTER else level_id


def _drop_overlaps(locations: dict[int, CpuLocation], online: int) -> None:
    """Discard sets that overlap: they contradict each other."""
    for name in ("threads", "package_cpus", "die_cpus", "cluster_cpus"):
        sets = {getattr(location, name) for location in locations.values()}
        if sum(cpus.bit_count() for cpus in sets) > online.bit_count():
            for location in locations.values():
                setattr(location, name, 0)
