"""Whole disks and volumes from /sys/block, which lists block devices without their partitions.

Source: Documentation/ABI/stable/sysfs-block. A device that is composed of others has them in ``slaves/``; only devices
under /sys/devices/virtual are. A hidden device is a path of a multipath disk. A name in /sys/block has ``!`` for ``/``.
"""

from __future__ import annotations

from hostinfo.errors import ReadError

from .block_names import find_whole_disks, is_virtual, volume_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ...sources.tree import Tree

BLOCK, CLASS = "sys/block", "sys/class/block"
DEVICES_LIMIT = 65_536


class BlockDevices:
    """Whole disks, and the volumes above them, by the names in /proc/diskstats."""

    __slots__ = ("disks", "volumes")

    def __init__(self, disks: Collection[str], volumes: dict[str, tuple[str, tuple[str, ...]]]) -> None:
        self.disks = disks
        self.volumes = volumes
        """Name -> kind, and the devices that it is made of."""


def devices_by_name(names: Collection[str]) -> BlockDevices:
    """Return the devices among the names of one /proc/diskstats, where sysfs is missing."""
    kinds = {name: volume_kind(name) for name in names}
    return BlockDevices(find_whole_disks(names), {name: (kind, ()) for name, kind in kinds.items() if kind is not None})


def read_devices(tree: Tree) -> BlockDevices | None:
    """Return the devices that sysfs lists; None if it lists none."""
    for folder in (BLOCK, CLASS):
        names = _names(tree, folder)
        if names and len(names) <= DEVICES_LIMIT:
            return _read_devices(tree, folder, names)
    return None


def _read_devices(tree: Tree, folder: str, names: list[str]) -> BlockDevices:
    disks, volumes = set(), {}
    for entry in names:
        path, name = f"{folder}/{entry}", entry.replace("!", "/")
        if folder == CLASS and tree.exists(f"{path}/partition"):
            continue
        kind = volume_kind(name)
        if kind is None and is_virtual(name):
            continue
        target = tree.link(path)
        if kind is None and target is not None and "/devices/virtual/" not in target:
            disks.add(name)
            continue
        lower = tuple(lower.replace("!", "/") for lower in _names(tree, f"{path}/slaves"))
        if kind is not None or lower:
            volumes[name] = (kind or "other", lower)
        elif tree.try_attribute(f"{path}/hidden") != "1":
            disks.add(name)
    return BlockDevices(disks, volumes)


def _names(tree: Tree, path: str) -> list[str]:
    try:
        return tree.names(path)
    except ReadError:
        return []
