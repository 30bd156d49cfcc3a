"""Parse /proc/cpuinfo, proc_cpuinfo(5): one record per CPU, and lines that apply to all CPUs.

The keys depend on the architecture:

- x86, ia64, arm64, riscv and loongarch have one record per CPU.
- 32-bit ARM, POWER and MIPS add lines for all CPUs.
- s390 has ``processor N: key = value, …`` lines and, on newer kernels, ``cpu number`` records.
- sparc has no records; ``CPUN: online`` and ``CpuNClkTck`` lines list the CPUs.
- alpha and m68k describe all CPUs at once.
"""

from hostinfo.errors import ParseError

from ...sources.cpulist import LIMIT

SOURCE = "/proc/cpuinfo"


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

    def number(self, number: int | None, *keys: str) -> int | None:
        """Return the value as ``get`` does, as an integer; None if it is not one."""
        return parse_int(self.get(number, *keys))


def parse_cpuinfo(text: str) -> CpuInfo:
    """Return the records by CPU number. ParseError: there are more CPUs than the limit."""
    info = CpuInfo()
    common = current = info.common
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        key = key.strip()
        if not colon:
            if not key:
                current = common  # an empty line ends a record
            continue
        value = value.strip()
        # ia64 has "cpu number" within its records, for something else
        if (key == "processor" or (key == "cpu number" and current is common)) and value.isdecimal():
            current = _record(info, value)
        elif key.startswith("processor ") and key[10:].isdecimal():
            _record(info, key[10:]).update(_pairs(value))
        else:
            current.setdefault(key, value)
    if not info.records:
        _add_sparc(info)
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
        hertz = float(text.removesuffix("MHz")) * 1_000_000
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


def _add_sparc(info: CpuInfo) -> None:
    for key, value in info.common.items():
        if key.startswith("CPU") and key[3:].isdecimal() and value == "online":
            record = _record(info, key[3:])
            clock = info.common.get(f"Cpu{key[3:]}ClkTck", "")
            hertz = parse_int("0x" + clock)
            if hertz:
                record["cpu MHz"] = str(hertz / 1_000_000)
