"""Vendor and product of a network device, from the udev hardware database; without it, from sysfs."""

from __future__ import annotations

from ...sources.tree import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.sources import Sources
    from ...sources.tree import Tree

BUSES_WITH_NAMES = frozenset({"pci", "usb", "ccw", "vmbus"})
_DATABASE = "run/udev/data"


def add_hardware_names(facts: dict[str, object], sources: Sources, hardware: str) -> None:
    """Add the names in the hardware database, else the strings of a USB device, else vendor and device ID."""
    tree, bus = sources.tree, facts.get("bus")
    names = _database_names(sources, hardware, bus) if bus in BUSES_WITH_NAMES else {}
    base = hardware.rpartition("/")[0] if bus == "usb" else hardware  # hardware is a USB interface of the device
    strings = ("manufacturer", "product") if bus == "usb" else (None, None)
    ids = ("idVendor", "idProduct") if bus == "usb" else ("vendor", "device")
    keys = ("ID_VENDOR_FROM_DATABASE", "ID_MODEL_FROM_DATABASE")
    for field, key, string, id_file in zip(("vendor", "product"), keys, strings, ids, strict=True):
        name = names.get(key) or (tree.try_attribute(f"{base}/{string}") if string else None)
        facts[field] = name or _hex_id(tree, f"{base}/{id_file}")


def _database_names(sources: Sources, hardware: str, bus: object) -> dict[str, str]:
    """Return the udev properties of a device from its file in the database, else from pyudev, a slow import."""
    if not sources.tree.is_dir(_DATABASE):
        return {}
    names: dict[str, str] = {}
    path = f"{_DATABASE}/+{bus}:{hardware.rpartition('/')[2]}"
    for line in (sources.tree.try_attribute(path) or "").splitlines():
        key, separator, value = line.removeprefix("E:").partition("=")
        if separator and value and line.startswith("E:ID_"):
            names[key] = value
    if "ID_VENDOR_FROM_DATABASE" not in names and sources.udev is not None:
        return sources.udev(source_of(hardware))
    return names


def _hex_id(tree: Tree, path: str) -> str | None:
    text = tree.try_attribute(path)
    if text is None or len(text) > 10:
        return None
    try:
        return f"{int(text, 16):#06x}"
    except ValueError:
        return None
