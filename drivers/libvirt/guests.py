"""The domains of a host, and what their CPU time says of a Xen machine."""

from hostinfo.driver import RequestedFields
from hostinfo.errors import ParseError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.guests import Guest, Guests
from hostinfo.model.statistics import CpuTime, MemoryUse, Scope, Statistics
from hostinfo.record import replace

from ..dom0.statistics import NO_UPTIME, TOLD, Ended
from ..sources.clock import utc
from .host import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STATES = ("no state", "running", "blocked", "paused", "shutdown", "shut off", "crashed", "suspended")
"""virDomainState, in virsh's words."""
_DOMAIN_0_UUID = "00000000-0000-0000-0000-000000000000"


def read_guests(host: Host, fields: RequestedFields) -> GroupResult[Guests]:
    """Every domain, running or not, but the Dom0 itself."""
    builder = FactBuilder(host.name, fields)
    builder.record_source("libvirt listAllDomains", "guests")
    guests = [_guest(row) for row in _rows(host) if not (host.is_xen and _is_domain_0(row))]
    return builder.build(Guests(guests=tuple(sorted(guests, key=lambda guest: guest.name))))


def _rows(host: Host) -> "list[dict[str, Any]]":
    rows = host.ask("domains")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParseError(f"{host.name} listAllDomains", "not a list of domains")
    return rows


def _is_domain_0(row: "dict[str, Any]") -> bool:
    return row.get("id") == 0 or row.get("uuid") == _DOMAIN_0_UUID


def _guest(row: "dict[str, Any]") -> Guest:
    try:
        state, identity = row["state"], row["id"]
        return Guest(
            name=str(row["name"]),
            uuid=str(row["uuid"]),
            state=_STATES[state] if state < len(_STATES) else f"state {state}",
            vcpus=int(row["vcpus"]),
            memory_bytes=int(row["memory_kib"]) * 1024,
            maximum_memory_bytes=int(row["maximum_kib"]) * 1024,
            id=identity if identity >= 0 else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError("libvirt listAllDomains", f"not a domain: {error!r}") from error


def read_statistics(
    host: Host, fields: RequestedFields, ended: Ended, own: GroupResult[Statistics] | None = None
) -> GroupResult[Statistics]:
    """Counters of the machine: on Xen all domains' together, beside the Dom0's ``own`` where it is this machine."""
    builder = FactBuilder(host.name, fields)
    base = (
        own.value if own is not None else Statistics(scope=Scope.HYPERVISOR if host.is_xen else Scope.HOST, time=utc())
    )
    if own is not None:
        builder.merge(own, except_for=(*TOLD, "uptime_seconds"))
        if builder.needs("uptime_seconds"):
            builder.unsupported("uptime_seconds", "Xen", NO_UPTIME)
    builder.record_source("libvirt getType", "scope")
    builder.record_source("clock", "time")
    return builder.build(_xen(host, builder, base, ended) if host.is_xen else _kernel(host, builder, base))


def _xen(host: Host, builder: FactBuilder, base: Statistics, ended: Ended) -> Statistics:
    rows = [row for row in _rows(host) if not _is_domain_0(row)]
    dom0 = host.ask("domain-0-cpu")
    running = [row for row in rows if row.get("id", -1) >= 0]
    nanoseconds = (dom0 if isinstance(dom0, int) else 0) + sum(row["cpu_nanoseconds"] for row in running)
    free = host.ask("free-memory")
    builder.record_source("libvirt listAllDomains, lookupByID(0)", "cpu", "is_discontinuous")
    builder.record_source("libvirt getInfo", "cpus")
    builder.record_source("libvirt getInfo (whole MiB), getFreeMemory", "memory")
    return replace(
        base,
        is_discontinuous=ended.since_before({row["id"] for row in running}),
        cpu=CpuTime(busy_seconds=nanoseconds / 1e9),
        cpus=host.info(2),
        memory=MemoryUse(total_bytes=host.info(1) << 20, free_bytes=free if isinstance(free, int) else None),
    )


def _kernel(host: Host, builder: FactBuilder, base: Statistics) -> Statistics:
    cpu, memory = host.ask("cpu-stats"), host.ask("memory-stats")
    if not isinstance(cpu, dict) or not isinstance(memory, dict):
        raise ParseError(f"{host.name} getCPUStats", "not a table of figures")
    seconds = {name: value / 1e9 for name, value in cpu.items() if isinstance(value, int)}
    kib = {name: value * 1024 for name, value in memory.items() if isinstance(value, int)}
    builder.record_source("libvirt getCPUStats", "cpu")
    builder.record_source("libvirt getMemoryStats", "memory")
    builder.record_source("libvirt getInfo", "cpus")
    return replace(
        base,
        cpu=CpuTime(
            user_seconds=seconds.get("user"),
            system_seconds=seconds.get("kernel"),
            idle_seconds=seconds.get("idle"),
            iowait_seconds=seconds.get("iowait"),
        ),
        cpus=host.info(2),
        memory=MemoryUse(
            total_bytes=kib.get("total"),
            free_bytes=kib.get("free"),
            cached_bytes=kib.get("cached"),
            buffers_bytes=kib.get("buffers"),
        ),
    )
