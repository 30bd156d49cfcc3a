"""CPU time, load, uptime and tasks: /proc/stat, /proc/loadavg, /proc/uptime; proc_stat(5), proc_loadavg(5)."""

from hostinfo.errors import ParseError
from hostinfo.model.statistics import CpuTime, Load, Processes

from .text import find_line, parse_count, parse_decimal

_OFFSETS = "/proc/self/timens_offsets"
_USER_HZ = 100  # the unit of /proc/stat, whatever the kernel's HZ: 100 except on ia64 and alpha (1,024)
_CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest")


def parse_cpu_time(stat: str) -> CpuTime | None:
    """Return the CPU time of all CPUs from /proc/stat; None without that line. ParseError if it is malformed."""
    words = find_line(stat, "cpu ")
    if words is None:
        return None
    ticks = [parse_count(word, "/proc/stat") for word in words[1:]]
    seconds = {f"{mode}_seconds": value / _USER_HZ for mode, value in zip(_CPU_MODES, ticks, strict=False)}
    busy = sum(ticks[:8]) - sum(ticks[3:5])  # user time includes guest time
    return CpuTime(**seconds, busy_seconds=busy / _USER_HZ)


def parse_cpu_count(stat: str) -> int | None:
    """Return the number of online CPUs, which /proc/stat sums over."""
    count = sum(1 for line in stat.splitlines() if line.startswith("cpu") and line[3:4].isdecimal())
    return count or None


def parse_loadavg(text: str) -> Load | None:
    """Return the three load averages of /proc/loadavg."""
    if not text.strip():
        return None
    match text.split():
        case [one, five, fifteen, *_]:
            minutes = [parse_decimal(word, "/proc/loadavg") for word in (one, five, fifteen)]
            return Load(load_1_minute=minutes[0], load_5_minutes=minutes[1], load_15_minutes=minutes[2])
    raise ParseError("/proc/loadavg", "fewer than three load averages")


def parse_uptime(text: str, offsets: str = "") -> float | None:
    """Return the first number of /proc/uptime, in seconds, without the offset of a time namespace.

    ``offsets`` is the text of /proc/self/timens_offsets, time_namespaces(7). An offset that is greater than the uptime
    belongs to another namespace, because the kernel refuses one that makes the machine's uptime negative.
    """
    words = text.split()
    if not words:
        return None
    shown = parse_decimal(words[0], "/proc/uptime")
    offset = find_line(offsets, "boottime")
    if offset is None or len(offset) < 3:
        return shown
    sign = -1 if offset[1].startswith("-") else 1
    seconds = sign * parse_count(offset[1].removeprefix("-"), _OFFSETS) + parse_count(offset[2], _OFFSETS) / 1e9
    return round(shown - seconds, 2) if seconds <= shown else shown


def parse_processes(stat: str, loadavg: str) -> Processes | None:
    """Return the numbers of tasks from /proc/stat and the fourth word of /proc/loadavg."""
    counts = {}
    for name in ("processes", "procs_running", "procs_blocked"):
        words = find_line(stat, name + " ")
        if words is not None and len(words) == 2:
            counts[name] = parse_count(words[1], "/proc/stat")
    words = loadavg.split()
    total = words[3].rpartition("/")[2] if len(words) > 3 else ""
    if not counts and not total.isdecimal():
        return None
    return Processes(
        running=counts.get("procs_running"),
        blocked=counts.get("procs_blocked"),
        total=parse_count(total, "/proc/loadavg") if total else None,
        created=counts.get("processes"),
    )
