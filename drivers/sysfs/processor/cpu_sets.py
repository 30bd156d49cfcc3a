"""Sets of the CPUs that share a core, a cluster, a die or a socket.

The kernel's sibling sets decide. IDs are used only where there are no sets, and are compared with what /proc/cpuinfo
counts: kernels number the cores of AMD's two-die packages (Opteron 6100 to 6300) from 0 in each die.
"""

from ...sources.cpulist import members
from .cpu_location import CpuLocation
from .cpuinfo import CpuInfo

Sets = list[int]
Locations = dict[int, CpuLocation]
_FEW = 16
_SINGLE_CORE_SPARCS = frozenset({"I", "II", "IIi", "IIe", "III", "III+", "IIIi"})
"""UltraSPARCs with one core per chip; they have neither package nor core IDs (sun4u)."""


def find_cores(locations: Locations, info: CpuInfo | None) -> tuple[Sets | None, str | None]:
    """Return the set of CPUs of each core; None and the reason: which CPUs share a core is unknown."""
    own, why = _check_core_ids(locations, info)
    if why is not None:
        return None, why
    found: dict[object, int] = {}
    for number, location in locations.items():
        if number in own:
            found[number, None] = 1 << number
            continue
        if not location.threads and location.core is None:
            return None, None
        key = location.threads or (location.socket, location.die, location.cluster)
        # two core IDs in one set: the two cores of an AMD Bulldozer module
        core = (key, location.core)
        found[core] = found.get(core, 0) | 1 << number
    return list(found.values()), None


def find_sockets(locations: Locations, info: CpuInfo | None, cores: Sets | None) -> tuple[Sets | None, str | None]:
    """Return the set of CPUs of each package; None and the reason: which CPUs share a package is unknown."""
    found: dict[object, int] = {}
    for number, location in locations.items():
        found[location.socket] = found.get(location.socket, 0) | 1 << number
    if None not in found:
        for cpus in found.values():
            if why := _check_package(locations, info, cpus):
                return None, why
        return list(found.values()) or None, None
    if cores is not None and len(cores) == 1:
        return cores, None
    if info is not None and _is_single_core_sparc(info):
        return [1 << number for number in locations], None
    # Without IDs, a set identifies a package only if it is more than a core. On POWER it is the NUMA node.
    is_power = info is not None and info.get(None, "timebase") is not None
    packages = {location.package_cpus for location in locations.values()}
    is_core = all(location.package_cpus == location.threads for location in locations.values())
    return (list(packages), None) if all(packages) and not is_core and not is_power else (None, None)


def first_cpus(sets: Sets | None) -> dict[int, int]:
    """Return, for each CPU, the lowest number in the set that contains it."""
    found: dict[int, int] = {}
    for cpus in sets or ():
        numbers = members(cpus) if cpus.bit_count() > _FEW else _few_members(cpus)
        found.update(dict.fromkeys(numbers, numbers[0]))
    return found


def _few_members(cpus: int) -> list[int]:
    """Return the CPU numbers in a set; faster than ``members`` for a few of thousands of CPUs."""
    numbers = []
    while cpus:
        lowest = cpus & -cpus
        numbers.append(lowest.bit_length() - 1)
        cpus ^= lowest
    return numbers


def find_dies(locations: Locations, sockets: dict[int, int]) -> Sets:
    """Return the set of CPUs of each die; ``sockets`` is the first CPU of each CPU's socket."""
    found: dict[object, int] = {}
    for number, location in locations.items():
        if location.die is not None and (location.die_cpus or number in sockets):
            key = location.die_cpus or (sockets[number], location.die)
            found[key] = found.get(key, 0) | 1 << number
    return list(found.values())


def find_clusters(locations: Locations, sockets: dict[int, int]) -> Sets:
    """Return the set of CPUs of each cluster; ``sockets`` is the first CPU of each CPU's socket."""
    found: dict[object, int] = {}
    for number, location in locations.items():
        if location.cluster is not None and (location.cluster_cpus or number in sockets):
            key = location.cluster_cpus or (sockets[number], location.die, location.cluster)
            found[key] = found.get(key, 0) | 1 << number
    return list(found.values())


def _check_core_ids(locations: Locations, info: CpuInfo | None) -> tuple[set[int], str | None]:
    """Compare core IDs with "cpu cores" and "siblings" where there are no sibling sets.

    Returns the CPUs that are a core of their own, because their package has as many cores as CPUs; or the reason why
    the IDs cannot be used.
    """
    own: set[int] = set()
    packages: dict[object, list[int]] = {}
    for number, location in locations.items():
        if not location.threads:
            packages.setdefault(location.socket, []).append(number)
    for package, numbers in packages.items():
        cores = info.number(numbers[0], "cpu cores") if info is not None else None
        siblings = info.number(numbers[0], "siblings") if info is not None else None
        if not cores or not siblings:
            continue
        ids = {(locations[number].die, locations[number].cluster, locations[number].core) for number in numbers}
        has_ids = all(locations[number].core is not None for number in numbers)
        if has_ids and (package is None or len(ids) >= cores or len(numbers) < siblings):
            continue
        if cores == siblings:
            own.update(numbers)
        elif has_ids:
            return own, f"a package has {len(ids)} core IDs, but /proc/cpuinfo counts {cores} cores"
    return own, None


def _check_package(locations: Locations, info: CpuInfo | None, cpus: int) -> str | None:
    """Return why the IDs of a package without a sibling set cannot be used."""
    number = (cpus & -cpus).bit_length() - 1
    siblings = info.number(number, "siblings") if info is not None and not locations[number].package_cpus else None
    if siblings is not None and 0 < siblings < cpus.bit_count():
        return f"{cpus.bit_count()} CPUs have one package ID, but /proc/cpuinfo counts {siblings} siblings"
    return None


def _is_single_core_sparc(info: CpuInfo) -> bool:
    name = (info.get(None, "cpu") or "").split()  # TI UltraSparc II  (BlackBird)
    return name[1:2] == ["UltraSparc"] and not _SINGLE_CORE_SPARCS.isdisjoint(name[2:3])
