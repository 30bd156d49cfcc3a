"""CPU frequencies: /sys/devices/system/cpu/cpufreq (kHz), Documentation/admin-guide/pm/cpufreq.rst.

The CPUs of a policy share one frequency; a policy has the number of its first CPU. Before Linux 4.3, each CPU has a
directory instead.
"""

from hostinfo.errors import ParseError

from ...sources import cpulist
from ...sources.field_reader import FieldReader
from ...sources.tree import source_of
from . import CPU_DIR


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
