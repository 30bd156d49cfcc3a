"""A tree of /sys and /proc with network links, for tests to write and read."""

from __future__ import annotations

from pathlib import Path

from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.network import read
from hostinfo.fact import GroupResult
from hostinfo.model.network import Link, Network

MAC = "52:54:00:12:34:01"


class NetworkTree:
    """Writes a tree of /sys and /proc with network links, and reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sys/class/net").mkdir(parents=True)

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n")

    def link(self, path: str, target: str) -> None:
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def net(self, name: str, index: int, device: str = "virtual", **attributes: str) -> str:
        base = f"sys/devices/{device}/net/{name}"
        standard = {
            "ifindex": str(index), "iflink": str(index), "address": MAC, "broadcast": "ff:ff:ff:ff:ff:ff",
            "mtu": "1500", "operstate": "up", "carrier": "1", "flags": "0x1003", "type": "1", "tx_queue_len": "1000",
            "netdev_group": "0", "uevent": f"INTERFACE={name}\nIFINDEX={index}",
        }  # fmt: skip
        for key, value in (standard | attributes).items():
            self.write(f"{base}/{key}", value)
        self.link(f"sys/class/net/{name}", f"../../devices/{device}/net/{name}")
        if device != "virtual":
            self.link(f"{base}/device", f"../../../{device.rpartition('/')[2]}")
        return base

    def pci(self, address: str, driver: str, vendor: str, device: str) -> str:
        base = f"pci0000:00/{address}"
        self.write(f"sys/devices/{base}/vendor", vendor)
        self.write(f"sys/devices/{base}/device", device)
        self.link(f"sys/devices/{base}/driver", f"../../../bus/pci/drivers/{driver}")
        self.link(f"sys/devices/{base}/subsystem", "../../../bus/pci")
        return base

    def read(self, fields: frozenset[str] | None = None, netlink: bytes | None = None) -> GroupResult[Network]:
        """Read the tree; ``netlink``: the messages of a dump of links, in addition to the files."""
        dumps = {"links": netlink or b""}
        sources = Sources(tree=Tree(str(self.root)), netlink=dumps.__getitem__ if netlink is not None else None)
        return read(sources, fields)

    def links(self, netlink: bytes | None = None) -> dict[str, Link]:
        return {link.name: link for link in self.read(frozenset({"links"}), netlink).value.links}

    def device(self, path: str, bus: str, driver: str | None = None, **attributes: str) -> str:
        """Write a device on a bus; ``path`` is relative to sys/devices and is returned."""
        for name, value in attributes.items():
            self.write(f"sys/devices/{path}/{name}", value)
        self.link(f"sys/devices/{path}/subsystem", f"../../../bus/{bus}")
        if driver is not None:
            self.link(f"sys/devices/{path}/driver", f"../../../bus/{bus}/drivers/{driver}")
        return path
