"""Whether this kernel runs as a Xen domain, and as which kind.

Source: /sys/hypervisor (Documentation/ABI/stable/sysfs-hypervisor-xen), /proc/xen/capabilities. Without Xen, this costs
two failing open(2) calls.
"""

from .tree import Tree

DOM0 = "xen-dom0"
PV_DOMU = "xen-domu-pv"
"""A paravirtualised guest: it has no virtual hardware, and its CPU topology is not reliable."""
DOMU = "xen-domu"
_XENFEAT_DOM0 = 1 << 11  # xen/include/public/features.h


def read_role(tree: Tree) -> str | None:
    """Return DOM0, PV_DOMU or DOMU; None if this kernel does not run on Xen."""
    hypervisor = tree.try_attribute("sys/hypervisor/type")
    if hypervisor not in (None, "xen"):
        return None
    if _has_dom0_feature(tree) or "control_d" in (tree.try_attribute("proc/xen/capabilities") or ""):
        return DOM0
    if hypervisor is None:  # a kernel on bare metal may have an empty /proc/xen
        return None
    return PV_DOMU if tree.try_attribute("sys/hypervisor/guest_type") == "PV" else DOMU


def _has_dom0_feature(tree: Tree) -> bool:
    return bool((tree.try_number("sys/hypervisor/properties/features", 16) or 0) & _XENFEAT_DOM0)
