"""Section "Assigned to this system": the share of the machine that this operating system was given."""

from __future__ import annotations

from hostinfo.output.text.style import BOLD, LABEL_WIDTH, Section, Style
from hostinfo.output.text.units import join_present, ranges, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hostinfo.model.domain import Domain, Limits
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section: machine and share in two columns if they differ."""
    value: Domain = reports["domain"].value  # type: ignore[assignment]
    section = Section(style, reports["domain"], "Assigned to this system")
    cpus, memory = value_of(reports, "cpu", "threads"), value_of(reports, "memory", "total_bytes")
    if value.is_whole_machine:
        section.row("Share", "all of the machine", "is_whole_machine")
    elif _is_smaller(value, cpus, memory) or value_of(reports, "hypervisor", "role") == "xen-dom0":
        section.body.append(style.colorize(f"  {'':<{LABEL_WIDTH}} {'machine':<16} this system", BOLD))
        or_dash = style.or_dash
        section.row("CPUs", f"{or_dash(cpus):<16} {or_dash(value.online_cpus)}", "online_cpus")
        section.row("Memory", f"{or_dash(size(memory)):<16} {or_dash(size(value.memory_bytes))}", "memory_bytes")
    else:
        section.row("CPUs", value.online_cpus, "online_cpus")
        section.row("Memory", size(value.memory_bytes), "memory_bytes")
    if value.limits is not None:
        section.row("Limits", describe_limits(value.limits), "limits")
    section.row("Domain", join_present(value.guest_type, value.uuid), "guest_type", "uuid")
    return section.lines()


def _is_smaller(value: Domain, cpus: int | None, memory: int | None) -> bool:
    """Whether the share differs from the machine, in memory by more than a kernel reserves for itself."""
    if cpus is not None and value.online_cpus not in (None, cpus):
        return True
    if memory is None or value.memory_bytes is None:
        return False
    return abs(memory - value.memory_bytes) > memory // 16


def describe_limits(value: Limits) -> str | None:
    """Return the limits of the control group in words."""
    return join_present(
        value.cpus is not None and f"{value.cpus:g} CPUs",
        value.cpu_numbers is not None and f"on CPU {ranges(value.cpu_numbers)}",
        value.memory_bytes is not None and size(value.memory_bytes),
        value.swap_bytes is not None and f"swap {size(value.swap_bytes)}",
        value.processes is not None and f"{value.processes} processes",
    )


def value_of(reports: Mapping[str, GroupReport], group: str, field: str) -> Any:
    """Return a field of a group; None if the group is not available."""
    return getattr(reports[group].value, field) if group in reports else None
