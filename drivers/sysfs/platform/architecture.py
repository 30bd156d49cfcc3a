"""The kernel's instruction set (uname -m), as the tree says of itself; never that of the machine that reads it.

Source: /proc/sys/kernel/arch (Linux 6.1); for a running kernel uname(2); else what /proc/cpuinfo, /proc/meminfo and
the release can't but tell.
"""

import os

from hostinfo.errors import ReadError
from hostinfo.fact import FactBuilder

from ...sources.tree import Tree

_SUFFIXES = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "armmp": "armv7l",
    "armv7hl": "armv7l",
    "i686": "i686",
    "686": "i686",
    "loongarch64": "loongarch64",
    "ppc64": "ppc64",
    "ppc64le": "ppc64le",
    "powerpc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
    "sparc64": "sparc64",
}
"""Last part of a distribution's kernel release."""
_FOUR_GIB_IN_KIB = 4 * 1024 * 1024
_BIG_ENDIAN_POWER = ("POWER4", "POWER5", "POWER6", "POWER7", "PPC970")  # little-endian Linux began with POWER8


def read(tree: Tree, builder: FactBuilder) -> str | None:
    """The architecture, with its source noted; None where the tree does not tell."""
    told = _text(tree, "proc/sys/kernel/arch")
    if told:
        builder.record_source("/proc/sys/kernel/arch", "architecture")
        return told
    if tree.root == "/":
        builder.record_source("uname(2)", "architecture")
        return os.uname().machine
    arch = parse_release(_text(tree, "proc/sys/kernel/osrelease") or " ".join(_text(tree, "proc/version").split()[2:3]))
    if arch:
        builder.record_source("kernel release", "architecture")
        return arch
    builder.record_source("/proc/cpuinfo", "architecture")
    return parse_cpuinfo(
        _text(tree, "proc/cpuinfo"),
        is_narrow=lambda: is_narrow(_text(tree, "proc/meminfo")),
        byte_order=lambda: _text(tree, "sys/kernel/cpu_byteorder"),
    )


def parse_release(release: str) -> str | None:
    """The architecture that a distribution writes at the end of the release (6.1.0-13-amd64, 5.14.0-1.el9.x86_64)."""
    for part in release.replace("+debug", "").replace(".", "-").split("-")[:-3:-1]:
        if part in _SUFFIXES:
            return _SUFFIXES[part]
    return None


def is_narrow(meminfo: str) -> bool:
    """Whether the kernel has 32-bit addresses: its room for vmalloc is less than 4 GiB then, else terabytes."""
    for line in meminfo.splitlines():
        words = line.split()
        if words[:1] == ["VmallocTotal:"] and len(words) > 1 and words[1].isdecimal():
            return len(words[1]) < 12 and int(words[1]) < _FOUR_GIB_IN_KIB
    return False


def parse_cpuinfo(text: str, is_narrow: "Narrow", byte_order: "Order") -> str | None:
    """The architecture that only such a /proc/cpuinfo can have; None: it fits several, or none that is known."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            values.setdefault(name.strip().lower(), value.strip())
    flags = values.get("flags", "").split()
    if "fpu" in flags or "tsc" in flags or "cpuid level" in values:
        return "x86_64" if "lm" in flags and not is_narrow() else "i686"
    return _arm(values) or _power(values, byte_order) or _other(values)


def _arm(values: dict[str, str]) -> str | None:
    if "cpu implementer" not in values and "cpu architecture" not in values:
        return None
    name = values.get("processor", "") + values.get("model name", "")
    for level in ("v5tel", "v6l", "v7l", "v8l"):  # (v7l) stands in a 32-bit kernel's name of the CPU
        if f"({level})" in name:
            return f"arm{level}"
    if values.get("cpu architecture") in ("8", "AArch64") and "asimd" in values.get("features", "asimd").split():
        return "aarch64"
    return None


def _power(values: dict[str, str], byte_order: "Order") -> str | None:
    cpu = values.get("cpu", "")
    if not cpu.startswith(("POWER", "PPC970")):
        return None
    order = byte_order()
    if order == "little":
        return "ppc64le"
    return "ppc64" if order == "big" or cpu.startswith(_BIG_ENDIAN_POWER) else None


def _other(values: dict[str, str]) -> str | None:
    isa = values.get("isa", "")
    if isa.startswith(("rv64", "rv32")):
        return f"riscv{isa[2:4]}"
    if "loongarch64" in isa or values.get("cpu family") == "Loongson-64bit":
        return "loongarch64"
    if "IBM/S390" in values.get("vendor_id", ""):
        return "s390x" if "zarch" in values.get("features", "").split() else None
    if values.get("arch", "").startswith("IA-64"):
        return "ia64"
    if values.get("type", "").startswith(("sun4u", "sun4v")):
        return "sparc64"
    if "mips64" in isa:
        return "mips64"
    return None


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path).strip("\0 \t\r\n")
    except ReadError:
        return ""


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Narrow = Callable[[], bool]
    Order = Callable[[], str]
