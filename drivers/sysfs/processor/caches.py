"""Caches: /sys/devices/system/cpu/cpuN/cache/indexM; on s390 the shared ones are only in /proc/cpuinfo."""

from __future__ import annotations

from hostinfo.errors import ParseError
from hostinfo.model.cpu import Cache

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR
from .cpuinfo import CpuInfo, parse_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Shape = tuple[int, str, int | None, int | None, int | None, int | None]
"""Level, type, size, ways, line size, sets."""
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
_SPARC_FILES = (("l1_dcache", 1, "Data"), ("l1_icache", 1, "Instruction"), ("l2_cache", 2, "Unified"))
_SHARED = ("shared_cpu_map", "shared_cpu_list")
_ORDER = {"Data": 0, "Instruction": 1, "Unified": 2}


class Caches:
    """The kinds of cache, each with the sets of CPUs that share one instance; None: the sets are unknown."""

    __slots__ = ("found", "source")

    def __init__(self) -> None:
        self.found: dict[Shape, set[int] | None] = {}
        self.source = source_of(f"{CPU_DIR}/cpu*/cache")

    def add(self, shape: Shape, cpus: int | None) -> None:
        """Add an instance shared by these CPUs; None: the CPUs are unknown."""
        groups = self.found.setdefault(shape, set())
        if cpus and groups is not None:
            groups.add(cpus)
        elif not cpus:
            self.found[shape] = None

    def to_model(self) -> tuple[Cache, ...]:
        """Return the caches by level and type."""
        shapes = sorted(self.found, key=lambda shape: (shape[0], _ORDER.get(shape[1], 3), -(shape[2] or 0), str(shape)))
        return tuple(_to_cache(shape, self.found[shape]) for shape in shapes)

    def last_level_bytes(self) -> dict[int, int]:
        """Return the size of the last-level cache of each CPU."""
        sizes: dict[int, int] = {}
        for shape in sorted(self.found, key=lambda shape: shape[0]):
            if shape[1] != "Instruction" and shape[2] is not None:
                for group in self.found[shape] or ():
                    sizes.update(dict.fromkeys(cpulist.members(group), shape[2]))
        return sizes


def read_caches(reader: FieldReader, online: int, core_of: Callable[[int], int] = lambda number: 1 << number) -> Caches:
    """Return the caches of the online CPUs; ``core_of`` returns the set of CPUs in a CPU's core."""
    caches = Caches()
    kinds: dict[tuple[tuple[str, ...], str], tuple[int, str]] = {}
    shapes: dict[tuple[int, str, int | None], Shape] = {}
    covered: dict[str, int] = {}
    listed: dict[int, tuple[str, ...]] = {}
    for number in cpulist.members(online):
        core = core_of(number)
        if core in listed and all(cpulist.has(covered.get(name, 0), number) for name in listed[core]):
            continue  # read with another thread of this core
        names = listed[core] = tuple(reader.names("caches", f"{CPU_DIR}/cpu{number}/cache"))
        for name in names:
            if not name.startswith("index") or cpulist.has(covered.get(name, 0), number):
                continue
            path = f"{CPU_DIR}/cpu{number}/cache/{name}"
            # the meaning of an index differs only between CPUs whose lists of indexes differ
            kind = kinds.get((names, name)) or _read_kind(reader, path)
            if kind is None:
                continue
            kinds[names, name] = kind
            cpus = reader.cpu_set_with("caches", number, path, _SHARED) & online
            size = parse_size(reader.attribute("caches", f"{path}/size"))
            shape = shapes.get((*kind, size))
            if shape is None:
                shape = shapes[*kind, size] = _read_shape(reader, path, kind, size)
            # ia64 prints an empty set for caches that are private to the core
            caches.add(shape, cpus or core)
            covered[name] = covered.get(name, 0) | (cpus or core)
    return caches


def add_s390(caches: Caches, info: CpuInfo, cores: list[int] | None) -> None:
    """Add the lines ``cache0 : level=1 type=Data scope=Private size=128K line_size=256 associativity=8``."""
    known = {(shape[0], shape[1]) for shape in caches.found}
    for index in range(16):
        line = info.get(None, f"cache{index}")
        if line is None:
            return
        values = dict(pair.split("=", 1) for pair in line.split() if "=" in pair)
        level, kind = parse_int(values.get("level")), values.get("type", "")
        if level is None or (level, kind) in known:
            continue
        size = parse_size(values.get("size"))
        shape = (level, kind, size, parse_int(values.get("associativity")), parse_int(values.get("line_size")), None)
        is_private = values.get("scope") == "Private"
        for core in (cores if is_private else None) or (None,):
            caches.add(shape, core)
        if known == set():
            caches.source = "/proc/cpuinfo"
        elif "/proc/cpuinfo" not in caches.source:
            caches.source += ", /proc/cpuinfo"


def read_sparc(reader: FieldReader, caches: Caches, cores: list[int]) -> None:
    """Add sparc64's caches: ``l1_dcache_size`` and others in each CPU's directory."""
    for core in cores:
        path = f"{CPU_DIR}/cpu{(core & -core).bit_length() - 1}"
        for prefix, level, kind in _SPARC_FILES:
            size = reader.number("caches", f"{path}/{prefix}_size")
            if size:
                line = reader.number("caches", f"{path}/{prefix}_line_size")
                caches.add((level, kind, size, None, line or None, None), core)
        if not caches.found:
            return
    caches.source = source_of(f"{CPU_DIR}/cpu*/l*_cache_size")


def parse_size(text: str | None) -> int | None:
    """Return bytes from ``32K``; None if absent or 0."""
    if not text:
        return None
    unit = _UNITS.get(text[-1:])
    number = parse_int(text[:-1] if unit is not None else text)
    return number * (unit or 1) if number else None


def _read_kind(reader: FieldReader, path: str) -> tuple[int, str] | None:
    level = reader.number("caches", f"{path}/level")
    kind = reader.attribute("caches", f"{path}/type")
    return (level, kind) if level is not None and kind is not None else None


def _read_shape(reader: FieldReader, path: str, kind: tuple[int, str], size: int | None) -> Shape:
    ways = reader.number("caches", f"{path}/ways_of_associativity")
    line = reader.number("caches", f"{path}/coherency_line_size")
    sets = reader.number("caches", f"{path}/number_of_sets")
    if ways == 0:  # POWER: fully associative
        ways = size // line if size and line and sets == 1 else None
    if size and ways and line and sets and not _add_up(size, ways, line, sets):
        # a line of CPUID's partitioned caches is part of a longer one
        partitions = reader.number("caches", f"{path}/physical_line_partition") or 1
        if not _add_up(size, ways, line * partitions, sets):
            _report_contradiction(reader, path, f"{size} bytes are not {sets} sets of {ways} lines of {line} bytes")
            ways = sets = None
    return (*kind, size, ways, line or None, sets or None)


def _add_up(size: int, ways: int, line: int, sets: int) -> bool:
    """Whether the parts have the size; the kernel computes one of them from the others and rounds down."""
    return size // line // ways == sets or size // line // sets == ways


def _report_contradiction(reader: FieldReader, path: str, why: str) -> None:
    for field in ("caches.ways", "caches.sets"):
        reader.report_once(field, ParseError(source_of(path), why))


def _to_cache(shape: Shape, groups: set[int] | None) -> Cache:
    level, kind, size, ways, line, sets = shape
    widths = {group.bit_count() for group in groups or ()}
    return Cache(
        level=level,
        type=kind,
        size_bytes=size,
        ways=ways,
        line_bytes=line,
        sets=sets,
        instances=len(groups) if groups else None,
        cpus_per_instance=widths.pop() if len(widths) == 1 else None,
    )
