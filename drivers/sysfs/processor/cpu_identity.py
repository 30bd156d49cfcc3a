"""Vendor, model and features of a CPU, from the keys of /proc/cpuinfo on each architecture."""

from .cpuinfo import CpuInfo, parse_int, parse_megahertz

_MODEL_KEYS = (
    "model name", "cpu model", "uarch", "cpu type", "C-SKY CPU model", "cpu", "CPU", "cpu architecture", "CPU-Family",
)  # fmt: skip
"""The first is of most architectures; then mips and alpha, riscv, sh, csky, POWER and sparc, m68k and nios2, openrisc,
microblaze."""
_FLAG_KEYS = ("flags", "features", "isa", "cpucaps", "ASEs implemented", "cpu flags", "capabilities")
_CLOCK_KEYS = ("cpu MHz", "cpu MHz dynamic", "clock", "CPU-MHz", "Clocking", "CPU speed")
_S390_NAMES = {
    "2064": "z900", "2066": "z800", "2084": "z990", "2086": "z890", "2094": "z9 EC", "2096": "z9 BC", "2097": "z10 EC",
    "2098": "z10 BC", "2817": "z196", "2818": "z114", "2827": "zEC12", "2828": "zBC12", "2964": "z13", "2965": "z13s",
    "3906": "z14", "3907": "z14 ZR1", "8561": "z15 T01", "8562": "z15 T02", "3931": "z16 A01", "3932": "z16 A02",
    "9175": "z17",
}  # fmt: skip
"""Names by machine type: the kernel's arch/s390/kernel/processor.c and IBM's announcements."""


class CpuIdentity:
    """Vendor, model and features of one CPU."""

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


class CpuIdentities:
    """The identities of the CPUs in one /proc/cpuinfo; CPUs with equal flags share one tuple."""

    def __init__(self, info: CpuInfo) -> None:
        self.info = info
        self._flags: dict[str, tuple[str, ...]] = {}

    def of(self, number: int | None, *, are_kinds_mixed: bool = False) -> CpuIdentity:
        """Return the identity of this CPU; None: from the lines for all CPUs.

        ``are_kinds_mixed``: a description that was read from any one CPU is not that of this CPU.
        """
        get = self.info.get
        identity = CpuIdentity()
        if are_kinds_mixed and number is not None and self.info.is_description_shared(number):
            return identity
        identity.flags = self._split_flags(get(number, *_FLAG_KEYS))
        if get(number, "CPU implementer", "CPU part") is not None:
            self._set_arm(identity, number)
        elif get(number, "vendor_id") == "IBM/S390":
            self._set_s390(identity, number)
        elif get(number, "mvendorid", "marchid", "uarch", "hart") is not None:
            self._set_riscv(identity, number)
        else:
            self._set_others(identity, number)
        return identity

    def _split_flags(self, text: str | None) -> tuple[str, ...]:
        if text is None:
            return ()
        if text not in self._flags:
            if "," in text:  # ia64 "branchlong, 16-byte atomic ops", sparc "flush,stbar"
                flags = [flag.strip() for flag in text.split(",")]
            elif text.startswith("rv"):  # riscv "rv64imafdc_zicntr_zba"
                flags = text.split("_")
            else:
                flags = text.split()
            self._flags[text] = tuple(flag for flag in flags if flag and flag[0] != "(")  # parisc "os64 iommu (0x02)"
        return self._flags[text]

    def _set_others(self, identity: CpuIdentity, number: int | None) -> None:
        get, integer = self.info.get, self.info.number
        identity.vendor_id = get(number, "vendor_id", "vendor")
        if identity.vendor_id == "Xen/ia64":  # the hypervisor's name
            identity.vendor_id = None
        family = get(number, "cpu family", "family")
        identity.family = parse_int(family)
        identity.model = integer(number, "model")
        identity.stepping = integer(number, "stepping", "revision")
        identity.cpuid_level = integer(number, "cpuid level")
        identity.model_name = get(number, *_MODEL_KEYS)
        if (family or "").startswith("PA-RISC"):  # "model name" is that of the machine's slot
            identity.model_name = get(number, "cpu")
        model = get(number, "model")
        is_name = identity.model is None and get(number, "model name") is None and identity.vendor_id is not None
        if model is not None and is_name:
            identity.model_name = model  # xtensa, x86 before Linux 2.1
        if identity.model_name is None and family is not None and identity.family is None:
            identity.model_name = family  # ia64: "Itanium 2"
        if identity.model_name == "unknown":
            identity.model_name = None
        identity.revision = get(number, "CPU Revision")  # loongarch
        if identity.revision is None and identity.stepping is None:
            identity.revision = get(number, "revision")  # POWER: 2.1 (pvr 003f 0201)

    def _set_arm(self, identity: CpuIdentity, number: int | None) -> None:
        from . import arm_cores

        get, integer = self.info.get, self.info.number
        implementer = integer(number, "CPU implementer")
        part = integer(number, "CPU part")
        variant = integer(number, "CPU variant")
        if implementer is not None:
            identity.vendor_id = arm_cores.vendor_name(implementer)
            identity.model_name = arm_cores.core_name(implementer, part) if part is not None else None
        identity.model_name = identity.model_name or get(number, "model name", "Processor")
        identity.family = _architecture_version(get(number, "CPU architecture"))
        identity.model = part
        identity.stepping = integer(number, "CPU revision")
        if variant is not None and identity.stepping is not None:
            identity.revision = f"r{variant}p{identity.stepping}"

    def _set_s390(self, identity: CpuIdentity, number: int | None) -> None:
        machine = self.info.get(number, "machine") or ""
        identity.vendor_id = "IBM/S390"
        identity.model = parse_int(machine)
        name = _S390_NAMES.get(machine)
        identity.model_name = f"IBM {name}" if name is not None else None

    def _set_riscv(self, identity: CpuIdentity, number: int | None) -> None:
        get = self.info.get
        identity.vendor_id = get(number, "mvendorid")
        identity.model_name = get(number, "uarch")
        numbers = [f"{key} {value}" for key in ("marchid", "mimpid") if (value := get(number, key)) is not None]
        identity.revision = ", ".join(numbers) or None


def frequency_hz(info: CpuInfo, number: int) -> int | None:
    """Return the current frequency in the record of this CPU."""
    hertz = parse_megahertz(info.get(number, *_CLOCK_KEYS))
    if hertz is None:  # alpha: "462962962 est."; openrisc: "50000000"
        cycles = (info.get(number, "cycle frequency [Hz]", "frequency") or "").split()
        hertz = parse_int(cycles[0]) if cycles else None
    return hertz or None


def address_bits(info: CpuInfo, number: int | None) -> tuple[int | None, int | None]:
    """Return the width of physical and of virtual addresses."""
    physical = virtual = None
    for part in (info.get(number, "address sizes") or "").split(","):
        match part.split():
            case [bits, "bits", "physical"]:
                physical = parse_int(bits)
            case [bits, "bits", "virtual"]:
                virtual = parse_int(bits)
            case _:
                continue
    paging = info.get(number, "mmu")
    if virtual is None and paging is not None and paging.startswith("sv"):  # riscv: sv39
        virtual = parse_int(paging[2:])
    return physical, virtual


def cache_bytes(info: CpuInfo, number: int) -> int | None:
    """Return the "cache size" line of x86 in bytes: the last-level cache."""
    match (info.get(number, "cache size") or "").split():
        case [size, "KB"]:
            kibibytes = parse_int(size)
            return kibibytes * 1024 if kibibytes else None
    return None


def _architecture_version(text: str | None) -> int | None:
    """Return 7 from ``7``, 5 from ``5TEJ``, 8 from ``8`` and from ``AArch64`` of the first arm64 kernels."""
    if text is None:
        return None
    if text == "AArch64":
        return 8
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return parse_int(digits) if digits else None
