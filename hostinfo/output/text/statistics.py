"""Section "Statistics": uptime, load, CPU time, pressure, of the machine and of a Dom0."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style
from hostinfo.output.text.units import duration, join_present, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.statistics import MemoryUse, Pressure, Processes, Statistics
    from hostinfo.output.document import GroupReport

_SCOPES = {"host": "", "hypervisor": " of the machine, from Xen", "control-domain": " of this Dom0 alone"}


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section, and those of a second one for a Dom0's own statistics."""
    value: Statistics = reports["statistics"].value  # type: ignore[assignment]
    section = Section(style, reports["statistics"], "Statistics" + _SCOPES.get(value.scope, ""))
    _add_rows(section, value)
    if value.control_domain is None:
        return section.lines()
    own = Section(style, reports["statistics"], "Statistics" + _SCOPES["control-domain"])
    _add_rows(own, value.control_domain, "control_domain.")
    return [*section.lines(), *own.lines()]


def _add_rows(section: Section, value: Statistics, prefix: str = "") -> None:
    section.row("Uptime", duration(value.uptime_seconds), prefix + "uptime_seconds")
    if value.load is not None:
        load = (value.load.load_1_minute, value.load.load_5_minutes, value.load.load_15_minutes)
        section.row("Load", " ".join(f"{part:.2f}" for part in load) + " (1, 5, 15 minutes)", prefix + "load")
    section.row("CPU time", _describe_cpu_time(value), prefix + "cpu")
    section.row("Memory", _describe_memory(value.memory), prefix + "memory")
    section.row("Tasks", _describe_tasks(value.processes), prefix + "processes")
    section.row("Pressure", _describe_pressure(value.pressure), prefix + "pressure")


def _describe_cpu_time(value: Statistics) -> str | None:
    if value.cpu is None or value.cpu.busy_seconds is None:
        return None
    busy, whole = value.cpu.busy_seconds, (value.uptime_seconds or 0) * (value.cpus or 0)
    share = f" ({100 * busy / whole:.1f} % since boot)" if whole > 0 else ""
    return f"{duration(busy)}{share}"


def _describe_memory(value: MemoryUse | None) -> str | None:
    if value is None or not value.total_bytes:
        return None
    available = value.free_bytes if value.available_bytes is None else value.available_bytes
    return None if available is None else f"{size(value.total_bytes - available)} of {size(value.total_bytes)} in use"


def _describe_tasks(value: Processes | None) -> str | None:
    if value is None:
        return None
    return join_present(
        value.total and f"{value.total} in all",
        value.running is not None and f"{value.running} running",
        value.blocked and f"{value.blocked} blocked",
    )


def _describe_pressure(pressure: tuple[Pressure, ...]) -> str | None:
    """Return the share of the last minute in which at least one task waited, per resource."""
    shares = join_present(
        *(
            f"{one.resource} {one.some_60_seconds_percent:g} %"
            for one in pressure
            if one.some_60_seconds_percent is not None
        )
    )
    return shares and f"{shares} of the last minute"
