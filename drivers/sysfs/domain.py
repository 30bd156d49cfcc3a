"""The share of the machine that is assigned to this operating system: CPUs, memory, Xen's domain, cgroup limits.

Source: /sys/devices/system/cpu/online, proc_meminfo(5), /sys/hypervisor, and those of virt/cgroup.py.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.domain import Domain, Limits

from ..sources import cpulist
from ..sources.field_reader import FieldReader
from ..sources.meminfo import is_meminfo_from_lxcfs, parse_meminfo
from ..sources.sources import Sources
from ..sources.tree import source_of
from ..sources.xen_role import DOM0, PV_DOMU, read_role
from .virt import cgroup

_ONLINE = "sys/devices/system/cpu/online"


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Domain]:
    """Read what is assigned to this operating system."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    wants_limits = builder.needs("limits", "is_whole_machine")
    online = _online(reader) if wants_limits or builder.needs("online_cpus") else 0
    limits, are_known = _read_limits(reader, online) if wants_limits else (None, False)
    xen = read_role(sources.tree) if builder.needs("is_whole_machine", "uuid", "guest_type") else None
    return builder.build(
        Domain(
            online_cpus=online.bit_count() or None,
            memory_bytes=_memory(reader) if builder.needs("memory_bytes") else None,
            limits=limits,
            is_whole_machine=_is_whole(builder, xen, limits, are_known),
            uuid=_read_xen(reader, "uuid") if xen else None,
            guest_type=_read_xen(reader, "guest_type") if xen else None,
        )
    )


def _online(reader: FieldReader) -> int:
    """Return the set of online CPUs; without the file, as many as /proc/cpuinfo has."""
    reader.builder.record_source(source_of(_ONLINE), "online_cpus")
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
    is_lxcfs = is_meminfo_from_lxcfs(reader.text("memory_bytes", "proc/self/mountinfo") or "")
    reader.builder.record_source(
        "/proc/meminfo" + (" (lxcfs: the container's limit)" if is_lxcfs else ""), "memory_bytes"
    )
    return parse_meminfo(reader.text("memory_bytes", "proc/meminfo") or "").get("MemTotal")


def _read_limits(reader: FieldReader, online: int) -> tuple[Limits | None, bool]:
    """Return the limits, None if there are none; and whether they are known."""
    try:
        found = cgroup.read_limits(reader.tree, online)
    except DriverError as error:
        reader.report_once("limits", error)
        return None, False
    if found is None:
        return None, False
    limits, sources = found
    for field, source in sources.items():
        reader.builder.record_source(source, f"limits.{field}")
    return (limits if limits != Limits() else None), True


def _is_whole(builder: FactBuilder, xen: str | None, limits: Limits | None, are_known: bool) -> bool | None:
    """Return whether no CPU and no memory is withheld; a limit on the number of processes does not count."""
    if not builder.needs("is_whole_machine"):
        return None
    if xen == DOM0:
        builder.record_source("/sys/hypervisor", "is_whole_machine")
        return False
    if xen == PV_DOMU or not are_known:  # sees only its share of the machine
        return None
    builder.record_source("/proc/self/cgroup", "is_whole_machine")
    return limits is None or (limits.cpus, limits.cpu_numbers, limits.memory_bytes) == (None, None, None)


def _read_xen(reader: FieldReader, field: str) -> str | None:
    if not reader.builder.needs(field):
        return None
    reader.builder.record_source(f"/sys/hypervisor/{field}", field)
    return reader.attribute(field, f"sys/hypervisor/{field}")
