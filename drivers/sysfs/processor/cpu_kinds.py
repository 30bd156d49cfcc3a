"""Kinds of CPU in hybrid machines: x86 (/sys/devices/cpu_core, cpu_atom, cpu_lowpower) and ARM big.LITTLE."""

from hostinfo.model.cpu import CpuKind

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR
from .cpu_identity import CpuIdentities
from .cpuinfo import CpuInfo
from .frequency import is_exceeded

_HYBRID_X86 = ("core", "atom", "lowpower")


class CpuKinds:
    """The sets of CPUs by the name of their kind; empty: all CPUs are of one kind."""

    __slots__ = ("capacities", "sets", "source")

    def __init__(self) -> None:
        self.sets: dict[str, int] = {}
        self.capacities: dict[int, int] = {}
        self.source = ""

    def to_model(self, max_frequencies: dict[int, int], current: dict[int, int]) -> tuple[CpuKind, ...]:
        """Return the kinds, without maximum frequencies that are below the current ones."""
        found = []
        for name, cpus in self.sets.items():
            numbers = cpulist.members(cpus)
            frequencies = [hertz for number, hertz in max_frequencies.items() if cpulist.has(cpus, number)]
            fastest = max((current[number] for number in numbers if number in current), default=0)
            maximum = max(frequencies, default=0)
            capacities = [self.capacities[number] for number in numbers if number in self.capacities]
            found.append(
                CpuKind(
                    name=name,
                    cpus=numbers,
                    max_frequency_hz=None if is_exceeded(maximum, fastest) else maximum or None,
                    capacity=max(capacities, default=None),
                )
            )
        return tuple(found)


def read_kinds(reader: FieldReader, online: int, info: CpuInfo | None, max_frequencies: dict[int, int]) -> CpuKinds:
    """Return the kinds by the kernel's name, else by the core's name and its capacity or maximum frequency."""
    kinds = CpuKinds()
    for name in _HYBRID_X86:
        cpus = reader.cpu_set("kinds", f"sys/devices/cpu_{name}/cpus")
        if cpus is not None and cpus & online:
            kinds.sets[name] = cpus & online
    if kinds.sets:
        kinds.source = "/sys/devices/cpu_*/cpus"
        return _drop_single_kind(kinds)
    kinds.capacities = _read_each(reader, online, "cpu_capacity")
    first = (online & -online).bit_length() - 1
    is_arm = info is not None and info.get(first, "CPU implementer") is not None
    names = _names(online, info) if info is not None and is_arm else {}
    speeds, form, source = kinds.capacities, "capacity-%d", source_of(f"{CPU_DIR}/cpu*/cpu_capacity")
    if len(set(speeds.values())) < 2 and is_arm:
        speeds, form, source = max_frequencies, "%d-hz", source_of(f"{CPU_DIR}/cpufreq")
        if len(set(speeds.values())) < 2:
            speeds = _read_each(reader, online, "acpi_cppc/highest_perf")
            form, source = "performance-%d", source_of(f"{CPU_DIR}/cpu*/acpi_cppc/highest_perf")
    if not is_arm and not speeds:
        speeds, form, source = _distinct_frequencies(max_frequencies), "%d-hz", source_of(f"{CPU_DIR}/cpufreq")
    _set_kinds(kinds, online, names, {number: form % speed for number, speed in speeds.items()})
    kinds.source = source if len(set(speeds.values())) > 1 else ""
    if len(set(names.values())) > 1:
        kinds.source = f"/proc/cpuinfo, {kinds.source}" if kinds.source else "/proc/cpuinfo"
    return _drop_single_kind(kinds)


def _read_each(reader: FieldReader, online: int, name: str) -> dict[int, int]:
    """Return a number of each CPU; nothing if the first CPU has none."""
    found: dict[int, int] = {}
    for number in cpulist.members(online):
        value = reader.number("kinds", f"{CPU_DIR}/cpu{number}/{name}")
        if value is None and not found:
            return {}
        if value is not None:
            found[number] = value
    return found


def _names(online: int, info: CpuInfo) -> dict[int, str]:
    identities = CpuIdentities(info)
    return {number: identities.of(number).model_name or "unnamed" for number in cpulist.members(online)}


def _set_kinds(kinds: CpuKinds, online: int, names: dict[int, str], speeds: dict[int, str]) -> None:
    """Make one kind of all CPUs with the same name and speed, called by what is needed to distinguish them."""
    speeds_of: dict[str, set[str | None]] = {}
    for number in cpulist.members(online):
        speeds_of.setdefault(names.get(number, ""), set()).add(speeds.get(number))
    for number, speed in sorted(speeds.items()) if len(speeds_of) == 1 else ():
        kinds.sets[speed] = kinds.sets.get(speed, 0) | 1 << number
    for number in cpulist.members(online) if len(speeds_of) > 1 else ():
        label = names.get(number, "")
        if len(speeds_of[label]) > 1 and number in speeds:
            label = f"{label} {speeds[number]}"
        kinds.sets[label] = kinds.sets.get(label, 0) | 1 << number


def _distinct_frequencies(frequencies: dict[int, int]) -> dict[int, int]:
    """Return each CPU's frequency, rounded up to the highest of its kind, for x86 without /sys/devices/cpu_*.

    Kinds are more than 10 % apart: the best cores of one kind are allowed a slightly higher turbo.
    """
    kind_of: dict[int, int] = {}
    highest = last = 0
    for hertz in sorted(set(frequencies.values()), reverse=True):
        if not last or last - hertz > last // 10:
            highest = hertz
        kind_of[hertz] = highest
        last = hertz
    return {number: kind_of[hertz] for number, hertz in frequencies.items()}


def _drop_single_kind(kinds: CpuKinds) -> CpuKinds:
    if len(kinds.sets) < 2:
        kinds.sets = {}
    return kinds
