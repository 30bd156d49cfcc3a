"""Frequencies: /sys/devices/system/cpu/cpufreq, Documentation/admin-guide/pm/cpufreq.rst, in kHz.

CPUs of one policy have one frequency; the policy's number is its first CPU's. Before 4.3 each CPU had its own folder.
"""

from hostinfo.errors import ParseError

from . import cpulist
from .field_reader import CPU_DIR, Reading


class Policies:
    """The folders of the frequency policies by their first CPU; none in most guests."""

    __slots__ = ("_reading", "folders", "online", "source")

    def __init__(self, reading: Reading, online: int) -> None:
        self._reading = reading
        self.online = online
        self.source = f"/{CPU_DIR}/cpufreq"
        self.folders: dict[int, str] = {}
        for name in reading.names("max_frequency_hz", f"{CPU_DIR}/cpufreq"):
            if name.startswith("policy") and name[6:].isdecimal() and len(name) < 12:
                self.folders[int(name[6:])] = f"{CPU_DIR}/cpufreq/{name}"
        if not self.folders:
            self.source = f"/{CPU_DIR}/cpu*/cpufreq"
            self._add_old_folders()

    def limits(self, which: str, field: str) -> dict[int, int]:
        """``cpuinfo_min_freq`` or ``cpuinfo_max_freq`` of each policy, in Hz."""
        return {
            number: kilohertz * 1000
            for number, folder in self.folders.items()
            if (kilohertz := self._reading.number(field, f"{folder}/{which}"))
        }

    def of_cpus(self, values: dict[int, int]) -> dict[int, int]:
        """Values of policies as those of their CPUs; where each CPU has its own policy nothing more is read."""
        if len(self.folders) >= self.online.bit_count():
            return values
        found: dict[int, int] = {}
        for number, value in values.items():
            cpus = self._affected(self.folders[number]) & self.online or 1 << number
            found.update(dict.fromkeys(cpulist.members(cpus), value))
        return found

    def current(self) -> dict[int, int]:
        """The frequency of each CPU, in Hz: a request to the driver, made only where nothing else tells."""
        hertz: dict[int, int] = {}
        for number, folder in self.folders.items():
            kilohertz = self._reading.number("current_frequency_hz", f"{folder}/scaling_cur_freq")
            if kilohertz:
                hertz[number] = kilohertz * 1000
        return self.of_cpus(hertz)

    def _affected(self, folder: str) -> int:
        text = self._reading.attribute("kinds", f"{folder}/affected_cpus")
        try:
            return cpulist.parse_list((text or "").replace(" ", ","), f"/{folder}/affected_cpus")
        except ParseError as error:
            self._reading.blame("kinds", error)
            return 0

    def _add_old_folders(self) -> None:
        for number in cpulist.members(self.online):
            folder = f"{CPU_DIR}/cpu{number}/cpufreq"
            if self._reading.tree.is_dir(folder):
                self.folders[number] = folder
            elif not self.folders:
                return  # the first CPU has none: no driver for frequencies
