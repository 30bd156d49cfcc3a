"""libvirt's Xen driver, ``xen:///system`` and remote: one table.

In the Dom0 itself libvirt tells where each CPU sits, what is free and which domains there are; what it lacks there
(vendor, brand, signature, caches, flags) comes from hypercalls where they are allowed, else from SMBIOS and what Xen
passes through to the Dom0. A remote Dom0 is told by libvirt alone.
"""

from functools import partial

from hostinfo.driver import Driver, DriverFactory, RequestedFields
from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.record import replace

from ..sources.libvirt.client import Daemon, Replies
from ..sources.sources import Sources
from ..sources.xen_role import DOM0, read_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hostinfo.driver import Monitor
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.memory import Memory
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System

    from ..libvirt.host import Host
    from .hypercall import Connect
    from .statistics import Ended

NAME = "libvirt-xen"
LOCAL_URI = "xen:///system"
SOCKETS = ("/run/libvirt/virtxend-sock-ro", "/run/libvirt/libvirt-sock-ro")
LOCAL_GROUPS = frozenset({"system", "cpu", "memory", "numa", "guests", "statistics"})
REMOTE_GROUPS = LOCAL_GROUPS | {"hypervisor", "network"}


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """This Dom0 for None and ``xen:///system``, another for ``xen+ssh://HOST/system`` and its like."""
    if uri is not None and not uri.startswith("xen:///"):
        return (replace(remote_opener(Daemon(uri)), monitors=partial(_monitors, uri, REMOTE_GROUPS)),)
    from ..sources.local import local_sources

    sources, uri = local_sources(), uri or LOCAL_URI
    return (replace(factory(sources, Daemon(uri)), monitors=partial(_monitors_in_dom0, sources, uri)),)


def factory(sources: Sources, daemon: Daemon | Replies, connect: "Connect | None" = None) -> DriverFactory:
    """The driver for this Dom0, or for a recorded one with its answers and the way to its hypercalls."""
    return DriverFactory(name=NAME, open=partial(_open_local, sources, daemon, connect), groups=LOCAL_GROUPS)


def _monitors_in_dom0(sources: Sources, uri: str) -> "tuple[Callable[[], Monitor], ...]":
    return _monitors(uri, LOCAL_GROUPS) if read_role(sources.tree) == DOM0 else ()


def _monitors(uri: str, groups: frozenset[str]) -> "tuple[Callable[[], Monitor], ...]":
    from ..sources.libvirt.monitor import monitors

    return monitors(uri, groups, SOCKETS, is_xen=True)


def _open_local(sources: Sources, daemon: Daemon | Replies, connect: "Connect | None") -> Driver | None:
    if read_role(sources.tree) != DOM0:
        return None
    from ..libvirt import guests, host
    from .hypercall import privcmd_connect
    from .statistics import Ended

    daemon.start_snapshot()
    daemon.ask("type")  # Unavailable here, once, where there is no daemon
    connect = connect or privcmd_connect
    dom0 = host.Host(NAME, daemon.ask, is_xen=True)
    return Driver(
        name=NAME,
        system=partial(_system, sources, dom0),
        cpu=partial(_cpu, sources, dom0, connect),
        memory=partial(_memory, sources, dom0, connect),
        numa=partial(host.read_numa, dom0),
        guests=partial(guests.read_guests, dom0),
        statistics=partial(_statistics, sources, dom0, Ended()),
        start_snapshot=daemon.start_snapshot,
        close=daemon.close,
    )


def remote_opener(daemon: Daemon | Replies) -> DriverFactory:
    """The driver for another Dom0: what its daemon alone tells."""
    return DriverFactory(name=NAME, open=partial(_open_remote, daemon), groups=REMOTE_GROUPS)


def _open_remote(daemon: Daemon | Replies) -> Driver | None:
    from ..libvirt import remote

    return remote.table(NAME, daemon, is_xen=True)


def _system(sources: Sources, dom0: "Host", fields: RequestedFields) -> "GroupResult[System]":
    """What the kernel reads of the firmware; what it may not read (as an ordinary user) libvirt tells."""
    from ..libvirt.system import read_system
    from ..sysfs import system as kernel_system

    own = kernel_system.read(sources, fields)
    unread = {problem.path for problem in own.problems if isinstance(problem.error, DriverError)}
    if not unread:
        return own
    told = read_system(dom0, fields).value
    builder = FactBuilder(NAME, fields)
    value = own.value
    filled = set()
    for path in unread:
        group, _, field = path.rpartition(".")
        part = getattr(told, group, None) if group else told
        text = getattr(part, field, None)
        if text is None or (group and getattr(value, group) is None):
            continue
        filled.add(path)
        value = replace(value, **{group: replace(getattr(value, group), **{field: text})} if group else {field: text})
    for path, source in own.sources.items():
        builder.record_source(source, path)
    builder.problems += [problem for problem in own.problems if problem.path not in filled]
    builder.record_source("libvirt getSysinfo", *filled)
    return builder.build(value)


def _cpu(sources: Sources, dom0: "Host", connect: "Connect", fields: RequestedFields) -> "GroupResult[Cpu]":
    from ..libvirt.host import topology

    builder = FactBuilder(NAME, fields)
    counted = ["sockets", "cores", "threads", "threads_per_core", "processors"]
    needed = fields
    if fields is not None and builder.needs(*counted):
        needed = fields | {"processors"}  # which of them Xen has taken offline changes all counts
    base = _beside("cpu", sources, connect, needed)
    if not builder.needs(*counted, "current_frequency_hz"):
        return base
    cpu = base.value
    if cpu.current_frequency_hz is None:
        counted.append("current_frequency_hz")
        cpu = replace(cpu, current_frequency_hz=dom0.info(3) * 1_000_000 or None)
        builder.record_source("libvirt getInfo", "current_frequency_hz")
    if not cpu.flags and builder.needs("flags"):
        counted.append("flags")
        why = "it lists some of them fields, and who may make hypercalls can ask Xen"
        builder.unsupported("flags", "libvirt capabilities", why)
    builder.merge(base, except_for=counted)
    return builder.build(topology(dom0, builder, cpu))


def _memory(sources: Sources, dom0: "Host", connect: "Connect", fields: RequestedFields) -> "GroupResult[Memory]":
    from ..libvirt.host import xen_memory

    base = _beside("memory", sources, connect, fields)
    builder = FactBuilder(NAME, fields)
    told = (
        ("free_bytes", "available_bytes")
        if base.value.total_bytes
        else ("free_bytes", "available_bytes", "total_bytes")
    )
    builder.merge(base, except_for=told)
    if builder.needs("available_bytes"):
        builder.unsupported(
            "available_bytes", "Xen", "it has no cache to give back: free_bytes is all that is available"
        )
    return builder.build(xen_memory(dom0, builder, base.value))


def _statistics(sources: Sources, dom0: "Host", ended: "Ended", fields: RequestedFields) -> "GroupResult[Statistics]":
    from ..libvirt.guests import read_statistics
    from ..sysfs.statistics import read_in_dom0

    return read_statistics(dom0, fields, ended, read_in_dom0(sources, fields))


def _beside(group: str, sources: Sources, connect: "Connect", fields: RequestedFields) -> "GroupResult[Any]":
    """The group by hypercalls, else from SMBIOS and what Xen passes through to the Dom0."""
    from . import firmware as dom0
    from . import hypercall as xen

    try:
        driver = xen.open_driver(sources, connect)
        if driver is not None:
            try:
                fact: GroupResult[Any] = driver.readers[group](fields)
                return fact
            finally:
                if driver.close is not None:
                    driver.close()
    except HostInfoError:
        pass  # an ordinary user may not make hypercalls; the xen driver itself tells why when it is asked
    read = dom0.read_cpu if group == "cpu" else dom0.read_memory
    fallback: GroupResult[Any] = read(sources, fields)
    return fallback
