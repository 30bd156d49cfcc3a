"""Sections: memory with its slots, NUMA nodes."""

from hostinfo.cli.page.style import Section, Style, ranges, size, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.dump import GroupReport
    from hostinfo.model.memory import Dimm, Memory
    from hostinfo.model.numa import Numa


def memory(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """Totals, slots, huge pages, swap."""
    value: Memory = told["memory"].value  # type: ignore[assignment]
    section = Section(style, told["memory"], "Memory")
    section.row("Total", size(value.total_bytes), "total_bytes")
    available, free = size(value.available_bytes), size(value.free_bytes)
    left = words(available and f"{available} available", free and f"{free} free")
    section.row("Left", left, "available_bytes", "free_bytes")
    slots = value.slots and f"{len(value.dimms)} of {value.slots} slots"
    most = size(value.maximum_bytes)
    correction = value.error_correction if value.error_correction not in (None, "None") else None
    installed = words(size(value.installed_bytes), slots, most and f"at most {most}", correction)
    section.row("Installed", installed, "installed_bytes", "slots", "maximum_bytes")
    for dimm in value.dimms:
        section.row(dimm.slot or dimm.bank or "Slot", _dimm(dimm, style), "dimms")
    for pool in value.huge_pages:
        if pool.total:
            text = f"{pool.total} {style.times} {size(pool.size_bytes)}, {pool.free} free"
            section.row("Huge pages", text, "huge_pages")
    if value.swap is not None and value.swap.total_bytes:
        section.row("Swap", f"{size(value.swap.total_bytes)}, {size(value.swap.free_bytes)} free", "swap")
    return section.lines if len(section.lines) > 1 else []


def _dimm(dimm: "Dimm", style: Style) -> str:
    now, most = dimm.configured_speed_mts, dimm.speed_mts
    speed = f"{now or most} MT/s" + (f" (of {most})" if now and most and now != most else "") if now or most else None
    ecc = dimm.data_width_bits and dimm.total_width_bits and dimm.total_width_bits > dimm.data_width_bits
    maker = " ".join(part for part in (dimm.manufacturer, dimm.part_number) if part)
    kind = " ".join(part for part in (dimm.type, dimm.form_factor) if part)
    serial = dimm.serial and f"serial {dimm.serial}"
    rank = dimm.rank and f"rank {dimm.rank}"
    capacity = size(dimm.size_bytes) or "size not told"
    return words(capacity, kind, speed, ecc and "ECC", rank, maker, serial) or style.dash


def numa(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """A table of nodes, with distances where there are several."""
    value: Numa = told["numa"].value  # type: ignore[assignment]
    section = Section(style, told["numa"], "NUMA")
    if not value.nodes:
        return []
    table = [("node", "CPUs", "memory", "free", "distances")]
    for node in value.nodes:
        distances = " ".join(str(distance) for distance in node.distances) if len(value.nodes) > 1 else ""
        total, free = size(node.total_bytes) or style.dash, size(node.free_bytes) or style.dash
        table.append((str(node.number), ranges(node.cpus) or "none", total, free, distances))
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for row in table if any(row[4] for row in table[1:]) else [row[:4] for row in table]:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        section.lines.append(("  " + "  ".join([*cells, *row[4:]])).rstrip())
    source = section.source("nodes")
    return [*section.lines, *(["  " + source] if source else [])]
