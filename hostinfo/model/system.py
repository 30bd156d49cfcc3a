"""The machine as a whole: its manufacturer, names and operating system."""

from __future__ import annotations

from hostinfo.record import record


@record
class Board:
    """The mainboard (SMBIOS type 2)."""

    manufacturer: str | None = None
    """Manufacturer of the board."""
    product: str | None = None
    """Manufacturer's name of the board."""
    version: str | None = None
    """Manufacturer's version of the board."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """Asset tag that the owner assigned."""


@record
class Chassis:
    """The case (SMBIOS type 3)."""

    type: str | None = None
    """Type of case by the names of SMBIOS 7.4.1 ("Rack Mount Chassis", "Notebook")."""
    manufacturer: str | None = None
    """Manufacturer of the case."""
    version: str | None = None
    """Manufacturer's version of the case."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """Asset tag that the owner assigned."""


@record
class Bios:
    """The firmware (SMBIOS type 0)."""

    vendor: str | None = None
    """Manufacturer of the firmware."""
    version: str | None = None
    """Manufacturer's version of the firmware."""
    release_date: str | None = None
    """Date of release: ISO 8601 if the firmware's text is a date, else the text."""


@record
class System:
    """The machine as a whole: its manufacturer, names and operating system."""

    hardware_uuid: str | None = None
    """UUID of the hardware, lower case, in the kernel's byte order; None: absent, blank or not readable."""
    manufacturer: str | None = None
    """Manufacturer of the machine; None: the firmware does not fill it in, or describes nothing."""
    product: str | None = None
    """Manufacturer's name of the machine; on device-tree machines the model;
    None: the firmware does not fill it in, or describes nothing."""
    version: str | None = None
    """Manufacturer's version of the machine; None: the firmware does not fill it in, or describes nothing."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    sku: str | None = None
    """Manufacturer's order number; None: the firmware does not fill it in, or describes nothing."""
    family: str | None = None
    """Manufacturer's family of machines; None: the firmware does not fill it in, or describes nothing."""
    board: Board | None = None
    """Mainboard; None: the firmware describes none."""
    chassis: Chassis | None = None
    """Case; None: the firmware describes none."""
    bios: Bios | None = None
    """Firmware; None: it does not describe itself."""
    hostname: str | None = None
    """Host name that the kernel has now; None: not reported."""
    static_hostname: str | None = None
    """Configured host name (hostname(5)); None: not configured."""
    pretty_hostname: str | None = None
    """Descriptive host name (machine-info(5)); None: not configured."""
    deployment: str | None = None
    """Deployment, such as production (machine-info(5)); None: not configured."""
    location: str | None = None
    """Physical location (machine-info(5)); None: not configured."""
    machine_id: str | None = None
    """ID of the installation, 32 hexadecimal digits (machine-id(5));
    None: /etc/machine-id does not exist, or has none."""
    boot_id: str | None = None
    """ID of this boot of the kernel, a UUID; None: not reported."""
    architecture: str | None = None
    """Instruction set by the kernel's name (uname -m), as the files that were read report it;
    None: no file that was read reports it."""
    kernel_release: str | None = None
    """Release of the running kernel (uname -r); None: not reported."""
    os_name: str | None = None
    """Operating system with version (PRETTY_NAME of os-release(5)); None: no os-release file has it."""
