"""libvirt's Xen driver, ``xen:///system`` and remote: one table.

In the Dom0 itself libvirt tells where each CPU sits, what is free and which domains there are; what it lacks there
(vendor, brand, signature, caches, flags) comes from hypercalls where they are allowed, else from SMBIOS and what Xen
passes through to the Dom0. A remote Dom0 is told by libvirt alone.
"""

from dataclasses import replace
from functools import partial

from hostinfo.driver import Driver, Only, Opener
from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import Fact, Notes

from ..sysfs.kernel import Kernel
from ..sysfs.role import DOM0, read_role
from .daemon import Daemon, Replies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hostinfo.driver import Monitor
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.memory import Memory
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System

    from ..xen import Connect
    from ..xen.statistics import Ended
    from .host import Host

NAME = "libvirt-xen"
LOCAL_URI = "xen:///system"
SOCKETS = ("/run/libvirt/virtxend-sock-ro", "/run/libvirt/libvirt-sock-ro")
LOCAL_GROUPS = frozenset({"system", "cpu", "memory", "numa", "guests", "statistics"})
REMOTE_GROUPS = LOCAL_GROUPS | {"hypervisor", "network"}


def openers(uri: str | None) -> tuple[Opener, ...]:
    """This Dom0 for None and ``xen:///system``, another for ``xen+ssh://HOST/system`` and its like."""
    if uri is not None and not uri.startswith("xen:///"):
        return (replace(remote_opener(Daemon(uri)), monitors=partial(_monitors, uri, REMOTE_GROUPS)),)
    from ..sysfs.live import live_kernel

    kernel, uri = live_kernel(), uri or LOCAL_URI
    return (replace(opener(kernel, Daemon(uri)), monitors=partial(_monitors_in_dom0, kernel, uri)),)


def opener(kernel: Kernel, daemon: Daemon | Replies, connect: "Connect | None" = None) -> Opener:
    """The driver for this Dom0, or for a recorded one with its answers and the way to its hypercalls."""
    return Opener(name=NAME, open=partial(_open_local, kernel, daemon, connect), groups=LOCAL_GROUPS)


def _monitors_in_dom0(kernel: Kernel, uri: str) -> "tuple[Callable[[], Monitor], ...]":
    return _monitors(uri, LOCAL_GROUPS) if read_role(kernel.tree) == DOM0 else ()


def _monitors(uri: str, groups: frozenset[str]) -> "tuple[Callable[[], Monitor], ...]":
    from .monitor import monitors

    return monitors(uri, groups, SOCKETS, is_xen=True)


def _open_local(kernel: Kernel, daemon: Daemon | Replies, connect: "Connect | None") -> Driver | None:
    if read_role(kernel.tree) != DOM0:
        return None
    from ..xen import privcmd_connect
    from ..xen.statistics import Ended
    from . import guests, host

    daemon.renew()
    daemon.ask("type")  # Unavailable here, once, where there is no daemon
    connect = connect or privcmd_connect
    dom0 = host.Host(NAME, daemon.ask, is_xen=True)
    return Driver(
        name=NAME,
        system=partial(_system, kernel, dom0),
        cpu=partial(_cpu, kernel, dom0, connect),
        memory=partial(_memory, kernel, dom0, connect),
        numa=partial(host.read_numa, dom0),
        guests=partial(guests.read_guests, dom0),
        statistics=partial(_statistics, kernel, dom0, Ended()),
        renew=daemon.renew,
        close=daemon.close,
    )


def remote_opener(daemon: Daemon | Replies) -> Opener:
    """The driver for another Dom0: what its daemon alone tells."""
    return Opener(name=NAME, open=partial(_open_remote, daemon), groups=REMOTE_GROUPS)


def _open_remote(daemon: Daemon | Replies) -> Driver | None:
    from . import remote

    return remote.table(NAME, daemon, is_xen=True)


def _system(kernel: Kernel, dom0: "Host", only: Only) -> "Fact[System]":
    """What the kernel reads of the firmware; what it may not read (as an ordinary user) libvirt tells."""
    from ..sysfs import system as kernel_system
    from .system import read_system

    own = kernel_system.read(kernel, only)
    unread = {problem.path for problem in own.problems if isinstance(problem.error, DriverError)}
    if not unread:
        return own
    told = read_system(dom0, only).value
    notes = Notes(NAME, only)
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
        notes.told(source, path)
    notes.problems += [problem for problem in own.problems if problem.path not in filled]
    notes.told("libvirt getSysinfo", *filled)
    return notes.fact(value)


def _cpu(kernel: Kernel, dom0: "Host", connect: "Connect", only: Only) -> "Fact[Cpu]":
    from .host import topology

    notes = Notes(NAME, only)
    counted = ["sockets", "cores", "threads", "threads_per_core", "processors"]
    needed = only
    if only is not None and notes.wants(*counted):
        needed = only | {"processors"}  # which of them Xen has taken offline changes all counts
    base = _beside("cpu", kernel, connect, needed)
    if not notes.wants(*counted, "current_frequency_hz"):
        return base
    cpu = base.value
    if cpu.current_frequency_hz is None:
        counted.append("current_frequency_hz")
        cpu = replace(cpu, current_frequency_hz=dom0.info(3) * 1_000_000 or None)
        notes.told("libvirt getInfo", "current_frequency_hz")
    if not cpu.flags and notes.wants("flags"):
        counted.append("flags")
        why = "it lists some of them only, and who may make hypercalls can ask Xen"
        notes.unsupported("flags", "libvirt capabilities", why)
    notes.include(base, except_for=counted)
    return notes.fact(topology(dom0, notes, cpu))


def _memory(kernel: Kernel, dom0: "Host", connect: "Connect", only: Only) -> "Fact[Memory]":
    from .host import xen_memory

    base = _beside("memory", kernel, connect, only)
    notes = Notes(NAME, only)
    told = (
        ("free_bytes", "available_bytes")
        if base.value.total_bytes
        else ("free_bytes", "available_bytes", "total_bytes")
    )
    notes.include(base, except_for=told)
    if notes.wants("available_bytes"):
        notes.unsupported("available_bytes", "Xen", "it has no cache to give back: free_bytes is all that is available")
    return notes.fact(xen_memory(dom0, notes, base.value))


def _statistics(kernel: Kernel, dom0: "Host", ended: "Ended", only: Only) -> "Fact[Statistics]":
    from ..sysfs.statistics import read_in_dom0
    from .guests import read_statistics

    return read_statistics(dom0, only, ended, read_in_dom0(kernel, only))


def _beside(group: str, kernel: Kernel, connect: "Connect", only: Only) -> "Fact[Any]":
    """The group by hypercalls, else from SMBIOS and what Xen passes through to the Dom0."""
    from .. import xen
    from ..sysfs import dom0

    try:
        driver = xen.open_driver(kernel, connect)
        if driver is not None:
            try:
                fact: Fact[Any] = getattr(driver, group)(only)
                return fact
            finally:
                if driver.close is not None:
                    driver.close()
    except HostInfoError:
        pass  # an ordinary user may not make hypercalls; the xen driver itself tells why when it is asked
    read = dom0.read_cpu if group == "cpu" else dom0.read_memory
    fallback: Fact[Any] = read(kernel, only)
    return fallback
