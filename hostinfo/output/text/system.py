"""Section "System": who made the machine, its names, the operating system."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style
from hostinfo.output.text.units import join_present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.system import System
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: System = reports["system"].value  # type: ignore[assignment]
    section = Section(style, reports["system"], "System")
    machine = " ".join(dict.fromkeys(part for part in (value.manufacturer, value.product) if part))
    section.row("Machine", join_present(machine, value.version), "manufacturer", "product", "version")
    section.row("Family", join_present(value.family, value.sku and f"SKU {value.sku}"), "family", "sku")
    section.row("Serial", value.serial, "serial")
    section.row("UUID", value.hardware_uuid, "hardware_uuid")
    section.row("Board", _part(value.board, "manufacturer", "product", "version"), "board")
    section.row("Chassis", _part(value.chassis, "type", "manufacturer", "version"), "chassis")
    section.row("Firmware", _part(value.bios, "vendor", "version", "release_date"), "bios")
    name = value.hostname
    if value.static_hostname and value.static_hostname != name:
        name = f"{name or 'none'} (configured: {value.static_hostname})"
    section.row("Host name", join_present(name, value.pretty_hostname), "hostname")
    section.row("Purpose", join_present(value.deployment, value.location), "deployment", "location")
    kernel = " ".join(part for part in (value.kernel_release, value.architecture) if part)
    running = join_present(value.os_name, kernel and f"Linux {kernel}")
    section.row("Operating system", running, "os_name", "kernel_release", "architecture")
    section.row("Machine ID", value.machine_id, "machine_id")
    return section.lines()


def _part(part: object, *names: str) -> str | None:
    """Return these fields of the board, chassis or firmware, and its serial number."""
    if part is None:
        return None
    serial = getattr(part, "serial", None)
    return join_present(*(getattr(part, name) for name in names), serial and f"serial {serial}")
