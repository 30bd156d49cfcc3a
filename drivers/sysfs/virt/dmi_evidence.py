"""Evidence in the SMBIOS strings that hypervisors show their guests: /sys/class/dmi/id, as systemd-detect-virt(1)."""

from __future__ import annotations

from ...sources.smbios.dmi_folder import dmi_folder
from ...sources.tree import source_of
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree

_VM_BIT = 0x10  # DSP0134 7.1.2.2, bit 4: the table describes a virtual machine
_FILES = ("product_name", "sys_vendor", "board_vendor", "bios_vendor", "chassis_vendor", "product_version")
_PREFIXES = (
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


def find_dmi_evidence(tree: Tree) -> tuple[Evidence | None, bool]:
    """Return the evidence in the SMBIOS strings, and whether there are any strings."""
    folder = dmi_folder(tree)
    texts = {name: tree.try_text(f"{folder}/{name}") for name in _FILES}
    for name, text in texts.items():
        for prefix, hypervisor in _PREFIXES:
            if text.startswith(prefix):
                return Evidence(hypervisor=hypervisor, source=source_of(f"{folder}/{name}"), text=text), True
    if texts["sys_vendor"] == "Microsoft Corporation" and texts["product_name"] == "Virtual Machine":
        return Evidence(
            hypervisor="microsoft", source=source_of(f"{folder}/product_name"), text="Virtual Machine"
        ), True
    return None, any(texts.values())


def is_amazon_bare_metal(tree: Tree, *, has_flag: bool | None) -> bool:
    """Return whether an Amazon EC2 machine is bare metal: its SMBIOS names are those of the virtual ones.

    ``has_flag``: whether the CPU has the hypervisor flag; None: unknown.
    """
    if has_flag is not None:
        return not has_flag
    raw = tree.try_data("sys/firmware/dmi/entries/0-0/raw")
    if len(raw) >= 20 and raw[1] >= 20:
        return not raw[19] & _VM_BIT
    return ".metal" in tree.try_text(f"{dmi_folder(tree)}/product_name")
