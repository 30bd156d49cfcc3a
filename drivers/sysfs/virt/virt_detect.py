"""Detect the hypervisor that runs this kernel, from the evidence in /sys and /proc.

Names and most of the evidence are those of systemd-detect-virt(1). No file has CPUID's hypervisor leaf (0x40000000);
the flag that announces it is in /proc/cpuinfo and /sys/devices/system/cpu/modalias.
"""

from __future__ import annotations

from ...sources.xen_role import DOM0, DOMU, PV_DOMU
from .dmi_evidence import DmiNames, is_metal, read_dmi_names, read_vm_bit
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree


def detect_hypervisor(tree: Tree, xen: str | None) -> list[Evidence]:
    """Return the evidence about the hypervisor that runs this kernel, the best first; empty: none, of either kind.

    In a Dom0 the answer is about the machine that Xen runs on. There the CPU's hypervisor flag is Xen's, so that only
    the firmware counts.
    """
    if xen in (DOMU, PV_DOMU):
        return [Evidence(hypervisor="xen", source="/sys/hypervisor/type", text="xen, not the control domain")]
    names = read_dmi_names(tree)
    if xen == DOM0:
        return _detect_below_dom0(tree, names)
    sysinfo = tree.try_text("proc/sysinfo")
    if sysinfo:
        from .firmware_evidence import parse_sysinfo_evidence

        return [parse_sysinfo_evidence(sysinfo)]
    from .kernel_evidence import find_clock_evidence, read_hypervisor_flag

    has_flag, flag_source, cpuinfo = read_hypervisor_flag(tree)
    if names.hypervisor is not None:
        # QEMU's strings are the same with and without KVM; the clock source is not.
        clock = find_clock_evidence(tree) if names.hypervisor.hypervisor == "qemu" else None
        return [clock, names.hypervisor] if clock is not None and clock.hypervisor == "kvm" else [names.hypervisor]
    if has_flag is True and names.cloud is not None:
        return [names.cloud]
    # A QEMU that hides the flag presents hardware on purpose: its configuration device does not count then.
    other = _find_other_evidence(tree, cpuinfo, counts_qemu=has_flag is not False)
    if other is not None and names.cloud is None:
        return [other]
    if has_flag is True:
        return [Evidence(hypervisor="vm-other", source=flag_source, text="the CPU has the hypervisor flag")]
    by_firmware = _judge_by_vm_bit(tree, names, is_x86=has_flag is False)
    if by_firmware is not None:
        return [by_firmware]
    if other is not None:
        return [other]
    if has_flag is False:
        return [Evidence(hypervisor=None, source=flag_source, text="no hypervisor flag")]
    if tree.exists("proc/device-tree/compatible"):  # a complete device tree
        return [Evidence(hypervisor=None, source="/proc/device-tree", text="no hypervisor's nodes")]
    return []


def _detect_below_dom0(tree: Tree, names: DmiNames) -> list[Evidence]:
    if names.hypervisor is not None:
        return [names.hypervisor]
    if names.cloud is not None:
        found = _judge_by_vm_bit(tree, names, is_x86=False)
        return [found] if found is not None else []
    return [_no_dmi_names()] if names.exist else []


def _judge_by_vm_bit(tree: Tree, names: DmiNames, *, is_x86: bool) -> Evidence | None:
    """Return what SMBIOS proves where the CPU has no hypervisor flag; None: nothing.

    Without CPUID, the firmware of virtual machines (EDK II, QEMU) sets the bit. There a clear bit is hardware, except
    under the name of a cloud that does not set it.
    """
    vm_bit = read_vm_bit(tree)
    if vm_bit:
        return names.cloud or Evidence(
            hypervisor="vm-other", source="/sys/firmware/dmi", text="virtual machine bit of type 0"
        )
    if is_x86:
        return None
    if names.cloud is not None:
        return _no_dmi_names() if is_metal(tree, names.cloud, vm_bit) else names.cloud
    return _no_dmi_names() if vm_bit is False else None


def _find_other_evidence(tree: Tree, cpuinfo: str, *, counts_qemu: bool) -> Evidence | None:
    from . import firmware_evidence, kernel_evidence

    qemu = (kernel_evidence.find_qemu_evidence,) if counts_qemu else ()
    for find in (
        firmware_evidence.find_device_tree_evidence,
        firmware_evidence.find_power_evidence,
        kernel_evidence.find_user_mode_evidence,
        kernel_evidence.find_ia64_xen_evidence,
        kernel_evidence.find_pci_evidence,  # VirtualBox has KVM's clock and Hyper-V's interface too
        kernel_evidence.find_clock_evidence,
        kernel_evidence.find_vmbus_evidence,
        kernel_evidence.find_type_evidence,
        kernel_evidence.find_kvm_device_evidence,
        *qemu,
    ):
        evidence: Evidence | None = find(tree, cpuinfo)
        if evidence is not None:
            return evidence
    return None


def _no_dmi_names() -> Evidence:
    return Evidence(hypervisor=None, source="/sys/class/dmi/id", text="no hypervisor's names")
