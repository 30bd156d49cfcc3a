"""Settings of a network device: ioctl SIOCETHTOOL, linux/ethtool.h, and the ``ethtool`` package."""

from __future__ import annotations

import sys

from hostinfo.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .netlink.message import Order

ETHTOOL_GDRVINFO, ETHTOOL_GPERMADDR, ETHTOOL_GLINKSETTINGS = 0x03, 0x20, 0x4C
DRIVER_INFO_BYTES, PERMANENT_BYTES, SETTINGS_BYTES = 196, 8 + 32, 48 + 3 * 4 * 127

_SIOCETHTOOL = 0x8946
_OFFLOADS = ("sg", "tso", "ufo", "gso", "gro")
_PORTS = ("tp", "aui", "mii", "fibre", "bnc", "da")
_UNKNOWN_SPEEDS = (0, 0xFFFF, 0xFFFFFFFF)


def read_reply(name: str, command: int, size: int) -> bytes:
    """Return the raw reply to one command. ReadError with the kernel's errno; ENODEV: the link does not exist.

    Link settings take two calls: the first returns the length of the link mode masks.
    """
    import fcntl
    from _socket import AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket
    from array import array
    from struct import pack

    data = array("B", command.to_bytes(4, sys.byteorder) + bytes(size - 4))
    if command == ETHTOOL_GPERMADDR:
        data[4:8] = array("B", (size - 8).to_bytes(4, sys.byteorder))
    request = pack("16sP", name.encode("utf-8", "surrogateescape")[:15], data.buffer_info()[0]).ljust(40, b"\0")
    try:
        endpoint = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
        try:
            fcntl.ioctl(endpoint.fileno(), _SIOCETHTOOL, request)
            if command == ETHTOOL_GLINKSETTINGS:
                words = -int.from_bytes(data[15:16].tobytes(), "big", signed=True)
                if not words > 0 or 48 + 12 * words > size:
                    raise ReadError(f"ethtool {name}", f"bad link mode mask length: {words} words")
                data[:] = array("B", command.to_bytes(4, sys.byteorder) + bytes(size - 4))
                data[15] = words
                fcntl.ioctl(endpoint.fileno(), _SIOCETHTOOL, request)
        finally:
            endpoint.close()
    except OSError as error:
        raise ReadError.from_os(f"ethtool {name}", error) from error
    return data.tobytes()


def parse_driver_info(data: bytes) -> dict[str, str | None]:
    """Return driver, driver version, firmware and bus address (struct ethtool_drvinfo)."""
    return {
        "driver": _text(data[4:36]),
        "driver_version": _text(data[36:68]),
        "firmware": _text(data[68:100]),
        "bus_address": _text(data[100:132]),
    }


def parse_settings(data: bytes, *, has_carrier: bool, order: Order = sys.byteorder) -> dict[str, Any]:
    """Return speed, duplex, autonegotiation and port type (struct ethtool_link_settings); empty if truncated.

    Without a carrier, speed and duplex are stale or invented by the driver: they are None.
    """
    if len(data) < 16:
        return {}
    speed = int.from_bytes(data[4:8], order)
    return {
        "speed_mbps": speed if has_carrier and speed not in _UNKNOWN_SPEEDS else None,
        "duplex": {0: "half", 1: "full"}.get(data[8]) if has_carrier else None,
        "autonegotiation": {0: False, 1: True}.get(data[11]),
        "port_type": _PORTS[data[9]] if data[9] < len(_PORTS) else None,
    }


def parse_permanent(data: bytes, order: Order = sys.byteorder) -> str | None:
    """Return the permanent hardware address (struct ethtool_perm_addr); None if the device has none."""
    size = int.from_bytes(data[4:8], order)
    address = data[8 : 8 + min(size, 32)]
    return address.hex(":") if any(address) else None


def read_features(name: str) -> dict[str, int]:
    """Return offloads and ring sizes, read by the ``ethtool`` package; empty if it is not installed."""
    try:
        import ethtool
    except ImportError:
        return {}
    found: dict[str, int] = {}
    for offload in _OFFLOADS:
        try:
            found[offload] = int(getattr(ethtool, f"get_{offload}")(name))
        except (OSError, AttributeError):
            continue
    try:
        rings = ethtool.get_ringparam(name)
        found["rx_ring"], found["tx_ring"] = int(rings["rx_pending"]), int(rings["tx_pending"])
    except (OSError, KeyError):
        pass
    return found


def parse_features(found: dict[str, int]) -> dict[str, Any]:
    """Convert the result of ``read_features`` to the model's fields."""
    if not found:
        return {}
    return {
        "offloads": tuple(name for name in _OFFLOADS if found.get(name)),
        "rx_ring_size": found.get("rx_ring"),
        "tx_ring_size": found.get("tx_ring"),
    }


def _text(field: bytes) -> str | None:
    text = field.partition(b"\0")[0].decode("utf-8", "replace").strip()
    return text if text not in ("", "N/A") else None
