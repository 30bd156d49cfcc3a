"""Sections: the guests that run here, and the statistics in short."""

from hostinfo.cli.page.style import Section, Style, duration, size, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.dump import GroupReport
    from hostinfo.model.guests import Guests
    from hostinfo.model.statistics import Statistics


def guests(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """One guest a line."""
    value: Guests = told["guests"].value  # type: ignore[assignment]
    section = Section(style, told["guests"], "Guests")
    for guest in value.guests:
        text = words(guest.state, f"{guest.vcpus} vCPUs", size(guest.memory_bytes), guest.uuid)
        section.row(guest.name, text, "guests")
    if not value.guests:
        section.row("None", "no guest is defined", "guests")
    return section.lines


def statistics(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """Uptime, load, CPU time, pressure: of the scope that they are of."""
    value: Statistics = told["statistics"].value  # type: ignore[assignment]
    scope = {"host": "", "hypervisor": " of the machine, told by Xen", "control-domain": " of this Dom0 alone"}
    section = Section(style, told["statistics"], "Statistics" + scope.get(value.scope, ""))
    _rows(section, value)
    lines = section.lines if len(section.lines) > 1 else []
    if value.control_domain is not None:
        inner = Section(style, told["statistics"], "Statistics of this Dom0 alone")
        _rows(inner, value.control_domain, "control_domain.")
        lines = [*lines, *inner.lines]
    return lines


def _rows(section: Section, value: "Statistics", above: str = "") -> None:
    section.row("Up for", duration(value.uptime_seconds), above + "uptime_seconds")
    if value.load is not None:
        load = (value.load.load_1_minute, value.load.load_5_minutes, value.load.load_15_minutes)
        section.row("Load", " ".join(f"{part:.2f}" for part in load) + " (1, 5, 15 minutes)", above + "load")
    if value.cpu is not None and value.cpu.busy_seconds is not None:
        busy, whole = value.cpu.busy_seconds, (value.uptime_seconds or 0) * (value.cpus or 0)
        share = f" ({100 * busy / whole:.1f} % since boot)" if whole > 0 else ""
        section.row("CPU time", f"{duration(busy)}{share}", above + "cpu")
    if value.memory is not None and value.memory.total_bytes:
        left = value.memory.available_bytes if value.memory.available_bytes is not None else value.memory.free_bytes
        if left is not None:
            used = size(value.memory.total_bytes - left)
            section.row("Memory", f"{used} of {size(value.memory.total_bytes)} in use", above + "memory")
    if value.processes is not None:
        running, blocked = value.processes.running, value.processes.blocked
        tasks = value.processes.total
        text = words(
            tasks and f"{tasks} in all", running is not None and f"{running} running", blocked and f"{blocked} blocked"
        )
        section.row("Tasks", text, above + "processes")
    waiting = [
        f"{one.resource} {one.some_60_seconds_percent:g} %"
        for one in value.pressure
        if one.some_60_seconds_percent is not None
    ]
    section.row("Waited for", ", ".join(waiting) and ", ".join(waiting) + " of the last minute", above + "pressure")
