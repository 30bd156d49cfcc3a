"""Counters of the running kernel: CPU time, load, memory, tasks, pressure, links, disks.

In a Xen Dom0, only disks and links are those of the machine; all others count the Dom0 and are reported as such.
"""

from __future__ import annotations

from functools import partial

from hostinfo.errors import ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.statistics import LinkCounters, MemoryUse, Pressure, Scope, Statistics
from hostinfo.record import replace

from ..sources.clock import utc
from ..sources.container_view import REASON, read_container_view
from ..sources.meminfo import parse_meminfo
from ..sources.tree import source_of
from .absent_fields import add_reasons
from .counters import cpu_load, disks, pressure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields

    from ..sources.container_view import ContainerView
    from ..sources.sources import Sources
    from ..sources.tree import Tree

FILES = {
    "uptime_seconds": ("proc/uptime",),
    "load": ("proc/loadavg",),
    **dict.fromkeys(("cpu", "cpus", "processes"), ("proc/stat",)),
    "memory": ("proc/meminfo",),
    "pressure": ("proc/pressure",),
    **dict.fromkeys(("disks", "volumes"), ("proc/diskstats",)),
}
_DOM0_DEVICES = ("links", "disks", "volumes")
"""Fields that are those of the machine in a Dom0 too: it owns the devices."""


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Statistics]:
    """Read the counters of this kernel as those of the host."""
    return _read(sources, fields, Scope.HOST)


def read_in_dom0(sources: Sources, fields: RequestedFields) -> GroupResult[Statistics]:
    """Read disks and links as those of the host, and all else as the control domain's."""
    builder = FactBuilder("sysfs", fields)
    needs_dom0 = builder.needs("control_domain", *_DOM0_DEVICES)
    dom0 = add_reasons(_read(sources, None, Scope.CONTROL_DOMAIN), FILES, sources.tree, None) if needs_dom0 else None
    reason = "a Dom0's kernel counts only the Dom0 (control_domain); Xen reports it to root and through libvirtd"
    for field in ("cpu", "cpus", "memory", "uptime_seconds"):
        if builder.needs(field):
            builder.unsupported(field, "/proc", reason)
    for field in ("load", "processes"):
        if builder.needs(field):
            builder.unsupported(
                field, "/proc", "a Dom0's kernel counts the Dom0 only (control_domain); Xen counts no tasks"
            )
    if dom0 is not None:
        for problem in dom0.problems:
            builder.add_problem(_dom0_path(problem.path), problem.error)
        for path, source in dom0.sources.items():
            builder.record_source(source, _dom0_path(path))
    builder.record_source("constant of the driver", "scope")
    builder.record_source("clock", "time")
    value = Statistics(
        scope=Scope.HYPERVISOR,
        time=utc(sources.clock),
        links=dom0.value.links if dom0 else (),
        disks=dom0.value.disks if dom0 else (),
        volumes=dom0.value.volumes if dom0 else (),
        control_domain=replace(dom0.value, links=(), disks=(), volumes=()) if dom0 else None,
    )
    return builder.build(value)


def _dom0_path(path: str) -> str:
    return path if path in _DOM0_DEVICES else f"control_domain.{path}"


def _read(sources: Sources, fields: RequestedFields, scope: Scope) -> GroupResult[Statistics]:
    builder = FactBuilder("sysfs", fields)
    tree = sources.tree
    container = read_container_view(tree)
    stat = _read_text(builder, tree, container, "proc/stat", "cpu", "cpus", "processes")
    loadavg = _read_text(builder, tree, container, "proc/loadavg", "load", "processes")
    meminfo = _read_text(builder, tree, container, "proc/meminfo", "memory")
    diskstats = _read_text(builder, tree, container, "proc/diskstats", "disks", "volumes")
    uptime = _read_text(builder, tree, container, "proc/uptime", "uptime_seconds")
    offsets = _read_offsets(tree) if uptime else ""
    whole_disks, volumes = _read_disks(builder, tree, diskstats)
    try_read = builder.try_read
    value = Statistics(
        scope=scope,
        time=utc(sources.clock),
        uptime_seconds=try_read("uptime_seconds", partial(cpu_load.parse_uptime, uptime, offsets)),
        load=try_read("load", partial(cpu_load.parse_loadavg, loadavg)),
        cpu=try_read("cpu", partial(cpu_load.parse_cpu_time, stat)),
        cpus=cpu_load.parse_cpu_count(stat),
        memory=parse_memory_use(meminfo),
        processes=try_read("processes", partial(cpu_load.parse_processes, stat, loadavg)),
        pressure=_read_pressure(builder, tree, container),
        links=_read_links(builder, sources),
        disks=whole_disks,
        volumes=volumes,
    )
    builder.record_source("constant of the driver" if scope is Scope.HOST else "/sys/hypervisor", "scope")
    builder.record_source("clock", "time")
    return builder.build(value)


def _read_offsets(tree: Tree) -> str:
    """Return the offsets of this process' time namespace.

    The file has those of the namespace for its children: another one after unshare(2), which does not move the caller.
    """
    own, childrens = (tree.link(f"proc/self/ns/{name}") for name in ("time", "time_for_children"))
    return tree.try_text("proc/self/timens_offsets") if own == childrens else ""


def _read_text(builder: FactBuilder, tree: Tree, container: ContainerView, path: str, *fields: str) -> str:
    """Return the text of a file; empty if no field needs it, or if it is absent or unreadable."""
    if not builder.needs(*fields):
        return ""
    if container.covers(path):
        for field in fields:
            if builder.needs(field):
                builder.unsupported(field, source_of(path), REASON)
        return ""
    try:
        text = tree.optional(path) or ""
    except ReadError as error:
        for field in fields:
            builder.add_problem(field, error)
        return ""
    builder.record_source(source_of(path), *fields)
    return text


def parse_memory_use(text: str) -> MemoryUse | None:
    """Return the current use of memory from /proc/meminfo."""
    amounts = parse_meminfo(text)
    if not amounts:
        return None
    swap, swap_free = amounts.get("SwapTotal"), amounts.get("SwapFree")
    cached = [amounts[name] for name in ("Cached", "SReclaimable") if name in amounts]
    return MemoryUse(
        total_bytes=amounts.get("MemTotal"),
        free_bytes=amounts.get("MemFree"),
        available_bytes=amounts.get("MemAvailable"),
        cached_bytes=sum(cached) if cached else None,
        buffers_bytes=amounts.get("Buffers"),
        swap_used_bytes=swap - swap_free if swap is not None and swap_free is not None and swap >= swap_free else None,
    )


def _read_pressure(builder: FactBuilder, tree: Tree, container: ContainerView) -> tuple[Pressure, ...]:
    found = []
    for resource in pressure.RESOURCES if builder.needs("pressure") else ():
        text = _read_text(builder, tree, container, f"proc/pressure/{resource}", "pressure")
        parsed = builder.try_read("pressure", partial(pressure.parse_pressure, resource, text)) if text else None
        if parsed is not None:
            found.append(parsed)
    builder.record_source("/proc/pressure", "pressure")
    return tuple(found)


def _read_disks(builder: FactBuilder, tree: Tree, diskstats: str) -> disks.DisksAndVolumes:
    if not diskstats:
        return (), ()
    from .counters.block_devices import read_devices

    devices = read_devices(tree)
    source = "/proc/diskstats" if devices is None else "/proc/diskstats, /sys/block"
    builder.record_source(source, "disks", "volumes")
    return builder.try_read("disks", partial(disks.parse_diskstats, diskstats, devices)) or ((), ())


def _read_links(builder: FactBuilder, sources: Sources) -> tuple[LinkCounters, ...]:
    if not builder.needs("links") or sources.netlink is None:
        return ()
    from .net.link_counters import read_link_counters

    builder.record_source("rtnetlink RTM_GETLINK", "links")
    return builder.try_read("links", partial(read_link_counters, sources)) or ()
