"""Whole disks from /sys/block, which lists block devices without their partitions.

Source: Documentation/ABI/stable/sysfs-block. A device that is composed of others has them in ``slaves/``; only devices
under /sys/devices/virtual are. A hidden device is a path of a multipath disk. A name in /sys/block has ``!`` for ``/``.
"""

from __future__ import annotations

from hostinfo.errors import ReadError

from .block_names import is_virtual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.tree import Tree

BLOCK, CLASS = "sys/block", "sys/class/block"
_DEVICES_LIMIT = 65_536


def read_whole_disks(tree: Tree) -> frozenset[str] | None:
    """Return the names of the whole disks as in /proc/diskstats; None if sysfs lists no block devices."""
    for folder in (BLOCK, CLASS):
        try:
            names = tree.names(folder)
        except ReadError:
            continue
        if names and len(names) <= _DEVICES_LIMIT:
            return frozenset(name.replace("!", "/") for name in names if _is_whole_disk(tree, folder, name))
    return None


def _is_whole_disk(tree: Tree, folder: str, name: str) -> bool:
    path = f"{folder}/{name}"
    if is_virtual(name.replace("!", "/")):
        return False
    if folder == CLASS and tree.exists(f"{path}/partition"):
        return False
    target = tree.link(path)
    if target is not None and "/devices/virtual/" not in target:
        return True
    return not _lists(tree, f"{path}/slaves") and tree.try_attribute(f"{path}/hidden") != "1"


def _lists(tree: Tree, path: str) -> bool:
    try:
        return bool(tree.names(path))
    except ReadError:
        return False
