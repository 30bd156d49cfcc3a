"""The folder of the kernel's SMBIOS strings (drivers/firmware/dmi-id.c)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tree import Tree

_CLASS = "sys/class/dmi/id"
_DEVICE = "sys/devices/virtual/dmi/id"


def dmi_folder(tree: Tree) -> str:
    """Return /sys/class/dmi/id, or the device that it links to, for trees without the class."""
    return _DEVICE if not tree.is_dir(_CLASS) and tree.is_dir(_DEVICE) else _CLASS
