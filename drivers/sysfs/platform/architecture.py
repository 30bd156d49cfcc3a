"""The architecture of the kernel (uname -m) that the tree belongs to, never that of the machine that reads it.

Source: /proc/sys/kernel/arch (Linux 6.1); for the running kernel, uname(2); otherwise it is derived from the kernel
release, /proc/cpuinfo and /proc/meminfo, if they fit one architecture only.
"""

from __future__ import annotations

import os

from hostinfo.fact import FactBuilder

from ...sources.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
"""Architectures by the last part of a distribution's kernel release."""
_FOUR_GIB_IN_KIB = 4 * 1024 * 1024
_BIG_ENDIAN_POWER = ("POWER4", "POWER5", "POWER6", "POWER7", "PPC970")  # little-endian Linux began with POWER8


def read_architecture(tree: Tree, builder: FactBuilder) -> str | None:
    """Return the architecture and record its source; None: unknown."""
    arch: str | None = tree.try_text("proc/sys/kernel/arch")
    if arch:
        builder.record_source("/proc/sys/kernel/arch", "architecture")
        return arch
    if tree.root == "/":
        builder.record_source("uname(2)", "architecture")
        return os.uname().machine
    release = tree.try_text("proc/sys/kernel/osrelease") or " ".join(tree.try_text("proc/version").split()[2:3])
    arch = parse_release(release)
    if arch:
        builder.record_source("kernel release", "architecture")
        return arch
    builder.record_source("/proc/cpuinfo", "architecture")
    return parse_cpuinfo(
        tree.try_text("proc/cpuinfo"),
        is_32_bit=lambda: is_32_bit(tree.try_text("proc/meminfo")),
        byte_order=lambda: tree.try_text("sys/kernel/cpu_byteorder"),
    )


def parse_release(release: str) -> str | None:
    """Return the architecture at the end of a distribution's release (6.1.0-13-amd64, 5.14.0-1.el9.x86_64)."""
    for part in release.replace("+debug", "").replace(".", "-").split("-")[:-3:-1]:
        if part in _SUFFIXES:
            return _SUFFIXES[part]
    return None


def is_32_bit(meminfo: str) -> bool:
    """Return whether the kernel is 32-bit: its vmalloc area is below 4 GiB then, otherwise terabytes."""
    for line in meminfo.splitlines():
        words = line.split()
        if words[:1] == ["VmallocTotal:"] and len(words) > 1 and words[1].isdecimal():
            return len(words[1]) < 12 and int(words[1]) < _FOUR_GIB_IN_KIB
    return False


def parse_cpuinfo(text: str, is_32_bit: Callable[[], bool], byte_order: Callable[[], str]) -> str | None:
    """Return the only architecture that fits the text; None: several fit, or no known one."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            values.setdefault(name.strip().lower(), value.strip())
    flags = values.get("flags", "").split()
    if "fpu" in flags or "tsc" in flags or "cpuid level" in values:
        return "x86_64" if "lm" in flags and not is_32_bit() else "i686"
    return _arm(values) or _power(values, byte_order) or _other(values)


def _arm(values: dict[str, str]) -> str | None:
    if "cpu implementer" not in values and "cpu architecture" not in values:
        return None
    name = values.get("processor", "") + values.get("model name", "")
    for level in ("v5tel", "v6l", "v7l", "v8l"):  # a 32-bit kernel appends (v7l) to the name of the CPU
        if f"({level})" in name:
            return f"arm{level}"
    if values.get("cpu architecture") in ("8", "AArch64") and "asimd" in values.get("features", "asimd").split():
        return "aarch64"
    return None


def _power(values: dict[str, str], byte_order: Callable[[], str]) -> str | None:
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
