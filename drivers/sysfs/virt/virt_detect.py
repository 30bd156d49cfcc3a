"""Whose guest this kernel is: the signs that hypervisors leave in /sys and /proc.

The words and most signs are those of systemd-detect-virt(1). CPUID's hypervisor leaf is in no file; the flag that
there is one is (/proc/cpuinfo, /sys/devices/system/cpu/modalias).
"""

from __future__ import annotations

from hostinfo.errors import ReadError
from hostinfo.record import record

from ...sources import xen_role as role
from ...sources.tree import Tree

_DMI = "sys/class/dmi/id/"
_HYPERVISOR_FEATURE = ",009F,"  # X86_FEATURE_HYPERVISOR, word 4 bit 31, as modalias writes it
_VM_BIT = 0x10  # DSP0134 7.1.2.2, bit 4: the table describes a virtual machine

_DMI_FILES = ("product_name", "sys_vendor", "board_vendor", "bios_vendor", "chassis_vendor", "product_version")
_DMI_WORDS = (
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("KubeVirt", "kvm"),
    ("RHEV Hypervisor", "kvm"),
    ("oVirt Node", "kvm"),
    ("AHV", "kvm"),
    ("Amazon EC2", "amazon"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "oracle"),
    ("VirtualBox", "oracle"),
    ("Xen", "xen"),
    ("HVM domU", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "microsoft"),
    ("Apple Virtualization", "apple"),
    ("Google Compute Engine", "google"),
)
_PCI_DEVICES = {
    "80eebeef": "oracle",
    "80eecafe": "oracle",
    "15ad0405": "vmware",
    "15ad0740": "vmware",
    "58530001": "xen",
}
"""Devices that only these hypervisors have: vendor and device number."""


@record
class Sign:
    """What was found, and where."""

    word: str | None
    """systemd-detect-virt's word; None: no guest, by this sign."""
    source: str
    text: str


def find_host(tree: Tree, xen: str | None) -> list[Sign]:
    """The signs that tell whose guest this kernel is, best first; empty: the tree does not tell.

    A Dom0 is looked through, to the machine that Xen runs on: there the CPU's flag is Xen's own, and only the
    firmware's words count.
    """
    if xen in (role.DOMU, role.PV_DOMU):
        return [Sign(word="xen", source="/sys/hypervisor/type", text="xen, and not the control domain")]
    firmware, has_dmi = _firmware(tree)
    if xen == role.DOM0:
        return _settled(firmware, has_dmi)
    text = _text(tree, "proc/sysinfo")
    if text:
        return [_mainframe(text)]
    has_flag, flag_source, cpuinfo = _hypervisor_flag(tree)
    firmware = _without_metal(tree, firmware, has_flag)
    if firmware is not None:
        return [*_kvm_under(tree, firmware), firmware]
    for look in (_device_tree, _power, _user_mode, _clock, _buses, _other_type, _pci):
        sign = look(tree, cpuinfo)
        if sign is not None:
            return [sign]
    if has_flag:
        return [Sign(word="vm-other", source=flag_source, text="the CPU has the hypervisor flag")]
    if has_flag is False:
        return [Sign(word=None, source=flag_source, text="no hypervisor flag")]
    if has_dmi:
        return [Sign(word=None, source="/sys/class/dmi/id", text="no hypervisor's names")]
    if tree.exists("proc/device-tree/compatible"):  # a whole device tree
        return [Sign(word=None, source="/proc/device-tree", text="no hypervisor's nodes")]
    return []


def _settled(firmware: Sign | None, has_dmi: bool) -> list[Sign]:
    if firmware is not None:
        return [firmware]
    return [Sign(word=None, source="/sys/class/dmi/id", text="no hypervisor's names")] if has_dmi else []


def _firmware(tree: Tree) -> tuple[Sign | None, bool]:
    """A hypervisor's name in the firmware's words, and whether there are any."""
    texts = {name: _text(tree, _DMI + name) for name in _DMI_FILES}
    for name, text in texts.items():
        for start, word in _DMI_WORDS:
            if text and text.startswith(start):
                return Sign(word=word, source=f"/{_DMI}{name}", text=text), True
    if texts["sys_vendor"] == "Microsoft Corporation" and texts["product_name"] == "Virtual Machine":
        return Sign(word="microsoft", source=f"/{_DMI}product_name", text="Virtual Machine"), True
    return None, any(texts.values())


def _without_metal(tree: Tree, firmware: Sign | None, has_flag: bool | None) -> Sign | None:
    """Amazon's bare-metal machines carry the same names as its virtual ones."""
    if firmware is None or firmware.word != "amazon" or has_flag:
        return firmware
    if has_flag is False:
        return None
    raw = _bytes(tree, "sys/firmware/dmi/entries/0-0/raw")
    if len(raw) >= 20 and raw[1] >= 20:
        return firmware if raw[19] & _VM_BIT else None
    return None if ".metal" in (_text(tree, _DMI + "product_name") or "") else firmware


def _kvm_under(tree: Tree, firmware: Sign) -> list[Sign]:
    """QEMU's names do not say whether it emulates or uses KVM; the clock that KVM offers does."""
    clock = _clock(tree, "") if firmware.word == "qemu" else None
    return [clock] if clock is not None and clock.word == "kvm" else []


def _hypervisor_flag(tree: Tree) -> tuple[bool | None, str, str]:
    """Whether an x86 CPU has the flag (None: no x86, or not told), where it is, and /proc/cpuinfo where it was read."""
    modalias = _text(tree, "sys/devices/system/cpu/modalias") or ""
    if "type:x86" in modalias:
        has_flag = _HYPERVISOR_FEATURE in modalias.replace("\n", ",") + ","
        return has_flag, "/sys/devices/system/cpu/modalias", ""
    cpuinfo = _text(tree, "proc/cpuinfo") or ""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return "hypervisor" in value.split(), "/proc/cpuinfo", cpuinfo
    return None, "/proc/cpuinfo", cpuinfo


def _mainframe(sysinfo: str) -> Sign:
    """/proc/sysinfo: the stack of hypervisors, the innermost is VM00; without one PR/SM's partition."""
    values = {
        name.strip(): value.strip()
        for name, separator, value in (line.partition(":") for line in sysinfo.splitlines())
        if separator
    }
    program = values.get("VM00 Control Program")
    if program:
        word = "zvm" if program.startswith("z/VM") else "kvm" if program.startswith("KVM") else "vm-other"
        return Sign(word=word, source="/proc/sysinfo", text=f"VM00 Control Program {program}")
    if "LPAR Number" in values:
        return Sign(word="pr/sm", source="/proc/sysinfo", text=f"logical partition {values['LPAR Number']}")
    return Sign(word=None, source="/proc/sysinfo", text="no VM00 and no LPAR")


def _device_tree(tree: Tree, _cpuinfo: str) -> Sign | None:
    names = tree.names("proc/device-tree")
    if not names:
        return None
    compatible = _text(tree, "proc/device-tree/hypervisor/compatible")
    if compatible:
        words = (("linux,kvm", "kvm"), ("xen", "xen"), ("vmware", "vmware"))
        word = next((word for part, word in words if part in compatible), "vm-other")
        return Sign(word=word, source="/proc/device-tree/hypervisor/compatible", text=compatible.replace("\0", " "))
    if (
        "ibm,partition-name" in names
        and "hmc-managed?" in names
        and not tree.exists("proc/device-tree/chosen/qemu,graphic-width")
    ):
        return Sign(word="powervm", source="/proc/device-tree", text="ibm,partition-name and hmc-managed?")
    emulator = next((name for name in names if "fw-cfg" in name), None)
    if emulator is not None:
        return Sign(word="qemu", source="/proc/device-tree", text=emulator)
    compatible = _text(tree, "proc/device-tree/compatible") or ""
    if "qemu" in compatible:
        return Sign(word="qemu", source="/proc/device-tree/compatible", text=compatible.replace("\0", " "))
    if "linux,dummy-virt" in compatible:
        return Sign(word="vm-other", source="/proc/device-tree/compatible", text="linux,dummy-virt")
    return None


def _power(_tree: Tree, cpuinfo: str) -> Sign | None:
    """POWER without a device tree in reach: the last lines of /proc/cpuinfo."""
    platform = machine = ""
    for line in cpuinfo.splitlines()[-8:]:
        name, _, value = line.partition(":")
        if name.strip() == "platform":
            platform = value.strip()
        elif name.strip() == "machine":
            machine = value.strip()
    if platform == "PowerNV":
        return Sign(word=None, source="/proc/cpuinfo", text="platform PowerNV")
    if platform == "pSeries" and "emulated by qemu" in machine:
        return Sign(word="qemu", source="/proc/cpuinfo", text=f"machine {machine}")
    if platform == "pSeries" and machine.startswith("CHRP IBM,"):  # since POWER5 these run under PowerVM only
        return Sign(word="powervm", source="/proc/cpuinfo", text=f"platform pSeries, machine {machine}")
    return None


def _user_mode(_tree: Tree, cpuinfo: str) -> Sign | None:
    if "User Mode Linux" not in cpuinfo:
        return None
    return Sign(word="uml", source="/proc/cpuinfo", text="vendor_id User Mode Linux")


def _clock(tree: Tree, _cpuinfo: str) -> Sign | None:
    path = "sys/devices/system/clocksource/clocksource0/available_clocksource"
    clocks = (_text(tree, path) or "").split()
    for clock, word in (("kvm-clock", "kvm"), ("xen", "xen"), ("hyperv_clocksource_tsc_page", "microsoft")):
        if clock in clocks:
            return Sign(word=word, source="/" + path, text=clock)
    return None


def _buses(tree: Tree, _cpuinfo: str) -> Sign | None:
    if tree.names("sys/bus/vmbus/devices"):
        return Sign(word="microsoft", source="/sys/bus/vmbus/devices", text="Hyper-V's bus has devices")
    return None


def _other_type(tree: Tree, _cpuinfo: str) -> Sign | None:
    hypervisor = _text(tree, "sys/hypervisor/type")
    return Sign(word="vm-other", source="/sys/hypervisor/type", text=hypervisor) if hypervisor else None


def _pci(tree: Tree, _cpuinfo: str) -> Sign | None:
    for line in (_text(tree, "proc/bus/pci/devices") or "").splitlines():
        words = line.split(None, 2)
        if len(words) > 1 and words[1] in _PCI_DEVICES:
            return Sign(word=_PCI_DEVICES[words[1]], source="/proc/bus/pci/devices", text=words[1])
    return None


def _text(tree: Tree, path: str) -> str | None:
    """A sign's text; one that this process may not read is no sign."""
    try:
        return tree.text(path).strip("\0 \t\r\n") or None
    except ReadError:
        return None


def _bytes(tree: Tree, path: str) -> bytes:
    try:
        return tree.data(path)
    except ReadError:
        return b""
