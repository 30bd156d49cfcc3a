"""Machines that mix sorts of CPU: hybrid x86 (/sys/devices/cpu_core, cpu_atom, cpu_lowpower) and ARM's big.LITTLE."""

from hostinfo.model.cpu import CpuKind

from . import cpulist
from .cpu_identity import Identities
from .cpuinfo import CpuInfo
from .field_reader import CPU_DIR, Reading

_HYBRID_X86 = ("core", "atom", "lowpower")


class Kinds:
    """The sets of CPUs by the name of their sort; empty: all are of one sort."""

    __slots__ = ("capacities", "sets", "source")

    def __init__(self) -> None:
        self.sets: dict[str, int] = {}
        self.capacities: dict[int, int] = {}
        self.source = ""

    def listed(self, top: dict[int, int]) -> tuple[CpuKind, ...]:
        """As the model has them; ``top`` are the highest frequencies by the first CPU of each policy."""
        found = []
        for name, cpus in self.sets.items():
            numbers = cpulist.members(cpus)
            frequencies = [hertz for number, hertz in top.items() if cpulist.has(cpus, number)]
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


def read_kinds(reading: Reading, online: int, info: CpuInfo | None, top: dict[int, int]) -> Kinds:
    """The sorts by the kernel's word, else by the core's name, its relative capacity, its highest frequency."""
    kinds = Kinds()
    for name in _HYBRID_X86:
        cpus = reading.cpus("kinds", f"sys/devices/cpu_{name}/cpus")
        if cpus is not None and cpus & online:
            kinds.sets[name] = cpus & online
    if kinds.sets:
        kinds.source = "/sys/devices/cpu_*/cpus"
        return _if_mixed(kinds)
    first = (online & -online).bit_length() - 1
    if reading.number("kinds", f"{CPU_DIR}/cpu{first}/cpu_capacity") is not None:
        for number in cpulist.members(online):
            capacity = reading.number("kinds", f"{CPU_DIR}/cpu{number}/cpu_capacity")
            if capacity is not None:
                kinds.capacities[number] = capacity
    is_arm = info is not None and info.get(first, "CPU implementer") is not None
    if info is not None and is_arm:
        _by_name(kinds, online, info)
    if len(kinds.sets) < 2 and kinds.capacities:
        kinds.sets = {}
        _by_number(kinds, kinds.capacities, "capacity-%d")
        kinds.source = f"/{CPU_DIR}/cpu*/cpu_capacity"
    if len(kinds.sets) < 2 and is_arm and len(top) > 1:
        kinds.sets = {}
        _by_number(kinds, top, "%d-hz")
        kinds.source = f"/{CPU_DIR}/cpufreq"
    return _if_mixed(kinds)


def _by_name(kinds: Kinds, online: int, info: CpuInfo) -> None:
    identities = Identities(info)
    for number in cpulist.members(online):
        name = identities.of(number).model_name or "unnamed"
        kinds.sets[name] = kinds.sets.get(name, 0) | 1 << number
    kinds.source = "/proc/cpuinfo"


def _by_number(kinds: Kinds, numbers: dict[int, int], form: str) -> None:
    for number, value in sorted(numbers.items()):
        name = form % value
        kinds.sets[name] = kinds.sets.get(name, 0) | 1 << number


def _if_mixed(kinds: Kinds) -> Kinds:
    if len(kinds.sets) < 2:
        kinds.sets = {}
    return kinds
