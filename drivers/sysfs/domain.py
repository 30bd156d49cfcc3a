"""The share of the machine that is assigned to this operating system: CPUs, memory, Xen's domain, cgroup limits.

Source: /sys/devices/system/cpu/online, proc_meminfo(5), /sys/hypervisor, and those of virt/cgroup.py.
"""

import errno

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.domain import Domain, Limits

from ..sources import cpulist
from ..sources.container_view import REASON
from ..sources.field_reader import FieldReader
from ..sources.meminfo import parse_meminfo
from ..sources.sources import Sources
from ..sources.tree import source_of
from ..sources.xen_role import DOM0, PV_DOMU, read_role
from .virt import cgroup
from .virt.container_share import ContainerShare

_ONLINE = "sys/devices/system/cpu/online"
FILES = {
    "online_cpus": (_ONLINE, "proc/cpuinfo"),
    "memory_bytes": ("proc/meminfo",),
    "is_whole_machine": ("proc/self/cgroup",),
    **dict.fromkeys(("uuid", "guest_type"), ("sys",)),
}


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Domain]:
    """Read what is assigned to this operating system."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    wants_limits = builder.needs("limits", "is_whole_machine")
    online = _online(reader) if wants_limits or builder.needs("online_cpus") else 0
    share = ContainerShare(reader, online) if wants_limits else None
    found = _read_limits(reader, share.machine_cpus) if share is not None else None
    limits = found.limits if found is not None and found.limits != Limits() else None
    xen = read_role(sources.tree) if builder.needs("is_whole_machine", "uuid", "guest_type") else None
    return builder.build(
        Domain(
            online_cpus=online.bit_count() or None,
            memory_bytes=_memory(reader) if builder.needs("memory_bytes") else None,
            limits=limits,
            is_whole_machine=_is_whole(builder, xen, found, share),
            uuid=_read_xen(reader, "uuid") if xen else None,
            guest_type=_read_xen(reader, "guest_type") if xen else None,
        )
    )


def _online(reader: FieldReader) -> int:
    """Return the set of online CPUs; without the file, as many as /proc/cpuinfo has."""
    is_share = reader.container.covers(_ONLINE)
    reader.builder.record_source(source_of(_ONLINE) + (" (lxcfs: the container's)" if is_share else ""), "online_cpus")
    online = reader.cpu_set("online_cpus", _ONLINE)
    if online:
        return online
    reader.builder.record_source("/proc/cpuinfo", "online_cpus")
    return (1 << count_processors(reader.text("online_cpus", "proc/cpuinfo") or "")) - 1


def count_processors(cpuinfo: str) -> int:
    """Return the number of CPUs in /proc/cpuinfo: a block or a line per CPU, or only their number (sparc)."""
    blocks = 0
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        words = name.split()
        if (words == ["processor"] and value.strip().isdecimal()) or (
            len(words) == 2 and words[0] == "processor" and words[1].isdecimal()
        ):
            blocks += 1
        elif words == ["ncpus", "active"] and value.strip().isdecimal() and len(value) < 8:
            return min(int(value), cpulist.LIMIT)
    return min(blocks, cpulist.LIMIT)


def _memory(reader: FieldReader) -> int | None:
    is_share = reader.container.covers("proc/meminfo")
    reader.builder.record_source(
        "/proc/meminfo" + (" (lxcfs: the container's limit)" if is_share else ""), "memory_bytes"
    )
    return parse_meminfo(reader.text("memory_bytes", "proc/meminfo") or "").get("MemTotal")


def _read_limits(reader: FieldReader, online: int) -> cgroup.GroupLimits | None:
    """Return the limits; None: they are not known."""
    try:
        found = cgroup.read_limits(reader.tree, online)
    except ReadError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            reader.builder.unsupported("limits", error.source, "does not exist: the control group is unknown")
        else:
            reader.report_once("limits", error)
        return None
    except DriverError as error:
        reader.report_once("limits", error)
        return None
    for field, source in found.sources.items():
        reader.builder.record_source(source, f"limits.{field}")
    if found.hidden:
        reader.builder.unsupported("limits", "/proc/self/mountinfo", found.hidden)
    return found


def _is_whole(
    builder: FactBuilder, xen: str | None, found: cgroup.GroupLimits | None, share: ContainerShare | None
) -> bool | None:
    """Return whether no CPU and no memory is withheld from this operating system.

    A limit on the number of processes does not count, nor one of the system service that this process belongs to.
    """
    if not builder.needs("is_whole_machine"):
        return None
    if xen == DOM0:
        builder.record_source("/sys/hypervisor", "is_whole_machine")
        return False
    if xen == PV_DOMU:
        builder.unsupported("is_whole_machine", "/sys/hypervisor", "a Xen domU sees only its share of the machine")
        return None
    if share is not None and share.is_smaller:
        builder.record_source("/proc/self/mountinfo (a filter such as lxcfs)", "is_whole_machine")
        return False
    is_limited, are_known = (found.withholds, not found.hidden) if found is not None else (False, False)
    if not is_limited and (not are_known or (share is not None and share.is_filtered)):
        why = "the limits are unknown" if not are_known else f"{REASON}; no limit is visible"
        builder.unsupported("is_whole_machine", "/proc/self/cgroup", why)
        return None
    builder.record_source("/proc/self/cgroup", "is_whole_machine")
    return not is_limited


def _read_xen(reader: FieldReader, field: str) -> str | None:
    if not reader.builder.needs(field):
        return None
    reader.builder.record_source(f"/sys/hypervisor/{field}", field)
    return reader.attribute(field, f"sys/hypervisor/{field}")
