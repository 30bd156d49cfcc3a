"""Evidence in what the kernel detected: the CPU's hypervisor flag, clock sources, buses, PCI devices."""

from __future__ import annotations

from hostinfo.errors import ReadError

from ...sources.tree import source_of
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree

_MODALIAS = "sys/devices/system/cpu/modalias"
_HYPERVISOR_FEATURE = ",009F,"  # X86_FEATURE_HYPERVISOR, word 4 bit 31, as modalias writes it
_CLOCKS = "sys/devices/system/clocksource/clocksource0/available_clocksource"
_CLOCK_NAMES = (("kvm-clock", "kvm"), ("xen", "xen"), ("hyperv_clocksource_tsc_page", "microsoft"))
_PTP = "sys/class/ptp"
_PCI_DEVICES = {
    "80eebeef": "oracle",
    "80eecafe": "oracle",
    "15ad0405": "vmware",
    "15ad0740": "vmware",
    "58530001": "xen",
}
"""PCI devices that only these hypervisors have: vendor and device ID."""


def read_hypervisor_flag(tree: Tree) -> tuple[bool | None, str, str]:
    """Return whether an x86 CPU has the hypervisor flag, the source, and the text of /proc/cpuinfo if it was read.

    None: not x86, or unknown.
    """
    modalias = tree.try_text(_MODALIAS)
    if "type:x86" in modalias:
        return _HYPERVISOR_FEATURE in modalias.replace("\n", ",") + ",", source_of(_MODALIAS), ""
    cpuinfo = tree.try_text("proc/cpuinfo")
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return "hypervisor" in value.split(), "/proc/cpuinfo", cpuinfo
    return None, "/proc/cpuinfo", cpuinfo


def find_user_mode_evidence(_tree: Tree, cpuinfo: str) -> Evidence | None:
    """Return the evidence of User Mode Linux."""
    if "User Mode Linux" not in cpuinfo:
        return None
    return Evidence(hypervisor="uml", source="/proc/cpuinfo", text="vendor_id User Mode Linux")


def find_ia64_xen_evidence(_tree: Tree, cpuinfo: str) -> Evidence | None:
    """Return the evidence of Xen on ia64, which gave its own name as the CPU's vendor."""
    if "Xen/ia64" not in cpuinfo:
        return None
    return Evidence(hypervisor="xen", source="/proc/cpuinfo", text="vendor Xen/ia64")


def find_clock_evidence(tree: Tree, _cpuinfo: str = "") -> Evidence | None:
    """Return the evidence of a paravirtual clock source."""
    clocks = tree.try_text(_CLOCKS).split()
    for clock, hypervisor in _CLOCK_NAMES:
        if clock in clocks:
            return Evidence(hypervisor=hypervisor, source=source_of(_CLOCKS), text=clock)
    return None


def find_vmbus_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of devices on Hyper-V's VMBus."""
    if _names(tree, "sys/bus/vmbus/devices"):
        return Evidence(hypervisor="microsoft", source="/sys/bus/vmbus/devices", text="Hyper-V's bus has devices")
    return None


def find_type_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of another /sys/hypervisor than Xen's."""
    hypervisor = tree.try_text("sys/hypervisor/type")
    return Evidence(hypervisor="vm-other", source="/sys/hypervisor/type", text=hypervisor) if hypervisor else None


def find_pci_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of a PCI device that only a hypervisor has."""
    for line in tree.try_text("proc/bus/pci/devices").splitlines():
        words = line.split(None, 2)
        if len(words) > 1 and words[1] in _PCI_DEVICES:
            return Evidence(hypervisor=_PCI_DEVICES[words[1]], source="/proc/bus/pci/devices", text=words[1])
    return None


def find_kvm_device_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of KVM's clock device, which its guests have on ARM too (drivers/ptp/ptp_kvm_common.c)."""
    for name in _names(tree, _PTP):
        if tree.try_text(f"{_PTP}/{name}/clock_name") == "KVM virtual PTP":
            return Evidence(hypervisor="kvm", source=source_of(f"{_PTP}/{name}/clock_name"), text="KVM virtual PTP")
    return None


def find_qemu_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of QEMU's configuration device (docs/specs/fw_cfg.rst)."""
    for path in ("sys/firmware/qemu_fw_cfg", "sys/bus/acpi/devices/QEMU0002:00"):
        if tree.is_dir(path):
            return Evidence(hypervisor="qemu", source=source_of(path), text="exists")
    return None


def _names(tree: Tree, path: str) -> list[str]:
    try:
        return tree.names(path)
    except ReadError:
        return []
