"""/proc/cpuinfo as the kernel's show_cpuinfo() and c_show() print it on each architecture, Linux 2.0 to 6.12.

Each form is named after the file in arch/ whose format strings it follows.
"""

from pathlib import Path

import pytest

import hostinfo
from hostinfo.model.cpu import Cpu
from tests.support.trees import write_tree

CPU = "sys/devices/system/cpu"
SHARED = """Features\t: fp asimd
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd03
CPU revision\t: 2
"""
ARM64_3_10 = "Processor\t: AArch64 Processor rev 2 (aarch64)\nprocessor\t: 0\nprocessor\t: 1\n" + SHARED


def cpu_of(root: Path, files: dict[str, str]) -> Cpu:
    with hostinfo.open(f"sysfs://{write_tree(root, files)}") as host:
        value: Cpu = host.cpu().value
    return value


@pytest.mark.parametrize(
    "text",
    [
        ARM64_3_10,
        ARM64_3_10.replace("AArch64 Processor", "AArch64 processor").replace(
            "CPU architecture: 8", "CPU architecture: AArch64"
        ),
        # with a line per CPU, and no empty line before the description
        "processor\t: 0\nBogoMIPS\t: 38.40\nprocessor\t: 1\nBogoMIPS\t: 38.40\n" + SHARED + "\nHardware\t: X\n",
        # arch/arm/kernel/setup.c before Linux 3.8
        "Processor\t: ARMv7 Processor rev 2 (v7l)\n"
        + "".join(f"processor\t: {number}\nBogoMIPS\t: 38.40\n\n" for number in range(2))
        + SHARED,
    ],
)
def test_one_description_after_the_processor_lines_applies_to_all(text: str, tmp_path: Path) -> None:
    found = cpu_of(tmp_path, {"proc/cpuinfo": text})
    assert (found.threads, found.vendor_id, found.model_name, found.flags) == (2, "ARM", "Cortex-A53", ("fp", "asimd"))
    assert [(each.vendor_id, each.model_name, each.flags) for each in found.processors] == [
        ("ARM", "Cortex-A53", ("fp", "asimd"))
    ] * 2


@pytest.mark.parametrize("kind", ["cpu_capacity", "cpufreq"])
def test_one_description_of_a_machine_with_several_kinds_belongs_to_no_cpu(kind: str, tmp_path: Path) -> None:
    files = {"proc/cpuinfo": ARM64_3_10, f"{CPU}/online": "0-1\n"}
    for number in range(2):
        if kind == "cpu_capacity":
            files[f"{CPU}/cpu{number}/cpu_capacity"] = f"{(446, 1024)[number]}\n"
        else:
            files[f"{CPU}/cpufreq/policy{number}/cpuinfo_max_freq"] = f"{(1555200, 1958400)[number]}\n"
            files[f"{CPU}/cpufreq/policy{number}/affected_cpus"] = f"{number}\n"
    found = cpu_of(tmp_path, files)
    assert (found.vendor_id, found.model_name, found.flags) == ("ARM", "Cortex-A53", ("fp", "asimd"))
    assert [(each.vendor_id, each.model_name, each.model, each.flags) for each in found.processors] == [
        (None, None, None, ())
    ] * 2


def test_records_of_several_kinds_keep_their_identities(tmp_path: Path) -> None:
    records = "".join(
        f"processor\t: {n}\n{SHARED}\n".replace("0xd03", part) for n, part in ((0, "0xd03"), (1, "0xd07"))
    )
    found = cpu_of(
        tmp_path, {"proc/cpuinfo": records, f"{CPU}/cpu0/cpu_capacity": "4", f"{CPU}/cpu1/cpu_capacity": "9"}
    )
    assert [each.model_name for each in found.processors] == ["Cortex-A53", "Cortex-A57"]


FORMS: dict[str, tuple[str, int, str | None, str | None, tuple[str, ...], int | None]] = {
    # name: text, CPUs, vendor, model name, flags, frequency
    "arch/alpha/kernel/setup.c": (
        ("cpu\t\t\t: Alpha\ncpu model\t\t: EV56\ncycle frequency [Hz]\t: 462962962 est.\ncpus detected\t\t: 2\n"
         "cpus active\t\t: 2\ncpu active mask\t\t: 0000000000000003\n"),
        2, None, "EV56", (), 462_962_962,
    ),
    "arch/arc/kernel/setup.c": (
        ("\nIDENTITY\t: ARCVER [0x52] ARCNUM [0x0] CHIPID [   0]\nprocessor [0]\t: HS38 R2.1 (ARCv2 ISA) \n"
         "Timers\t\t: Timer0 Timer1 \n\nIDENTITY\t: ARCVER [0x52] ARCNUM [0x1] CHIPID [   0]\n"
         "processor [1]\t: HS38 R2.1 (ARCv2 ISA) \nTimers\t\t: Timer0 Timer1 \nCPU speed\t: 50.00 Mhz\n"),
        2, None, "HS38 R2.1", (), 50_000_000,
    ),
    "arch/csky/kernel/cpu-probe.c": (
        ("processor       : 0\nC-SKY CPU model : ck860f\nproduct info[0] : 0x00000000\n\n"
         "processor       : 1\nC-SKY CPU model : ck860f\nproduct info[0] : 0x00000000\n\n"),
        2, None, "ck860f", (), None,
    ),
    "arch/hexagon/kernel/setup.c": (
        "processor\t: 0\nmodel name\t: Hexagon Virtual Machine\nBogoMips\t: 1.00\n\n",
        1, None, "Hexagon Virtual Machine", (), None,
    ),
    "arch/loongarch/kernel/proc.c": (
        ("system type\t\t: generic-loongson-machine\n\nprocessor\t\t: 0\npackage\t\t\t: 0\ncore\t\t\t: 0\n"
         "CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\nCPU MHz\t\t\t: 2500.00\n"
         "Address Sizes\t\t: 48 bits physical, 48 bits virtual\nISA\t\t\t: loongarch32 loongarch64\n"
         "Features\t\t: cpucfg lam ual\n\n"),
        1, None, "Loongson-3A5000", ("cpucfg", "lam", "ual"), 2_500_000_000,
    ),
    "arch/m68k/kernel/setup_mm.c": (
        "CPU:\t\t68040\nMMU:\t\t68040\nFPU:\t\t68040\nClocking:\t24.8MHz\nBogoMips:\t16.53\n",
        1, None, "68040", (), 24_800_000,
    ),
    "arch/microblaze/kernel/cpu/mb.c": (
        "CPU-Family: \tMicroBlaze\nFPGA-Arch:\tkintex7\nCPU-Ver:\t9.6, little endian\nCPU-MHz:\t100.000000\n",
        1, None, "MicroBlaze", (), 100_000_000,
    ),
    "arch/mips/kernel/proc.c": (
        ("system type\t\t: MIPS Malta\nmachine\t\t\t: mti,malta\nprocessor\t\t: 0\n"
         "cpu model\t\t: MIPS 24Kc V0.0  FPU V0.0\n"
         "isa\t\t\t: mips1 mips2 mips32r1\n\n"),
        1, None, "MIPS 24Kc V0.0  FPU V0.0", ("mips1", "mips2", "mips32r1"), None,
    ),
    "arch/nios2/kernel/cpuinfo.c": (
        "CPU:\t\tNios II/fast\nREV:\t\t1\nMMU:\t\tpresent\nFPU:\t\tnone\nClocking:\t75.00 MHz\n",
        1, None, "Nios II/fast", (), 75_000_000,
    ),
    "arch/openrisc/kernel/setup.c": (
        ("processor\t\t: 0\ncpu architecture\t: OpenRISC 1000 (1.1-rev0)\ncpu implementation id\t: 0x1\n"
         "frequency\t\t: 50000000\nfeatures\t\t: orbis32 orfpx32 \n\n"),
        1, None, "OpenRISC 1000 (1.1-rev0)", ("orbis32", "orfpx32"), 50_000_000,
    ),
    "arch/parisc/kernel/processor.c": (
        ("processor\t: 0\ncpu family\t: PA-RISC 2.0\ncpu\t\t: PA8700 (PCX-W2)\ncpu MHz\t\t: 650.000000\n"
         "capabilities\t: os64 iopdir_fdc (0x02)\nmodel\t\t: 9000/800/A500-7X\nmodel name\t: Crescendo 650 W2\n\n"),
        1, None, "PA8700 (PCX-W2)", ("os64", "iopdir_fdc"), 650_000_000,
    ),
    "arch/sh/kernel/cpu/proc.c": (
        ("machine\t\t: RTS7751R2D\nprocessor\t: 0\ncpu family\t: sh4\ncpu type\t: SH7751R\ncut\t\t: 0.x\n"
         "cpu flags\t: fpu ptea\ncache type\t: split (harvard)\nicache size\t: 16KiB (2-way)\n"),
        1, None, "SH7751R", ("fpu", "ptea"), None,
    ),
    "arch/sparc/kernel/cpu.c without SMP": (
        ("cpu\t\t: TI UltraSparc IIi (Sabre)\nfpu\t\t: UltraSparc IIi integrated FPU\n"
         "ncpus probed\t: 1\nncpus active\t: 1\n"
         "Cpu0ClkTck\t: 000000001a39de00\nMMU Type\t: Spitfire\n"),
        1, None, "TI UltraSparc IIi (Sabre)", (), 0x1A39DE00,
    ),
    "arch/xtensa/kernel/setup.c": (
        ("CPU count\t: 2\nCPU list\t: 0-1\nvendor_id\t: Tensilica\nmodel\t\t: Xtensa LX4.0.4\ncpu MHz\t\t: 10.00\n"
         "flags\t\t: nmi debug density \n"),
        2, "Tensilica", "Xtensa LX4.0.4", ("nmi", "debug", "density"), 10_000_000,
    ),
    "arch/i386/kernel/setup.c of Linux 2.0": (
        ("processor       : 0\ncpu             : 586\nmodel           : Pentium 75+\nvendor_id       : GenuineIntel\n"
         "stepping        : 12\nflags           : fpu vme de\n"),
        1, "GenuineIntel", "Pentium 75+", ("fpu", "vme", "de"), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_each_architecture_has_its_form(name: str, tmp_path: Path) -> None:
    text, threads, *expected = FORMS[name]
    found = cpu_of(tmp_path, {"proc/cpuinfo": text})
    assert [found.vendor_id, found.model_name, found.flags, found.current_frequency_hz] == expected
    assert found.threads == threads
    assert [each.model_name for each in found.processors] == [expected[1]] * threads


@pytest.mark.parametrize(
    ("implementer", "part", "name"),
    [
        (0x41, 0xD24, "Cortex-M52"),
        (0x61, 0x00B, "Vortex"),
        (0x61, 0, "Swift"),
        (0x69, 0x411, "PXA27x"),
        (0x41, 0xFFF, "0xfff"),
    ],
)
def test_arm_cores_have_the_names_of_lscpu(implementer: int, part: int, name: str, tmp_path: Path) -> None:
    """util-linux 2.42, sys-utils/lscpu-arm.c."""
    text = f"processor\t: 0\nCPU implementer\t: {implementer:#04x}\nCPU part\t: {part:#05x}\n"
    assert cpu_of(tmp_path, {"proc/cpuinfo": text}).model_name == name
