"""Parse /proc/cpuinfo, proc_cpuinfo(5): one record per CPU, and lines that apply to all CPUs.

The keys depend on the architecture, as printed by show_cpuinfo() or c_show() in its arch/ directory:

- x86, ia64, riscv, loongarch, mips, parisc, sh, hexagon, openrisc and csky have one record per CPU.
- arm and arm64 print records since Linux 3.8 and 3.19. Before, ``processor`` lines list the CPUs, and one block, read
  from the CPU that happens to run, describes all.
- 32-bit ARM, POWER and MIPS add lines for all CPUs.
- s390 has ``processor N: key = value, …`` lines and, on newer kernels, ``cpu number`` records; arc ``processor [N]``.
- sparc has no records; ``CPUN: online`` and, without SMP, ``CpuNClkTck`` lines list the CPUs.
- alpha, m68k, nios2, microblaze and xtensa describe all CPUs at once.

The case of the keys that several architectures use is unified: loongarch has ``Model Name`` and ``CPU MHz``.
"""

from hostinfo.errors import ParseError

from ...sources.cpulist import LIMIT, members, parse_list

SOURCE = "/proc/cpuinfo"
_KEYS = {
    key.lower(): key
    for key in (
        "vendor_id", "vendor", "cpu family", "model name", "cpu model", "stepping", "microcode", "cpu MHz",
        "cache size", "physical id", "core id", "cpu cores", "siblings", "flags", "features", "address sizes", "bugs",
        "isa", "CPU implementer", "CPU variant", "CPU part",
    )
}  # fmt: skip
_IDENTITY = ("features", "flags", "isa", "CPU implementer", "CPU part", "model name", "cpu model", "vendor_id", "cpu")
"""Keys of which a description of a CPU has at least one."""


class CpuInfo:
    """The lines of each CPU and those of all CPUs, as unparsed text."""

    __slots__ = ("common", "records")

    def __init__(self) -> None:
        self.common: dict[str, str] = {}
        self.records: dict[int, dict[str, str]] = {}

    def get(self, number: int | None, *keys: str) -> str | None:
        """Return the value of the first of these keys, for this CPU or for all; ``number`` None: only for all CPUs."""
        record = self.records.get(number) if number is not None else None
        for key in keys:
            value = (record.get(key) if record is not None else None) or self.common.get(key)
            if value:
                return value
        return None

    def is_description_shared(self, number: int) -> bool:
        """Return whether one description on ARM, of the CPU that happened to run, is all that describes this CPU."""
        return "CPU implementer" in self.common and "CPU implementer" not in self.records.get(number, {})

    def number(self, number: int | None, *keys: str) -> int | None:
        """Return the value as ``get`` does, as an integer; None if it is not one."""
        return parse_int(self.get(number, *keys))


def parse_cpuinfo(text: str) -> CpuInfo:
    """Return the records by CPU number. ParseError: there are more CPUs than the limit."""
    info = CpuInfo()
    common = current = info.common
    keys: dict[str, str] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        key = key.strip()
        if key not in keys:
            keys[key] = _KEYS.get(key.lower(), key)
        key = keys[key]
        if not colon:
            if not key:
                current = common  # an empty line ends a record
            continue
        value = value.strip()
        # ia64 has "cpu number" within its records, for something else
        if (key in ("processor", "Processor") or (key == "cpu number" and current is common)) and value.isdecimal():
            current = _record(info, value)
        elif key.startswith("processor [") and key[11:-1].isdecimal():
            current = _record(info, key[11:-1])
            current.setdefault("model name", value.partition("(")[0].strip())
        elif key.startswith("processor ") and key[10:].isdecimal():
            _record(info, key[10:]).update(_pairs(value))
        else:
            current.setdefault(key, value)
    if not info.records:
        _add_listed_cpus(info)
    elif len(info.records) > 1:
        _share_description(info)
    return info


def parse_int(text: str | None) -> int | None:
    """Return an unsigned integer of at most 64 bits, decimal or 0x…; None if the text is not one."""
    if text is None or len(text) > 24:
        return None
    try:
        number = int(text, 16 if text[:2] in ("0x", "0X") else 10)
    except ValueError:
        return None
    return number if 0 <= number < 1 << 64 else None


def parse_megahertz(text: str | None) -> int | None:
    """Return Hz from MHz such as ``1203.514`` or ``3000.000000MHz``; None if absent or 0."""
    if text is None or len(text) > 24:
        return None
    try:
        hertz = float(text.lower().removesuffix("mhz")) * 1_000_000
    except ValueError:
        return None
    return round(hertz) if 1 <= hertz < 1e12 else None


def _record(info: CpuInfo, text: str) -> dict[str, str]:
    number = int(text) if len(text) < 8 else LIMIT
    if number >= LIMIT:
        raise ParseError(SOURCE, f"more than {LIMIT} CPUs")
    return info.records.setdefault(number, {})


def _pairs(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(","))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def _share_description(info: CpuInfo) -> None:
    """Let the description after the last of several ``processor`` lines apply to all CPUs if no other CPU has one."""
    *others, last = info.records.values()
    if any(key in record for record in others for key in _IDENTITY):
        return
    shared = [key for key in last if key not in others[0]]
    if any(key in _IDENTITY for key in shared):
        for key in shared:
            info.common.setdefault(key, last.pop(key))


def _add_listed_cpus(info: CpuInfo) -> None:
    """Add the CPUs that are online on xtensa and sparc; sparc without SMP has the clock of its only CPU instead."""
    for number in members(parse_list(info.common.get("CPU list", ""), SOURCE)):
        _record(info, str(number))
    if "Cpu0ClkTck" in info.common and "State" not in info.common:
        info.common.setdefault("CPU0", "online")
    for key, value in info.common.items():
        if key.startswith("CPU") and key[3:].isdecimal() and value == "online":
            record = _record(info, key[3:])
            clock = info.common.get(f"Cpu{key[3:]}ClkTck", "")
            hertz = parse_int("0x" + clock)
            if hertz:
                record["cpu MHz"] = str(hertz / 1_000_000)
