"""Detect the hypervisor that runs this kernel, from the evidence in /sys and /proc.

Names and most of the evidence are those of systemd-detect-virt(1). No file has CPUID's hypervisor leaf (0x40000000);
the flag that announces it is in /proc/cpuinfo and /sys/devices/system/cpu/modalias.
"""

from __future__ import annotations

from ...sources.xen_role import DOM0, DOMU, PV_DOMU
from .dmi_evidence import find_dmi_evidence, is_amazon_bare_metal
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree


def detect_hypervisor(tree: Tree, xen: str | None) -> list[Evidence]:
    """Return the evidence about the hypervisor that runs this kernel, the best first; empty: the tree has none.

    In a Dom0 the answer is about the machine that Xen runs on. There the CPU's hypervisor flag is Xen's, so that only
    the firmware's strings count.
    """
    if xen in (DOMU, PV_DOMU):
        return [Evidence(hypervisor="xen", source="/sys/hypervisor/type", text="xen, not the control domain")]
    firmware, has_dmi = find_dmi_evidence(tree)
    if xen == DOM0:
        return [firmware] if firmware is not None else _no_dmi_names() if has_dmi else []
    sysinfo = tree.try_text("proc/sysinfo")
    if sysinfo:
        from .firmware_evidence import parse_sysinfo_evidence

        return [parse_sysinfo_evidence(sysinfo)]
    from .kernel_evidence import find_clock_evidence, read_hypervisor_flag

    has_flag, flag_source, cpuinfo = read_hypervisor_flag(tree)
    if firmware is not None and firmware.hypervisor == "amazon" and is_amazon_bare_metal(tree, has_flag=has_flag):
        firmware = None
    if firmware is not None:
        # QEMU's strings are the same with and without KVM; the clock source is not.
        clock = find_clock_evidence(tree) if firmware.hypervisor == "qemu" else None
        return [clock, firmware] if clock is not None and clock.hypervisor == "kvm" else [firmware]
    other = _find_other_evidence(tree, cpuinfo)
    if other is not None:
        return [other]
    if has_flag is not None:
        text = "the CPU has the hypervisor flag" if has_flag else "no hypervisor flag"
        return [Evidence(hypervisor="vm-other" if has_flag else None, source=flag_source, text=text)]
    if has_dmi:
        return _no_dmi_names()
    if tree.exists("proc/device-tree/compatible"):  # a complete device tree
        return [Evidence(hypervisor=None, source="/proc/device-tree", text="no hypervisor's nodes")]
    return []


def _find_other_evidence(tree: Tree, cpuinfo: str) -> Evidence | None:
    from . import firmware_evidence, kernel_evidence

    for find in (
        firmware_evidence.find_device_tree_evidence,
        firmware_evidence.find_power_evidence,
        kernel_evidence.find_user_mode_evidence,
        kernel_evidence.find_clock_evidence,
        kernel_evidence.find_vmbus_evidence,
        kernel_evidence.find_type_evidence,
        kernel_evidence.find_pci_evidence,
    ):
        evidence = find(tree, cpuinfo)
        if evidence is not None:
            return evidence
    return None


def _no_dmi_names() -> list[Evidence]:
    return [Evidence(hypervisor=None, source="/sys/class/dmi/id", text="no hypervisor's names")]
