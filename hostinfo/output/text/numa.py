"""Section "NUMA": a table of the nodes, with distances if there are several."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style, align
from hostinfo.output.text.units import ranges, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.numa import Numa
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Numa = reports["numa"].value  # type: ignore[assignment]
    section = Section(style, reports["numa"], "NUMA")
    if not value.nodes:
        return []
    table = [("node", "CPUs", "memory", "free", "distances")]
    for node in value.nodes:
        distances = " ".join(str(distance) for distance in node.distances) if len(value.nodes) > 1 else ""
        total, free = style.or_dash(size(node.total_bytes)), style.or_dash(size(node.free_bytes))
        table.append((str(node.number), ranges(node.cpus) or "none", total, free, distances))
    columns = 5 if any(row[4] for row in table[1:]) else 4
    section.body += align([row[:columns] for row in table])
    source = section.source("nodes")
    return [*section.lines(), *(["  " + source] if source else [])]
