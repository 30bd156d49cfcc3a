"""What this operating system was given: its CPUs, MemTotal, Xen's word for the domain, the limits of control groups.

Source: /sys/devices/system/cpu/online, proc_meminfo(5), /sys/hypervisor, cgroup.py.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.domain import Domain, Limits

from ..sources import cpulist
from ..sources import xen_role as role
from ..sources.field_reader import FieldReader
from ..sources.sources import Sources
from .virt import cgroup

_ONLINE = "sys/devices/system/cpu/online"


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Domain]:
    """What this operating system was given of the machine."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    wants_limits = builder.needs("limits", "is_whole_machine")
    online = _online(reader) if wants_limits or builder.needs("online_cpus") else 0
    limits, are_told = _limits(reader, online) if wants_limits else (None, False)
    xen = role.read_role(sources.tree) if builder.needs("is_whole_machine", "uuid", "guest_type") else None
    return builder.build(
        Domain(
            online_cpus=online.bit_count() or None,
            memory_bytes=_memory(reader) if builder.needs("memory_bytes") else None,
            limits=limits,
            is_whole_machine=_is_whole(builder, xen, limits, are_told),
            uuid=_xen(reader, "uuid") if xen else None,
            guest_type=_xen(reader, "guest_type") if xen else None,
        )
    )


def _online(reader: FieldReader) -> int:
    """The set of CPUs; where only /proc/cpuinfo tells, as many as it shows."""
    reader.builder.record_source(f"/{_ONLINE}", "online_cpus")
    online = reader.cpu_set("online_cpus", _ONLINE)
    if online:
        return online
    reader.builder.record_source("/proc/cpuinfo", "online_cpus")
    return (1 << count_processors(reader.text("online_cpus", "proc/cpuinfo") or "")) - 1


def count_processors(cpuinfo: str) -> int:
    """CPUs that /proc/cpuinfo shows: a block or a line each, or their number alone (sparc)."""
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
    from .memory import has_faked_meminfo

    is_faked = has_faked_meminfo(reader.text("memory_bytes", "proc/self/mountinfo") or "")
    reader.builder.record_source(
        "/proc/meminfo" + (" (lxcfs: the container's limit)" if is_faked else ""), "memory_bytes"
    )
    return parse_total(reader.text("memory_bytes", "proc/meminfo") or "")


def parse_total(meminfo: str) -> int | None:
    """MemTotal in bytes."""
    for line in meminfo.splitlines():
        match line.split():
            case ["MemTotal:", kibibytes, "kB"] if kibibytes.isdecimal() and len(kibibytes) < 16:
                return int(kibibytes) * 1024
    return None


def _limits(reader: FieldReader, online: int) -> tuple[Limits | None, bool]:
    """The limits, None for none; and whether that could be told."""
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


def _is_whole(builder: FactBuilder, xen: str | None, limits: Limits | None, are_told: bool) -> bool | None:
    """A limit on the number of processes takes no part of the machine away."""
    if not builder.needs("is_whole_machine"):
        return None
    if xen == role.DOM0:
        builder.record_source("/sys/hypervisor", "is_whole_machine")
        return False
    if xen == role.PV_DOMU or not are_told:  # of the machine it sees nothing but its share
        return None
    builder.record_source("/proc/self/cgroup", "is_whole_machine")
    return limits is None or (limits.cpus, limits.cpu_numbers, limits.memory_bytes) == (None, None, None)


def _xen(reader: FieldReader, field: str) -> str | None:
    if not reader.builder.needs(field):
        return None
    reader.builder.record_source(f"/sys/hypervisor/{field}", field)
    return reader.attribute(field, f"sys/hypervisor/{field}")
