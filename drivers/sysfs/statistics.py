"""Counters of the running kernel: proc_stat(5), proc_loadavg(5), proc_meminfo(5), /proc/diskstats, /proc/pressure.

In a Xen Dom0 all of them but disks and links are the Dom0's own, and are told as such.
"""

import time
from collections.abc import Callable
from functools import partial

from hostinfo.driver import RequestedFields
from hostinfo.errors import ParseError, ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.statistics import (
    CpuTime,
    DiskCounters,
    LinkCounters,
    Load,
    MemoryUse,
    Pressure,
    Processes,
    Scope,
    Statistics,
)
from hostinfo.record import record_fields, replace

from ..sources.sources import Sources
from ..sources.tree import Tree

_TICKS_A_SECOND = 100
"""USER_HZ, the unit of /proc/stat: 100 on every architecture but ia64 and alpha (1,024), whatever the kernel's HZ."""
_SECTOR_BYTES = 512  # the unit of /proc/diskstats, whatever the disk's own sector is
_DOM0_TELLS = ("links", "disks")  # a Dom0 owns the devices
_PRESSURES = ("cpu", "memory", "io", "irq")
_CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest")
_DIGITS = "0123456789"
_MADE_OF_OTHERS = frozenset({"loop", "ram", "zram", "sr", "fd", "dm-", "md"})


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Statistics]:
    """Counters of this kernel as the host's."""
    return _read(sources, fields, Scope.HOST)


def read_in_dom0(sources: Sources, fields: RequestedFields) -> GroupResult[Statistics]:
    """Disks and links, which the Dom0 owns for the machine; all else as the control domain's own."""
    builder = FactBuilder("sysfs", fields)
    own = _read(sources, None, Scope.CONTROL_DOMAIN) if builder.needs("control_domain", "links", "disks") else None
    why = "a Dom0's kernel counts its own only (control_domain); run as root, or start libvirtd, for the hypervisor's"
    for field in ("cpu", "cpus", "memory", "uptime_seconds"):
        if builder.needs(field):
            builder.unsupported(field, "/proc", why)
    if own is not None:
        for problem in own.problems:
            builder.add_problem(
                problem.path if problem.path in _DOM0_TELLS else f"control_domain.{problem.path}", problem.error
            )
        for path, source in own.sources.items():
            builder.record_source(source, path if path in _DOM0_TELLS else f"control_domain.{path}")
    builder.record_source("constant of the driver", "scope")
    builder.record_source("clock", "time")
    value = Statistics(
        scope=Scope.HYPERVISOR,
        time=utc(sources.clock),
        links=own.value.links if own else (),
        disks=own.value.disks if own else (),
        control_domain=replace(own.value, links=(), disks=()) if own else None,
    )
    return builder.build(value)


def utc(clock: Callable[[], float] | None = None) -> str:
    """The moment, ISO 8601 in UTC; by this machine's clock unless another is given."""
    seconds = clock() if clock is not None else time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def _read(sources: Sources, fields: RequestedFields, scope: Scope) -> GroupResult[Statistics]:
    builder = FactBuilder("sysfs", fields)
    tree = sources.tree
    stat = _text(builder, tree, "proc/stat", "cpu", "cpus", "processes")
    loads = _text(builder, tree, "proc/loadavg", "load", "processes")
    memory = _text(builder, tree, "proc/meminfo", "memory")
    disks = _text(builder, tree, "proc/diskstats", "disks")
    uptime = _text(builder, tree, "proc/uptime", "uptime_seconds")
    attempt = builder.try_read
    value = Statistics(
        scope=scope,
        time=utc(sources.clock),
        uptime_seconds=attempt("uptime_seconds", lambda: parse_uptime(uptime)),
        load=attempt("load", lambda: parse_loadavg(loads)),
        cpu=attempt("cpu", lambda: parse_cpu_time(stat)),
        cpus=parse_cpu_count(stat),
        memory=parse_memory_use(memory),
        processes=attempt("processes", lambda: parse_processes(stat, loads)),
        pressure=_pressure(builder, tree),
        links=_links(builder, sources),
        disks=attempt("disks", lambda: parse_diskstats(disks)) or (),
    )
    builder.record_source("constant of the driver" if scope is Scope.HOST else "/sys/hypervisor", "scope")
    builder.record_source("clock", "time")
    return builder.build(value)


def _text(builder: FactBuilder, tree: Tree, path: str, *fields: str) -> str:
    """The file, empty where it is absent, unreadable (noted) or not wanted."""
    if not builder.needs(*fields):
        return ""
    try:
        text = tree.optional(path) or ""
    except ReadError as error:
        for field in fields:
            builder.add_problem(field, error)
        return ""
    builder.record_source("/" + path, *fields)
    return text


def parse_cpu_time(stat: str) -> CpuTime | None:
    """The machine-wide line of /proc/stat; ParseError where it is garbled, None where it is missing."""
    words = _line(stat, "cpu ")
    if words is None:
        return None
    ticks = [_number(word, "/proc/stat") for word in words[1:]]
    seconds = {f"{mode}_seconds": value / _TICKS_A_SECOND for mode, value in zip(_CPU_MODES, ticks, strict=False)}
    busy = sum(ticks[:8]) - sum(ticks[3:5])  # guest time is part of user time already
    return CpuTime(**seconds, busy_seconds=busy / _TICKS_A_SECOND)


def parse_cpu_count(stat: str) -> int | None:
    """How many CPUs /proc/stat sums over: those online."""
    count = sum(1 for line in stat.splitlines() if line.startswith("cpu") and line[3:4].isdecimal())
    return count or None


def parse_loadavg(text: str) -> Load | None:
    """The three means of /proc/loadavg."""
    if not text.strip():
        return None
    match text.split():
        case [one, five, fifteen, *_]:
            try:
                return Load(load_1_minute=float(one), load_5_minutes=float(five), load_15_minutes=float(fifteen))
            except ValueError as error:
                raise ParseError("/proc/loadavg", f"not a number: {error}") from error
    raise ParseError("/proc/loadavg", "fewer than three means")


def parse_uptime(text: str) -> float | None:
    """The first figure of /proc/uptime, in seconds."""
    words = text.split()
    if not words:
        return None
    try:
        return float(words[0])
    except ValueError as error:
        raise ParseError("/proc/uptime", f"not a number: {words[0][:40]!r}") from error


def parse_memory_use(text: str) -> MemoryUse | None:
    """Memory of the moment from /proc/meminfo."""
    kilobytes = {}
    for line in text.splitlines():
        match line.split():
            case [name, amount, "kB"] if amount.isdecimal() and len(amount) < 20:
                kilobytes[name] = int(amount) * 1024
    if not kilobytes:
        return None
    swap, swap_free = kilobytes.get("SwapTotal:"), kilobytes.get("SwapFree:")
    cached = [kilobytes[name] for name in ("Cached:", "SReclaimable:") if name in kilobytes]
    return MemoryUse(
        total_bytes=kilobytes.get("MemTotal:"),
        free_bytes=kilobytes.get("MemFree:"),
        available_bytes=kilobytes.get("MemAvailable:"),
        cached_bytes=sum(cached) if cached else None,
        buffers_bytes=kilobytes.get("Buffers:"),
        swap_used_bytes=swap - swap_free if swap is not None and swap_free is not None and swap >= swap_free else None,
    )


def parse_processes(stat: str, loadavg: str) -> Processes | None:
    """Tasks from /proc/stat and the fourth word of /proc/loadavg."""
    figures = {}
    for name in ("processes", "procs_running", "procs_blocked"):
        words = _line(stat, name + " ")
        if words is not None and len(words) == 2:
            figures[name] = _number(words[1], "/proc/stat")
    words = loadavg.split()
    total = words[3].rpartition("/")[2] if len(words) > 3 else ""
    if not figures and not total.isdecimal():
        return None
    return Processes(
        running=figures.get("procs_running"),
        blocked=figures.get("procs_blocked"),
        total=_number(total, "/proc/loadavg") if total else None,
        created=figures.get("processes"),
    )


def parse_diskstats(text: str) -> tuple[DiskCounters, ...]:
    """Whole disks of /proc/diskstats; partitions and devices made of others are left out."""
    disks = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 14 or is_no_disk(words[2]):
            continue
        count = [_number(word, "/proc/diskstats") for word in words[3:13]]
        disks.append(
            DiskCounters(
                name=words[2],
                reads=count[0],
                read_bytes=count[2] * _SECTOR_BYTES,
                read_seconds=count[3] / 1000,
                writes=count[4],
                written_bytes=count[6] * _SECTOR_BYTES,
                write_seconds=count[7] / 1000,
                in_flight=count[8],
                busy_seconds=count[9] / 1000,
            )
        )
    return tuple(disks)


def is_no_disk(name: str) -> bool:
    """Whether a name holds no disk of its own: partitions, and devices made of others."""
    stem = name.rstrip(_DIGITS)
    if stem == name or stem in _MADE_OF_OTHERS:
        return stem != name
    letters = stem.removeprefix("x")[2:] if stem.startswith(("sd", "vd", "hd", "xvd")) else ""
    if letters:
        return letters.isascii() and letters.isalpha() and letters.islower()
    disk = stem.removesuffix("p").rstrip(_DIGITS)
    if not stem.endswith("p") or stem == disk + "p":
        return False
    controller = disk.removeprefix("nvme").removesuffix("n")  # its number: nvme0n1p1
    is_nvme = disk == f"nvme{controller}n" and controller != "" and not controller.strip(_DIGITS)
    return is_nvme or disk == "mmcblk"


def parse_pressure(resource: str, text: str) -> Pressure:
    """One file of /proc/pressure."""
    figures: dict[str, float] = {}
    for line in text.splitlines():
        kind, *pairs = line.split() or [""]
        for name, _, amount in (pair.partition("=") for pair in pairs):
            key = f"{kind}_total_seconds" if name == "total" else f"{kind}_{name[3:]}_seconds_percent"
            if key not in record_fields(Pressure):
                continue
            try:
                figures[key] = float(amount) / 1e6 if name == "total" else float(amount)
            except ValueError as error:
                raise ParseError(f"/proc/pressure/{resource}", f"not a number: {amount[:40]!r}") from error
    return Pressure(resource=resource, **figures)


def _pressure(builder: FactBuilder, tree: Tree) -> tuple[Pressure, ...]:
    pressures = []
    for resource in _PRESSURES if builder.needs("pressure") else ():
        text = _text(builder, tree, f"proc/pressure/{resource}", "pressure")
        pressure = builder.try_read("pressure", partial(parse_pressure, resource, text)) if text else None
        if pressure is not None:
            pressures.append(pressure)
    builder.record_source("/proc/pressure", "pressure")
    return tuple(pressures)


def _links(builder: FactBuilder, sources: Sources) -> tuple[LinkCounters, ...]:
    if not builder.needs("links") or sources.netlink is None:
        return ()
    from .net.link_counters import read_link_counters

    builder.record_source("rtnetlink RTM_GETLINK", "links")
    return builder.try_read("links", partial(read_link_counters, sources)) or ()


def _line(text: str, start: str) -> list[str] | None:
    for line in text.splitlines():
        if line.startswith(start):
            return line.split()
    return None


def _number(word: str, source: str) -> int:
    if not word.isdecimal() or len(word) > 20:  # 64 bits have 20 digits
        raise ParseError(source, f"not a count: {word[:40]!r}")
    return int(word)
