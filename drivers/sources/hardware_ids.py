"""Names of PCI and USB devices from pci.ids and usb.ids (pci.ids(5), https://pci-ids.ucw.cz, http://www.linux-usb.org).

The files have a megabyte or two: they are searched, not parsed.
"""

from __future__ import annotations

from functools import partial

from hostinfo.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tree import Tree

PATHS = {
    "pci": ("usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids", "usr/share/pci.ids"),
    "usb": ("usr/share/hwdata/usb.ids", "usr/share/misc/usb.ids", "var/lib/usbutils/usb.ids", "usr/share/usb.ids"),
}
"""Bus -> files of the distributions: Fedora, SUSE, Arch (hwdata), Debian (misc), usbutils' own."""
BYTES_LIMIT = 16 * 1024 * 1024
_NAME_LIMIT = 256

Names = tuple[str | None, str | None]


def find_names(tree: Tree, bus: str, vendor: int, product: int) -> Names:
    """Return the names of vendor and product; None for each that is unknown, or without the file."""
    key = (bus, vendor, product)
    names = tree.device_names.get(key)
    if names is None:
        names = _read_names(tree, bus, vendor, product)
        if names[0] is not None:  # an unknown device may be known after an update of the file
            tree.device_names[key] = names
    return names


def _read_names(tree: Tree, bus: str, vendor: int, product: int) -> Names:
    choose = partial(find_lines, vendor=b"%04x" % vendor, product=b"%04x" % product)
    for path in PATHS.get(bus, ()):
        try:
            lines = tree.excerpt(path, choose, BYTES_LIMIT)
        except ReadError:
            continue
        return parse_names(lines)
    return None, None


def find_lines(data: bytes, vendor: bytes, product: bytes) -> bytes:
    """Return the line of the vendor and that of its product, as far as the file has them.

    A vendor's line is followed by those of its products, which begin with a tab; a file may list a vendor twice.
    """
    data = b"\n" + data
    start, found = 0, b""
    while (start := data.find(b"\n" + vendor + b"  ", start)) >= 0:
        line = start + 1
        start = end = data.find(b"\n", line) % (len(data) + 1)
        found = found or data[line:end] + b"\n"
        while data[end + 1 : end + 2] in (b"\t", b"#"):
            line = end + 1
            end = data.find(b"\n", line) % (len(data) + 1)
            if data.startswith(b"\t" + product + b"  ", line):
                return found + data[line:end] + b"\n"
    return found


def parse_names(lines: bytes) -> Names:
    """Return the names in the line of a vendor and, if there is one, in that of its product."""
    names = [_name(line) for line in lines.splitlines()[:2]]
    return names[0] if names else None, names[1] if len(names) > 1 else None


def _name(line: bytes) -> str | None:
    return line.strip().partition(b"  ")[2].decode("utf-8", "replace").strip()[:_NAME_LIMIT] or None
