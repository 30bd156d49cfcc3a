"""Evidence on machines without SMBIOS: device tree, /proc/cpuinfo of POWER, /proc/sysinfo of s390."""

from __future__ import annotations

from ...sources.tree import source_of
from ..platform.sysinfo import parse_sysinfo
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree

_DEVICE_TREE = "proc/device-tree"
_HYPERVISOR_NODES = (("linux,kvm", "kvm"), ("xen", "xen"), ("vmware", "vmware"))


def parse_sysinfo_evidence(text: str) -> Evidence:
    """Return the innermost hypervisor of s390, VM00; without one, the PR/SM partition; see /proc/sysinfo."""
    values = parse_sysinfo(text)
    program = values.get("VM00 Control Program")
    if program:
        hypervisor = "zvm" if program.startswith("z/VM") else "kvm" if program.startswith("KVM") else "vm-other"
        return Evidence(hypervisor=hypervisor, source="/proc/sysinfo", text=f"VM00 Control Program {program}")
    if "LPAR Number" in values:
        text = f"logical partition {values['LPAR Number']}"
        return Evidence(hypervisor="pr/sm", source="/proc/sysinfo", text=text)
    return Evidence(hypervisor=None, source="/proc/sysinfo", text="neither VM00 nor LPAR")


def find_device_tree_evidence(tree: Tree, _cpuinfo: str) -> Evidence | None:
    """Return the evidence of a /hypervisor node, PowerVM's properties, or QEMU's nodes and machine names."""
    names = tree.names(_DEVICE_TREE)
    if not names:
        return None
    compatible = tree.try_text(f"{_DEVICE_TREE}/hypervisor/compatible")
    if compatible:
        hypervisor = next((name for part, name in _HYPERVISOR_NODES if part in compatible), "vm-other")
        return _evidence(hypervisor, "/hypervisor/compatible", compatible)
    is_qemu = tree.exists(f"{_DEVICE_TREE}/chosen/qemu,graphic-width")
    if "ibm,partition-name" in names and "hmc-managed?" in names and not is_qemu:
        return _evidence("powervm", "", "ibm,partition-name and hmc-managed?")
    emulator = next((name for name in names if "fw-cfg" in name), None)
    if emulator is not None:
        return _evidence("qemu", "", emulator)
    compatible = tree.try_text(f"{_DEVICE_TREE}/compatible")
    if "qemu" in compatible:
        return _evidence("qemu", "/compatible", compatible)
    if "linux,dummy-virt" in compatible:
        return _evidence("vm-other", "/compatible", "linux,dummy-virt")
    return None


def find_power_evidence(_tree: Tree, cpuinfo: str) -> Evidence | None:
    """Return the evidence in the last lines of /proc/cpuinfo on POWER, for a tree without /proc/device-tree."""
    pairs = (line.partition(":") for line in cpuinfo.splitlines()[-8:])
    values = {name.strip(): value.strip() for name, _, value in pairs}
    platform, machine = values.get("platform", ""), values.get("machine", "")
    if platform == "PowerNV":
        return Evidence(hypervisor=None, source="/proc/cpuinfo", text="platform PowerNV")
    if platform == "pSeries" and "emulated by qemu" in machine:
        return Evidence(hypervisor="qemu", source="/proc/cpuinfo", text=f"machine {machine}")
    if platform == "pSeries" and machine.startswith("CHRP IBM,"):  # since POWER5, only under PowerVM
        return Evidence(hypervisor="powervm", source="/proc/cpuinfo", text=f"platform pSeries, machine {machine}")
    return None


def _evidence(hypervisor: str, node: str, text: str) -> Evidence:
    return Evidence(hypervisor=hypervisor, source=source_of(f"{_DEVICE_TREE}{node}"), text=text.replace("\0", " "))
