"""Whether this kernel is a Xen domain, and which: few enough files to ask at every open.

Source: /sys/hypervisor (Documentation/ABI/stable/sysfs-hypervisor-xen), /proc/xen/capabilities. On a machine without
Xen this costs two failing opens.
"""

from hostinfo.errors import ReadError

from .tree import Tree

DOM0 = "xen-dom0"
PV_DOMU = "xen-domu-pv"
"""A guest that Xen shows no virtual hardware: its CPU topology is not to be believed."""
DOMU = "xen-domu"
_XENFEAT_DOM0 = 1 << 11  # xen/include/public/features.h


def read_role(tree: Tree) -> str | None:
    """DOM0, PV_DOMU or DOMU; None where this kernel does not run on Xen."""
    hypervisor = _attribute(tree, "sys/hypervisor/type")
    if hypervisor not in (None, "xen"):
        return None
    if _has_dom0_feature(tree) or "control_d" in (_attribute(tree, "proc/xen/capabilities") or ""):
        return DOM0
    if hypervisor is None:  # a bare kernel may have an empty /proc/xen
        return None
    return PV_DOMU if _attribute(tree, "sys/hypervisor/guest_type") == "PV" else DOMU


def _has_dom0_feature(tree: Tree) -> bool:
    try:
        return bool((tree.number("sys/hypervisor/properties/features", 16) or 0) & _XENFEAT_DOM0)
    except ReadError:
        return False


def _attribute(tree: Tree, path: str) -> str | None:
    try:
        return tree.attribute(path)
    except ReadError:
        return None
