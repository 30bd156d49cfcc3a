"""Caches: /sys/devices/system/cpu/cpuN/cache/indexM; s390 tells the shared ones in /proc/cpuinfo only."""

from hostinfo.model.cpu import Cache

from . import cpulist
from .cpuinfo import CpuInfo, whole
from .field_reader import CPU_DIR, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Shape = tuple[int, str, "int | None", "int | None", "int | None", "int | None"]
"""level, type, size, ways, line, sets"""
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
_SPARC_FILES = (("l1_dcache", 1, "Data"), ("l1_icache", 1, "Instruction"), ("l2_cache", 2, "Unified"))
_SHARED = ("shared_cpu_map", "shared_cpu_list")
_ORDER = {"Data": 0, "Instruction": 1, "Unified": 2}


class Caches:
    """Kinds of cache with the sets of CPUs that share each instance."""

    __slots__ = ("found", "source")

    def __init__(self) -> None:
        self.found: dict[Shape, set[int] | None] = {}
        self.source = f"/{CPU_DIR}/cpu*/cache"

    def add(self, shape: Shape, cpus: int | None) -> None:
        """One more instance, shared by these CPUs; None: by nobody knows which."""
        groups = self.found.setdefault(shape, set())
        if cpus and groups is not None:
            groups.add(cpus)
        elif not cpus:
            self.found[shape] = None

    def listed(self) -> tuple[Cache, ...]:
        """As the model has them, by level and type."""
        shapes = sorted(self.found, key=lambda shape: (shape[0], _ORDER.get(shape[1], 3), -(shape[2] or 0), str(shape)))
        return tuple(_as_cache(shape, self.found[shape]) for shape in shapes)

    def last_level_bytes(self) -> dict[int, int]:
        """Size of the last-level cache of each CPU."""
        sizes: dict[int, int] = {}
        for shape in sorted(self.found, key=lambda shape: shape[0]):
            if shape[1] != "Instruction" and shape[2] is not None:
                for group in self.found[shape] or ():
                    sizes.update(dict.fromkeys(cpulist.members(group), shape[2]))
        return sizes


def read_caches(reading: Reading, online: int, core_of: "Callable[[int], int]" = lambda number: 1 << number) -> Caches:
    """The caches of the CPUs that are online; ``core_of`` gives the set of CPUs of a CPU's core."""
    caches = Caches()
    kinds: dict[tuple[tuple[str, ...], str], tuple[int, str]] = {}
    shapes: dict[tuple[int, str, int | None], Shape] = {}
    covered: dict[str, int] = {}
    listed: dict[int, tuple[str, ...]] = {}
    for number in cpulist.members(online):
        core = core_of(number)
        if core in listed and all(cpulist.has(covered.get(name, 0), number) for name in listed[core]):
            continue  # another thread of this core told of them all
        names = listed[core] = tuple(reading.names("caches", f"{CPU_DIR}/cpu{number}/cache"))
        for name in names:
            if not name.startswith("index") or cpulist.has(covered.get(name, 0), number):
                continue
            path = f"{CPU_DIR}/cpu{number}/cache/{name}"
            # which index is which cache differs only between CPUs whose lists differ
            kind = kinds.get((names, name)) or _read_kind(reading, path)
            if kind is None:
                continue
            kinds[names, name] = kind
            cpus = reading.own_set("caches", number, path, _SHARED) & online
            size = parse_size(reading.attribute("caches", f"{path}/size"))
            shape = shapes.get((*kind, size))
            if shape is None:
                shape = shapes[*kind, size] = _read_shape(reading, path, kind, size)
            # ia64 writes an empty set for caches that are the core's own
            caches.add(shape, cpus or core)
            covered[name] = covered.get(name, 0) | (cpus or core)
    return caches


def add_s390(caches: Caches, info: CpuInfo, cores: list[int] | None) -> None:
    """The lines ``cache0 : level=1 type=Data scope=Private size=128K line_size=256 associativity=8``."""
    told = {(shape[0], shape[1]) for shape in caches.found}
    for index in range(16):
        line = info.get(None, f"cache{index}")
        if line is None:
            return
        values = dict(pair.split("=", 1) for pair in line.split() if "=" in pair)
        level, word = whole(values.get("level")), values.get("type", "")
        if level is None or (level, word) in told:
            continue
        size = parse_size(values.get("size"))
        shape = (level, word, size, whole(values.get("associativity")), whole(values.get("line_size")), None)
        is_private = values.get("scope") == "Private"
        for core in (cores if is_private else None) or (None,):
            caches.add(shape, core)
        if told == set():
            caches.source = "/proc/cpuinfo"
        elif "/proc/cpuinfo" not in caches.source:
            caches.source += ", /proc/cpuinfo"


def read_sparc(reading: Reading, caches: Caches, cores: list[int]) -> None:
    """sparc64 has ``l1_dcache_size`` in each CPU's own directory."""
    for core in cores:
        path = f"{CPU_DIR}/cpu{(core & -core).bit_length() - 1}"
        for prefix, level, word in _SPARC_FILES:
            size = reading.number("caches", f"{path}/{prefix}_size")
            if size:
                line = reading.number("caches", f"{path}/{prefix}_line_size")
                caches.add((level, word, size, None, line or None, None), core)
        if not caches.found:
            return
    caches.source = f"/{CPU_DIR}/cpu*/l*_cache_size"


def parse_size(text: str | None) -> int | None:
    """Bytes from ``32K``; None: not told, or 0."""
    if not text:
        return None
    unit = _UNITS.get(text[-1:])
    number = whole(text[:-1] if unit is not None else text)
    return number * (unit or 1) if number else None


def _read_kind(reading: Reading, path: str) -> tuple[int, str] | None:
    level = reading.number("caches", f"{path}/level")
    word = reading.attribute("caches", f"{path}/type")
    return (level, word) if level is not None and word is not None else None


def _read_shape(reading: Reading, path: str, kind: tuple[int, str], size: int | None) -> Shape:
    ways = reading.number("caches", f"{path}/ways_of_associativity")
    line = reading.number("caches", f"{path}/coherency_line_size")
    sets = reading.number("caches", f"{path}/number_of_sets")
    if ways == 0:  # POWER: fully associative
        ways = size // line if size and line and sets == 1 else None
    return (*kind, size, ways, line or None, sets or None)


def _as_cache(shape: Shape, groups: set[int] | None) -> Cache:
    level, word, size, ways, line, sets = shape
    widths = {group.bit_count() for group in groups or ()}
    return Cache(
        level=level,
        type=word,
        size_bytes=size,
        ways=ways,
        line_bytes=line,
        sets=sets,
        instances=len(groups) if groups else None,
        cpus_per_instance=widths.pop() if len(widths) == 1 else None,
    )
