"""CPU frequencies: /sys/devices/system/cpu/cpufreq (kHz), Documentation/admin-guide/pm/cpufreq.rst.

The CPUs of a policy share one frequency; a policy has the number of its first CPU. Before Linux 4.3, each CPU has a
directory instead.
"""

from hostinfo.errors import DriverError, ParseError

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR

_TOLERATED_PERCENT = 2
"""Error of a measured frequency."""


class FrequencyPolicies:
    """The directories of the cpufreq policies by first CPU; most guests have none."""

    __slots__ = ("_reader", "directories", "online", "source")

    def __init__(self, reader: FieldReader, online: int) -> None:
        self._reader = reader
        self.online = online
        self.source = source_of(f"{CPU_DIR}/cpufreq")
        self.directories: dict[int, str] = {}
        for name in reader.names("max_frequency_hz", f"{CPU_DIR}/cpufreq"):
            if name.startswith("policy") and name[6:].isdecimal() and len(name) < 12:
                self.directories[int(name[6:])] = f"{CPU_DIR}/cpufreq/{name}"
        if not self.directories:
            self.source = source_of(f"{CPU_DIR}/cpu*/cpufreq")
            self._add_cpu_directories()

    def limits(self, name: str, field: str) -> dict[int, int]:
        """Return ``cpuinfo_min_freq`` or ``cpuinfo_max_freq`` of each policy, in Hz, by first CPU."""
        return {
            number: kilohertz * 1000
            for number, folder in self.directories.items()
            if (kilohertz := self._reader.number(field, f"{folder}/{name}"))
        }

    def of_cpus(self, values: dict[int, int]) -> dict[int, int]:
        """Map values by policy to values by CPU; if each CPU has its own policy, nothing more is read."""
        if len(self.directories) >= self.online.bit_count():
            return values
        found: dict[int, int] = {}
        for number, value in values.items():
            cpus = self._affected(self.directories[number]) & self.online or 1 << number
            found.update(dict.fromkeys(cpulist.members(cpus), value))
        return found

    def current(self) -> dict[int, int]:
        """Return the frequency of each CPU in Hz. Slow: each read queries the cpufreq driver."""
        hertz: dict[int, int] = {}
        for number, folder in self.directories.items():
            kilohertz = self._reader.number("current_frequency_hz", f"{folder}/scaling_cur_freq")
            if kilohertz:
                hertz[number] = kilohertz * 1000
        return self.of_cpus(hertz)

    def excludes_boost(self) -> bool:
        """Whether ``cpuinfo_max_freq`` leaves out the boost that is enabled.

        acpi-cpufreq includes it only where the firmware has CPPC: then it is above the highest available frequency.
        """
        field = "max_frequency_hz"
        folder = self.directories[min(self.directories)]
        if self._reader.attribute(field, f"{folder}/scaling_driver") != "acpi-cpufreq":
            return False
        boost = self._reader.number(field, f"{folder}/boost")  # per policy since Linux 6.11
        if boost is None:
            boost = self._reader.number(field, f"{CPU_DIR}/cpufreq/boost")
        if not boost:
            return False
        text = self._reader.attribute(field, f"{folder}/scaling_available_frequencies") or ""
        available = [int(word) for word in text.split() if word.isdecimal() and len(word) < 12]
        maximum = self._reader.number(field, f"{folder}/cpuinfo_max_freq") or 0
        return maximum <= max(available, default=maximum)

    def _affected(self, folder: str) -> int:
        text = self._reader.attribute("kinds", f"{folder}/affected_cpus")
        try:
            return cpulist.parse_list((text or "").replace(" ", ","), source_of(f"{folder}/affected_cpus"))
        except ParseError as error:
            self._reader.report_once("kinds", error)
            return 0

    def _add_cpu_directories(self) -> None:
        for number in cpulist.members(self.online):
            folder = f"{CPU_DIR}/cpu{number}/cpufreq"
            if self._reader.tree.is_dir(folder):
                self.directories[number] = folder
            elif not self.directories:
                return  # the first CPU has none: no cpufreq driver


def is_exceeded(maximum: int, current: int) -> bool:
    """Whether a CPU runs faster than its maximum frequency; "cpu MHz" is measured, with an error of 1 or 2 %."""
    return current * (100 - _TOLERATED_PERCENT) // 100 > maximum


def find_maximum(
    reader: FieldReader, policies: FrequencyPolicies, maximum: int, current: int
) -> tuple[int | None, str]:
    """Return the maximum frequency in Hz with turbo, and its source; None and the reason if it is unknown.

    ``maximum`` is that of cpufreq and ``current`` the highest current one, 0 if unknown. If the CPU runs faster, or the
    driver leaves out boost, the maximum is that of SMBIOS type 4 where it is higher.
    """
    if not is_exceeded(maximum, current) and not policies.excludes_boost():
        return maximum, policies.source
    by_firmware, source = _smbios_maximum(reader)
    if by_firmware > maximum and not is_exceeded(by_firmware, current):
        return by_firmware, source
    return None, f"cpufreq leaves out the boost above {maximum // 1_000_000} MHz; no higher maximum in {source}"


def _smbios_maximum(reader: FieldReader) -> tuple[int, str]:
    """Return the highest maximum of the populated sockets in Hz and its source; 0 and the reason if there is none."""
    from ...sources.smbios import TABLE, read_smbios  # rarely needed

    try:
        tables = read_smbios(reader.tree)
    except DriverError as error:
        return 0, str(error)
    sockets = [info for info in tables.processors if info.is_populated] if tables is not None else []
    return max((info.max_frequency_hz or 0 for info in sockets), default=0), f"{TABLE} type 4"
