"""The device behind a link: links from /sys/class/net to /sys/devices (Documentation/ABI/testing/sysfs-class-net).

A link is found by its index, because udev renames links while they are read, at boot and when a device is plugged in.
"""

from __future__ import annotations

from hostinfo.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.netlink.link_record import LinkRecord
    from ...sources.sources import Sources
    from ...sources.tree import Tree

CLASS = "sys/class/net"
_CLASS_LEVELS = 8  # class devices between a link and the device on a bus: wwan, ieee80211, mdio, …


class LinkPlace:
    """Where sysfs has a link: its current name, and the path of its device."""

    __slots__ = ("device", "is_virtual", "name")

    def __init__(self, name: str, device: str | None, *, is_virtual: bool) -> None:
        self.name = name
        """Current name, which is newer than that in the netlink dump if the link was renamed."""
        self.device = device
        """Path of the device under /sys; None: it has none, or sysfs does not show this network namespace."""
        self.is_virtual = is_virtual
        """Whether sysfs shows that there is no device."""


class LinkFinder:
    """Finds links in sysfs; scans it for indexes at most once."""

    def __init__(self, sources: Sources) -> None:
        self._tree = sources.tree
        self._current_name = sources.link_name
        self._by_index: dict[int, str] | None = None

    def find(self, record: LinkRecord) -> LinkPlace:
        """Return the place of a link; without a device if sysfs does not have this link."""
        name = record.name
        if not self._matches(name, record):
            name = self.renamed(record) or name
            if name == record.name or not self._matches(name, record):
                return LinkPlace(name, None, is_virtual=False)
        device, is_virtual = _device(self._tree, name)
        return LinkPlace(name, device, is_virtual=is_virtual)

    def exists(self, record: LinkRecord) -> bool:
        """Return whether a link still has its name."""
        if record.index is not None and self._current_name is not None:
            return self._name_of_index(record.index) == record.name
        return self._matches(record.name, record)

    def renamed(self, record: LinkRecord) -> str | None:
        """Return the new name of a link; None if it still has its name or was removed."""
        if record.index is None:
            return None
        if self._current_name is not None:
            name = self._name_of_index(record.index)
        else:
            if self._by_index is None:
                self._by_index = _names_by_index(self._tree)
            name = self._by_index.get(record.index)
            if name is not None and self._differs(name, record):
                name = None
        return name if name != record.name else None

    def _name_of_index(self, index: int) -> str | None:
        assert self._current_name is not None  # noqa: S101 - checked by the callers
        try:
            return self._current_name(index)
        except ReadError:  # the recorder did not need it
            return None

    def _matches(self, name: str, record: LinkRecord) -> bool:
        """Return whether sysfs has the link; mounted in another network namespace, its index can be another link's."""
        index = self._tree.try_number(f"{CLASS}/{name}/ifindex")
        if index is not None:
            return record.index in (None, index)
        path = f"{CLASS}/{name}"
        return self._tree.link(path) is not None or self._tree.is_dir(path)

    def _differs(self, name: str, record: LinkRecord) -> bool:
        """Return whether the addresses contradict that a link of another name, found by its index, is this link."""
        address, ours = self._tree.try_attribute(f"{CLASS}/{name}/address"), record.facts.get("mac")
        return address is not None and ours is not None and address.lower() != ours


def _names_by_index(tree: Tree) -> dict[int, str]:
    found = {}
    for name in tree.names(CLASS):
        index = tree.try_number(f"{CLASS}/{name}/ifindex")
        if index is not None:
            found[index] = name
    return found


def _device(tree: Tree, name: str) -> tuple[str | None, bool]:
    """Return the path of the device, and whether sysfs shows that there is none."""
    path = f"{CLASS}/{name}"
    target = tree.link(path)
    if target is None:  # /sys before Linux 2.6.25, and copies without symbolic links
        device = f"{path}/device"
        has_device = tree.link(device) is not None or tree.is_dir(device)
        return (device if has_device else None), False
    device, net, _ = target.rpartition("/net/")
    if not net or "devices/virtual" in device:
        return None, True
    return "sys/" + device.lstrip("./"), False


def hardware_path(tree: Tree, device: str) -> str:
    """Return the device on a bus: for a virtio device its parent, for a class device (wwan0) the next above."""
    for _ in range(_CLASS_LEVELS):
        parent, (kind, name) = device.rpartition("/")[0], _subsystem(tree, device)
        if name != "virtio" and kind != "class":
            break
        if not tree.link(f"{parent}/subsystem"):
            break
        device = parent
    return device


def bus_name(tree: Tree, device: str) -> str | None:
    """Return the name of the bus that a device is on; None if it shows none."""
    kind, name = _subsystem(tree, device)
    return name if kind != "class" else None


def is_pci_address(name: str | None) -> bool:
    """Return whether a device has the name of a PCI function: domain:bus:device.function (pci_setup_device)."""
    domain, *rest = (name or "").replace(".", ":").split(":")
    lengths = [len(part) for part in rest]
    return len(domain) >= 4 and lengths == [2, 2, 1] and not "".join((domain, *rest)).strip("0123456789abcdef")


def _subsystem(tree: Tree, device: str) -> tuple[str | None, str | None]:
    target = tree.link(f"{device}/subsystem")
    if not target:
        return None, None
    parent, _, name = target.rpartition("/")
    return parent.rpartition("/")[2], name


def base_name(target: str | None) -> str | None:
    """Return the last part of a path."""
    return target.rpartition("/")[2] if target else None
