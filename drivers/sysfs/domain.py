"""What this operating system was given: its CPUs, MemTotal, Xen's word for the domain, the limits of control groups.

Source: /sys/devices/system/cpu/online, proc_meminfo(5), /sys/hypervisor, cgroup.py.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.domain import Domain, Limits

from ..sources import xen_role as role
from ..sources.sources import Sources
from .processor import cpulist
from .processor.field_reader import Reading
from .virt import cgroup

_ONLINE = "sys/devices/system/cpu/online"


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Domain]:
    """What this operating system was given of the machine."""
    builder = FactBuilder("sysfs", fields)
    reading = Reading(sources.tree, builder)
    wants_limits = builder.needs("limits", "is_whole_machine")
    online = _online(reading) if wants_limits or builder.needs("online_cpus") else 0
    limits, are_told = _limits(reading, online) if wants_limits else (None, False)
    xen = role.read_role(sources.tree) if builder.needs("is_whole_machine", "uuid", "guest_type") else None
    return builder.build(
        Domain(
            online_cpus=online.bit_count() or None,
            memory_bytes=_memory(reading) if builder.needs("memory_bytes") else None,
            limits=limits,
            is_whole_machine=_is_whole(builder, xen, limits, are_told),
            uuid=_xen(reading, "uuid") if xen else None,
            guest_type=_xen(reading, "guest_type") if xen else None,
        )
    )


def _online(reading: Reading) -> int:
    """The set of CPUs; where only /proc/cpuinfo tells, as many as it shows."""
    reading.builder.record_source(f"/{_ONLINE}", "online_cpus")
    online = reading.cpus("online_cpus", _ONLINE)
    if online:
        return online
    reading.builder.record_source("/proc/cpuinfo", "online_cpus")
    return (1 << count_processors(reading.text("online_cpus", "proc/cpuinfo") or "")) - 1


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


def _memory(reading: Reading) -> int | None:
    from .memory import has_faked_meminfo

    is_faked = has_faked_meminfo(reading.text("memory_bytes", "proc/self/mountinfo") or "")
    reading.builder.record_source(
        "/proc/meminfo" + (" (lxcfs: the container's limit)" if is_faked else ""), "memory_bytes"
    )
    return parse_total(reading.text("memory_bytes", "proc/meminfo") or "")


def parse_total(meminfo: str) -> int | None:
    """MemTotal in bytes."""
    for line in meminfo.splitlines():
        match line.split():
            case ["MemTotal:", kibibytes, "kB"] if kibibytes.isdecimal() and len(kibibytes) < 16:
                return int(kibibytes) * 1024
    return None


def _limits(reading: Reading, online: int) -> tuple[Limits | None, bool]:
    """The limits, None for none; and whether that could be told."""
    try:
        found = cgroup.read_limits(reading.tree, online)
    except DriverError as error:
        reading.blame("limits", error)
        return None, False
    if found is None:
        return None, False
    limits, sources = found
    for field, source in sources.items():
        reading.builder.record_source(source, f"limits.{field}")
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


def _xen(reading: Reading, field: str) -> str | None:
    if not reading.builder.needs(field):
        return None
    reading.builder.record_source(f"/sys/hypervisor/{field}", field)
    return reading.attribute(field, f"sys/hypervisor/{field}")
