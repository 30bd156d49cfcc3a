"""Evidence in SMBIOS: the names that hypervisors show their guests, and the bit that marks a virtual machine.

Source: /sys/class/dmi/id, as in systemd-detect-virt(1); type 0 of the table (DSP0134). A hypervisor's own name proves a
guest. The name of a cloud does not: some clouds rent whole machines under the same name.
"""

from __future__ import annotations

from hostinfo.errors import ReadError
from hostinfo.record import record, replace

from ...sources.smbios.dmi_folder import dmi_folder
from ...sources.tree import source_of
from .evidence import Evidence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree

_FILES = (
    "product_name", "sys_vendor", "board_vendor", "board_name", "bios_vendor", "chassis_vendor", "product_version",
)  # fmt: skip
_EXTENSION_BYTE_2 = 0x13  # of type 0; DSP0134 7.1.2.2
_HYPER_V = ("Microsoft Corporation", "Virtual Machine")
_VM_BIT = 0x10  # bit 4: the table describes a virtual machine
_PREFIXES = (
    ("KVM", "kvm"),
    ("KubeVirt", "kvm"),
    ("RHEV Hypervisor", "kvm"),
    ("oVirt Node", "kvm"),
    ("AHV", "kvm"),
    ("CloudStack KVM Hypervisor", "kvm"),
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
)
_CLOUDS = (
    ("Amazon EC2", "amazon"),
    ("Google Compute Engine", "google"),
    ("Alibaba Cloud", "kvm"),
    ("OpenStack", "kvm"),
    ("Tencent Cloud", "kvm"),
    ("Huawei Cloud", "kvm"),
    ("HUAWEICLOUD", "kvm"),
    ("Hetzner", "kvm"),
    ("DigitalOcean", "kvm"),
    ("Scaleway", "kvm"),
    ("UpCloud", "kvm"),
    ("Exoscale", "kvm"),
    ("Linode", "kvm"),
    ("Akamai", "kvm"),
    ("Vultr", "kvm"),
)
"""Clouds and their hypervisor. The names are those of systemd's src/basic/virt.c and of cloud-init's data sources."""


@record
class DmiNames:
    """What the SMBIOS strings say."""

    hypervisor: Evidence | None
    """The name of a hypervisor: this is a guest."""
    cloud: Evidence | None
    """The name of a cloud: a guest, or a whole machine of the cloud."""
    exist: bool
    """Whether there are any strings."""


def read_dmi_names(tree: Tree) -> DmiNames:
    """Return the evidence in the SMBIOS strings."""
    folder = dmi_folder(tree)
    texts = {name: tree.try_text(f"{folder}/{name}") for name in _FILES}
    hypervisor = _find_name(folder, texts, _PREFIXES)
    if hypervisor is None and (texts["sys_vendor"], texts["product_name"]) == _HYPER_V:
        hypervisor = Evidence(hypervisor="microsoft", source=source_of(f"{folder}/product_name"), text=_HYPER_V[1])
    cloud = _find_name(folder, texts, _CLOUDS)
    if cloud is not None:
        cloud = replace(cloud, is_cloud=True)
    return DmiNames(
        hypervisor=hypervisor,
        cloud=cloud,
        exist=any(texts.values()),
    )


def _find_name(folder: str, texts: dict[str, str], prefixes: tuple[tuple[str, str], ...]) -> Evidence | None:
    for name, text in texts.items():
        for prefix, hypervisor in prefixes:
            if text.startswith(prefix):
                return Evidence(hypervisor=hypervisor, source=source_of(f"{folder}/{name}"), text=text)
    return None


def read_vm_bit(tree: Tree) -> bool | None:
    """Return whether SMBIOS marks a virtual machine; None: only root can read it, or the firmware has no such field.

    True proves a guest. False proves nothing by itself: QEMU with SeaBIOS and Google's firmware leave it clear.
    """
    raw = tree.try_data("sys/firmware/dmi/entries/0-0/raw")
    if len(raw) > _EXTENSION_BYTE_2 and raw[0] == 0:
        return bool(raw[_EXTENSION_BYTE_2] & _VM_BIT) if raw[1] > _EXTENSION_BYTE_2 else None
    from ...sources.smbios import read_smbios

    try:
        tables = read_smbios(tree)
    except ReadError:
        return None
    firmware = tables.of_type(0) if tables is not None else []
    extension = firmware[0].number(_EXTENSION_BYTE_2, 1) if firmware else None
    return None if extension is None else bool(extension & _VM_BIT)


def is_metal(tree: Tree, cloud: Evidence, vm_bit: bool | None) -> bool:
    """Return whether a machine of a cloud, without x86's hypervisor flag, is known to be a whole machine.

    Amazon sets the virtual machine bit, and its whole machines are named ``m6g.metal`` (systemd, src/basic/virt.c).
    """
    if cloud.hypervisor != "amazon":
        return False
    return vm_bit is False or (vm_bit is None and ".metal" in tree.try_text(f"{dmi_folder(tree)}/product_name"))
