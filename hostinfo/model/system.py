"""The machine as a whole: who made it, what it is called, what runs on it."""

from __future__ import annotations

from hostinfo.record import record


@record
class Board:
    """The mainboard (SMBIOS type 2)."""

    manufacturer: str | None = None
    """Who made the board."""
    product: str | None = None
    """The maker's name of the board."""
    version: str | None = None
    """The maker's version of the board."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """The owner's inventory tag."""


@record
class Chassis:
    """The case (SMBIOS type 3)."""

    type: str | None = None
    """What kind of case it is, in the words of SMBIOS 7.4.1 ("Rack Mount Chassis", "Notebook")."""
    manufacturer: str | None = None
    """Who made the case."""
    version: str | None = None
    """The maker's version of the case."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """The owner's inventory tag."""


@record
class Bios:
    """The firmware (SMBIOS type 0)."""

    vendor: str | None = None
    """Who made the firmware."""
    version: str | None = None
    """The maker's version of the firmware."""
    release_date: str | None = None
    """Day of release, ISO 8601 where the firmware's text can be read as a date, else the text."""


@record
class System:
    """The machine as a whole: who made it, what it is called, what runs on it."""

    hardware_uuid: str | None = None
    """UUID of the hardware, lower case, in the kernel's byte order; None: absent, blank or not readable."""
    manufacturer: str | None = None
    """Who made the machine."""
    product: str | None = None
    """The maker's name of the machine; on device-tree machines the model."""
    version: str | None = None
    """The maker's version of the machine."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    sku: str | None = None
    """The maker's order number."""
    family: str | None = None
    """The maker's family of machines."""
    board: Board | None = None
    """The mainboard; None: the firmware describes none."""
    chassis: Chassis | None = None
    """The case; None: the firmware describes none."""
    bios: Bios | None = None
    """The firmware; None: it does not describe itself."""
    hostname: str | None = None
    """The name that the kernel has now."""
    static_hostname: str | None = None
    """The configured name (hostname(5)); None: none configured."""
    pretty_hostname: str | None = None
    """The name for people (machine-info(5)); None: none configured."""
    deployment: str | None = None
    """What the machine is for, such as production (machine-info(5)); None: not configured."""
    location: str | None = None
    """Where the machine stands (machine-info(5)); None: not configured."""
    machine_id: str | None = None
    """The installation's identity, 32 hexadecimal digits (machine-id(5))."""
    boot_id: str | None = None
    """The identity of this boot of the kernel, a UUID."""
    architecture: str | None = None
    """The kernel's name of its instruction set (uname -m), as the tree that was read says of itself."""
    kernel_release: str | None = None
    """Release of the running kernel (uname -r)."""
    os_name: str | None = None
    """The operating system's name with its version (PRETTY_NAME of os-release(5))."""
