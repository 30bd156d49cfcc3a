"""Kinds of CPU in hybrid machines: x86 (/sys/devices/cpu_core, cpu_atom, cpu_lowpower) and ARM big.LITTLE."""

from hostinfo.model.cpu import CpuKind

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR
from .cpu_identity import CpuIdentities
from .cpuinfo import CpuInfo

_HYBRID_X86 = ("core", "atom", "lowpower")


class CpuKinds:
    """The sets of CPUs by the name of their kind; empty: all CPUs are of one kind."""

    __slots__ = ("capacities", "sets", "source")

    def __init__(self) -> None:
        self.sets: dict[str, int] = {}
        self.capacities: dict[int, int] = {}
        self.source = ""

    def to_model(self, max_frequencies: dict[int, int]) -> tuple[CpuKind, ...]:
        """Return the kinds; ``max_frequencies`` is by the first CPU of each policy."""
        found = []
        for name, cpus in self.sets.items():
            numbers = cpulist.members(cpus)
            frequencies = [hertz for number, hertz in max_frequencies.items() if cpulist.has(cpus, number)]
            capacities = [self.capacities[number] for number in numbers if number in self.capacities]
            found.append(
                CpuKind(
                    name=name,
                    cpus=numbers,
                    max_frequency_hz=max(frequencies, default=None),
                    capacity=max(capacities, default=None),
                )
            )
        return tuple(found)


def read_kinds(reader: FieldReader, online: int, info: CpuInfo | None, max_frequencies: dict[int, int]) -> CpuKinds:
    """Return the kinds by the kernel's name, else by the core's name, its capacity, or its maximum frequency."""
    kinds = CpuKinds()
    for name in _HYBRID_X86:
        cpus = reader.cpu_set("kinds", f"sys/devices/cpu_{name}/cpus")
        if cpus is not None and cpus & online:
            kinds.sets[name] = cpus & online
    if kinds.sets:
        kinds.source = "/sys/devices/cpu_*/cpus"
        return _drop_single_kind(kinds)
    first = (online & -online).bit_length() - 1
    if reader.number("kinds", f"{CPU_DIR}/cpu{first}/cpu_capacity") is not None:
        for number in cpulist.members(online):
            capacity = reader.number("kinds", f"{CPU_DIR}/cpu{number}/cpu_capacity")
            if capacity is not None:
                kinds.capacities[number] = capacity
    is_arm = info is not None and info.get(first, "CPU implementer") is not None
    if info is not None and is_arm:
        _by_name(kinds, online, info)
    if len(kinds.sets) < 2 and kinds.capacities:
        kinds.sets = {}
        _by_number(kinds, kinds.capacities, "capacity-%d")
        kinds.source = source_of(f"{CPU_DIR}/cpu*/cpu_capacity")
    if len(kinds.sets) < 2 and is_arm and len(max_frequencies) > 1:
        kinds.sets = {}
        _by_number(kinds, max_frequencies, "%d-hz")
        kinds.source = source_of(f"{CPU_DIR}/cpufreq")
    return _drop_single_kind(kinds)


def _by_name(kinds: CpuKinds, online: int, info: CpuInfo) -> None:
    identities = CpuIdentities(info)
    for number in cpulist.members(online):
        name = identities.of(number).model_name or "unnamed"
        kinds.sets[name] = kinds.sets.get(name, 0) | 1 << number
    kinds.source = "/proc/cpuinfo"


def _by_number(kinds: CpuKinds, numbers: dict[int, int], form: str) -> None:
    for number, value in sorted(numbers.items()):
        name = form % value
        kinds.sets[name] = kinds.sets.get(name, 0) | 1 << number


def _drop_single_kind(kinds: CpuKinds) -> CpuKinds:
    if len(kinds.sets) < 2:
        kinds.sets = {}
    return kinds
