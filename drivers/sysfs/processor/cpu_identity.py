"""Who made a CPU and what it can do, out of the keys that /proc/cpuinfo has on each architecture."""

from .cpuinfo import CpuInfo, megahertz, whole

_MODEL_KEYS = ("model name", "Model Name", "cpu model", "uarch", "cpu")
_FLAG_KEYS = ("flags", "Features", "features", "isa", "cpucaps", "ASEs implemented")
_S390_NAMES = {
    "2064": "z900", "2066": "z800", "2084": "z990", "2086": "z890", "2094": "z9 EC", "2096": "z9 BC", "2097": "z10 EC",
    "2098": "z10 BC", "2817": "z196", "2818": "z114", "2827": "zEC12", "2828": "zBC12", "2964": "z13", "2965": "z13s",
    "3906": "z14", "3907": "z14 ZR1", "8561": "z15 T01", "8562": "z15 T02", "3931": "z16 A01", "3932": "z16 A02",
    "9175": "z17",
}  # fmt: skip
"""Machine types by name: the kernel's arch/s390/kernel/processor.c and IBM's announcements."""


class Identity:
    """What one CPU is."""

    __slots__ = ("cpuid_level", "family", "flags", "model", "model_name", "revision", "stepping", "vendor_id")

    def __init__(self) -> None:
        self.vendor_id: str | None = None
        self.model_name: str | None = None
        self.family: int | None = None
        self.model: int | None = None
        self.stepping: int | None = None
        self.revision: str | None = None
        self.cpuid_level: int | None = None
        self.flags: tuple[str, ...] = ()


class Identities:
    """Identities of the CPUs in one /proc/cpuinfo; equal flags are one object."""

    def __init__(self, info: CpuInfo) -> None:
        self.info = info
        self._flags: dict[str, tuple[str, ...]] = {}

    def of(self, number: int | None) -> Identity:
        """What this CPU is; None: what the lines for all CPUs tell."""
        get = self.info.get
        its = Identity()
        its.flags = self._split(get(number, *_FLAG_KEYS))
        if get(number, "CPU implementer", "CPU part") is not None:
            self._add_arm(its, number)
        elif get(number, "vendor_id") == "IBM/S390":
            self._add_s390(its, number)
        elif get(number, "mvendorid", "marchid", "uarch", "hart") is not None:
            self._add_riscv(its, number)
        else:
            self._add_others(its, number)
        return its

    def _split(self, text: str | None) -> tuple[str, ...]:
        if text is None:
            return ()
        if text not in self._flags:
            if "," in text:  # ia64 "branchlong, 16-byte atomic ops", sparc "flush,stbar"
                words = [word.strip() for word in text.split(",")]
            elif text.startswith("rv"):  # riscv "rv64imafdc_zicntr_zba"
                words = text.split("_")
            else:
                words = text.split()
            self._flags[text] = tuple(word for word in words if word)
        return self._flags[text]

    def _add_others(self, its: Identity, number: int | None) -> None:
        get, integer = self.info.get, self.info.number
        its.vendor_id = get(number, "vendor_id", "vendor")
        family = get(number, "cpu family", "family")
        its.family = whole(family)
        its.model = integer(number, "model")
        its.stepping = integer(number, "stepping", "revision")
        its.cpuid_level = integer(number, "cpuid level")
        its.model_name = get(number, *_MODEL_KEYS)
        if its.model_name is None and family is not None and its.family is None:
            its.model_name = family  # ia64: "Itanium 2"
        if its.model_name == "unknown":
            its.model_name = None
        its.revision = get(number, "CPU Revision")  # loongarch
        if its.revision is None and its.stepping is None:
            its.revision = get(number, "revision")  # POWER: 2.1 (pvr 003f 0201)

    def _add_arm(self, its: Identity, number: int | None) -> None:
        from . import arm

        get, integer = self.info.get, self.info.number
        implementer = integer(number, "CPU implementer")
        part = integer(number, "CPU part")
        variant = integer(number, "CPU variant")
        if implementer is not None:
            its.vendor_id = arm.vendor(implementer)
            its.model_name = arm.core(implementer, part) if part is not None else None
        its.model_name = its.model_name or get(number, "model name", "Processor")
        its.family = _leading(get(number, "CPU architecture"))
        its.model = part
        its.stepping = integer(number, "CPU revision")
        if variant is not None and its.stepping is not None:
            its.revision = f"r{variant}p{its.stepping}"

    def _add_s390(self, its: Identity, number: int | None) -> None:
        machine = self.info.get(number, "machine") or ""
        its.vendor_id = "IBM/S390"
        its.model = whole(machine)
        name = _S390_NAMES.get(machine)
        its.model_name = f"IBM {name}" if name is not None else None

    def _add_riscv(self, its: Identity, number: int | None) -> None:
        get = self.info.get
        its.vendor_id = get(number, "mvendorid")
        its.model_name = get(number, "uarch")
        numbers = [f"{key} {value}" for key in ("marchid", "mimpid") if (value := get(number, key)) is not None]
        its.revision = ", ".join(numbers) or None


def frequency(info: CpuInfo, number: int) -> int | None:
    """The frequency that the record of this CPU tells."""
    hertz = megahertz(info.get(number, "cpu MHz", "CPU MHz", "cpu MHz dynamic", "clock"))
    if hertz is None:  # alpha: "462962962 est."
        words = (info.get(number, "cycle frequency [Hz]") or "").split()
        hertz = whole(words[0]) if words else None
    return hertz or None


def address_bits(info: CpuInfo, number: int | None) -> tuple[int | None, int | None]:
    """Widths of physical and virtual addresses."""
    physical = virtual = None
    for part in (info.get(number, "address sizes", "Address Sizes") or "").split(","):
        match part.split():
            case [bits, "bits", "physical"]:
                physical = whole(bits)
            case [bits, "bits", "virtual"]:
                virtual = whole(bits)
            case _:
                continue
    paging = info.get(number, "mmu")
    if virtual is None and paging is not None and paging.startswith("sv"):  # riscv: sv39
        virtual = whole(paging[2:])
    return physical, virtual


def cache_bytes(info: CpuInfo, number: int) -> int | None:
    """The "cache size" of x86."""
    match (info.get(number, "cache size") or "").split():
        case [size, "KB"]:
            kibibytes = whole(size)
            return kibibytes * 1024 if kibibytes else None
    return None


def _leading(text: str | None) -> int | None:
    """7 from 7, 5TEJ, 8; AArch64 of the first arm64 kernels is 8."""
    if text is None:
        return None
    if text == "AArch64":
        return 8
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return whole(digits) if digits else None
