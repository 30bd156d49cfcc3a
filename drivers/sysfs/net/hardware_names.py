"""Vendor and product of a network device: numbers from sysfs, names from the udev hardware database or pci.ids."""

from __future__ import annotations

from ...sources.hardware_ids import find_names
from ...sources.tree import source_of
from .device_lookup import bus_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ...sources.sources import Sources
    from ...sources.tree import Tree

BUSES_WITH_NAMES = frozenset({"pci", "usb", "ccw", "vmbus"})
_BUSES_IN_DEVICES = frozenset({"auxiliary", "mhi", "bcma", "ssb"})
"""Buses inside a PCI or USB device, whose numbers and names those of their devices are."""
_DATABASE = "run/udev/data"
_LEVELS = 8


def add_hardware_names(facts: dict[str, object], sources: Sources, hardware: str, builder: FactBuilder) -> None:
    """Add the numbers of the device, and the names in the udev database, on the USB device itself, or in pci.ids."""
    tree, bus = sources.tree, facts.get("bus")
    bus, hardware = _named_device(tree, hardware, bus if isinstance(bus, str) else None)
    is_usb = bus == "usb"
    base = hardware.rpartition("/")[0] if is_usb else hardware  # hardware is a USB interface of the device
    ids = [_id(tree, f"{base}/{name}") for name in (("idVendor", "idProduct") if is_usb else ("vendor", "device"))]
    if None in ids and bus in ("pci", "usb"):
        ids = _ids_of_modalias(tree.try_attribute(f"{hardware}/modalias") or "", bus)
    facts["vendor_id"], facts["product_id"] = (None if number is None else f"{number:#06x}" for number in ids)
    names = _database_names(sources.tree, hardware, bus) if bus in BUSES_WITH_NAMES else {}
    found = [names.get("ID_VENDOR_FROM_DATABASE"), names.get("ID_MODEL_FROM_DATABASE")]
    if is_usb:
        strings = (tree.try_attribute(f"{base}/{name}") for name in ("manufacturer", "product"))
        found = [name or string for name, string in zip(found, strings, strict=True)]
    if None in found and bus is not None and ids[0] is not None and ids[1] is not None:
        found = [name or other for name, other in zip(found, find_names(tree, bus, ids[0], ids[1]), strict=True)]
    if found[0] is None and bus in BUSES_WITH_NAMES and sources.udev is not None and tree.is_dir(_DATABASE):
        names = sources.udev(source_of(hardware))  # a slow import
        found = [names.get("ID_VENDOR_FROM_DATABASE"), found[1] or names.get("ID_MODEL_FROM_DATABASE")]
    facts["vendor"], facts["product"] = found
    builder.record_source("udev hardware database, USB strings, pci.ids, usb.ids", "links.vendor", "links.product")
    builder.record_source("/sys/class/net/*/device", "links.vendor_id", "links.product_id")


def _named_device(tree: Tree, hardware: str, bus: str | None) -> tuple[str | None, str]:
    """Return the bus and the path of the device that has numbers and names."""
    device = hardware
    for _ in range(_LEVELS):
        if bus not in _BUSES_IN_DEVICES:
            return bus, device
        device = device.rpartition("/")[0]
        bus = bus_name(tree, device) or bus
    return bus, hardware


def _database_names(tree: Tree, hardware: str, bus: str | None) -> dict[str, str]:
    """Return the udev properties of a device from its file in the database."""
    names: dict[str, str] = {}
    path = f"{_DATABASE}/+{bus}:{hardware.rpartition('/')[2]}"
    for line in (tree.try_attribute(path) or "").splitlines():
        key, separator, value = line.removeprefix("E:").partition("=")
        if separator and value and line.startswith("E:ID_"):
            names[key] = value
    return names


def _ids_of_modalias(text: str, bus: str) -> list[int | None]:
    """Return the numbers in pci:v00008086d00001521… or usb:v0BDAp8153…, for a copy that lacks their files."""
    digits, key = (8, "d") if bus == "pci" else (4, "p")
    start, middle = f"{bus}:v", text[len(bus) + 2 + digits :]
    if not text.startswith(start) or not middle.startswith(key):
        return [None, None]
    return [_parse_id(text[len(start) :][:digits]), _parse_id(middle[1 : 1 + digits])]


def _id(tree: Tree, path: str) -> int | None:
    text = tree.try_attribute(path)
    return _parse_id(text) if text is not None and len(text) <= 10 else None


def _parse_id(text: str) -> int | None:
    try:
        number = int(text, 16)
    except ValueError:
        return None
    return number if 0 <= number <= 0xFFFF else None
