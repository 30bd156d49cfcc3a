"""Section "Memory": totals, slots, huge pages, swap."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style
from hostinfo.output.text.units import join_present, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.memory import Dimm, Memory
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Memory = reports["memory"].value  # type: ignore[assignment]
    section = Section(style, reports["memory"], "Memory")
    section.row("Total", size(value.total_bytes), "total_bytes")
    free = size(value.free_bytes)
    section.row(
        "Available", join_present(size(value.available_bytes), free and f"{free} free"), "available_bytes", "free_bytes"
    )
    slots = value.slots and f"{len(value.dimms)} of {value.slots} slots"
    maximum = size(value.maximum_bytes)
    correction = value.error_correction if value.error_correction not in (None, "None") else None
    installed = join_present(size(value.installed_bytes), slots, maximum and f"at most {maximum}", correction)
    section.row("Installed", installed, "installed_bytes", "slots", "maximum_bytes")
    for dimm in value.dimms:
        section.row(dimm.slot or dimm.bank or "Slot", _describe_dimm(dimm), "dimms")
    for pool in value.huge_pages:
        if pool.total:
            text = f"{pool.total} {style.times} {size(pool.size_bytes)}, {pool.free} free"
            section.row("Huge pages", text, "huge_pages")
    if value.swap is not None and value.swap.total_bytes:
        section.row("Swap", f"{size(value.swap.total_bytes)}, {size(value.swap.free_bytes)} free", "swap")
    return section.lines()


def _describe_dimm(dimm: Dimm) -> str | None:
    now, rated = dimm.configured_speed_mts, dimm.speed_mts
    speed = f"{now or rated} MT/s" if now or rated else None
    if now and rated and now != rated:
        speed = f"{now} MT/s (of {rated})"
    has_ecc = dimm.data_width_bits and dimm.total_width_bits and dimm.total_width_bits > dimm.data_width_bits
    return join_present(
        size(dimm.size_bytes) or "size unknown",
        " ".join(part for part in (dimm.type, dimm.form_factor) if part),
        dimm.technology if dimm.technology != "DRAM" else None,
        speed,
        has_ecc and "ECC",
        dimm.rank and f"rank {dimm.rank}",
        " ".join(part for part in (dimm.manufacturer, dimm.part_number) if part),
        dimm.serial and f"serial {dimm.serial}",
    )
