"""Counters of a libvirt host: on Xen those of all domains together, on KVM the kernel's."""

from __future__ import annotations

from hostinfo.errors import ParseError, Unsupported
from hostinfo.fact import FactBuilder
from hostinfo.model.statistics import CpuTime, MemoryUse, Scope, Statistics
from hostinfo.record import replace

from ..sources.clock import utc
from .guests import domain_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.hypercall.domain_exits import DomainExitTracker
    from .host import LibvirtHost


def read_statistics(host: LibvirtHost, exits: DomainExitTracker, fields: RequestedFields) -> GroupResult[Statistics]:
    """Read the counters of a host that is known only through its daemon."""
    builder = FactBuilder(host.driver, fields)
    builder.record_source("libvirt getType", "scope")
    builder.record_source("clock", "time")
    if host.is_xen:
        empty = Statistics(scope=Scope.HYPERVISOR, time=utc())
        return builder.build(add_hypervisor_fields(host, builder, empty, exits))
    return builder.build(_add_kernel_fields(host, builder, Statistics(scope=Scope.HOST, time=utc())))


def add_hypervisor_fields(
    host: LibvirtHost, builder: FactBuilder, base: Statistics, exits: DomainExitTracker
) -> Statistics:
    """Add the CPU time of all domains, the Dom0 included, and the machine's memory."""
    rows = domain_rows(host)
    dom0 = host.call("domain-0-cpu")
    running = [row for row in rows if row.get("id", -1) >= 0]
    nanoseconds = (dom0 if isinstance(dom0, int) else 0) + sum(row["cpu_nanoseconds"] for row in running)
    free = host.free_bytes()
    builder.record_source("libvirt listAllDomains, lookupByID(0)", "cpu", "is_discontinuous")
    builder.record_source("libvirt getInfo", "cpus")
    builder.record_source("libvirt getInfo (whole MiB), getFreeMemory", "memory")
    return replace(
        base,
        is_discontinuous=exits.update({row["id"] for row in running}),
        cpu=CpuTime(busy_seconds=nanoseconds / 1e9),
        cpus=host.cpus(),
        memory=MemoryUse(total_bytes=host.total_bytes(), free_bytes=free),
    )


def _add_kernel_fields(host: LibvirtHost, builder: FactBuilder, base: Statistics) -> Statistics:
    builder.record_source("libvirt getInfo", "cpus")
    return replace(
        base,
        cpu=_read_cpu_time(host, builder),
        cpus=host.optional(builder, ("cpus",), host.cpus),
        memory=_read_memory_use(host, builder),
    )


def _read_cpu_time(host: LibvirtHost, builder: FactBuilder) -> CpuTime | None:
    table = host.optional(builder, ("cpu",), lambda: host.call("cpu-stats"))
    if table is None:
        return None
    seconds = {name: value / 1e9 for name, value in _numbers(table, f"{host.driver} getCPUStats").items()}
    builder.record_source("libvirt getCPUStats", "cpu")
    return CpuTime(
        user_seconds=seconds.get("user"),
        system_seconds=seconds.get("kernel"),
        idle_seconds=seconds.get("idle"),
        iowait_seconds=seconds.get("iowait"),
    )


def _read_memory_use(host: LibvirtHost, builder: FactBuilder) -> MemoryUse | None:
    try:
        table = host.call("memory-stats")
    except Unsupported:
        total = host.optional(builder, ("memory.total_bytes",), host.total_bytes)
        free = host.optional(builder, ("memory.free_bytes",), host.free_bytes)
        builder.record_source("libvirt getInfo (whole MiB), getFreeMemory", "memory")
        return MemoryUse(total_bytes=total, free_bytes=free)
    sizes = {name: value * 1024 for name, value in _numbers(table, f"{host.driver} getMemoryStats").items()}
    builder.record_source("libvirt getMemoryStats", "memory")
    return MemoryUse(
        total_bytes=sizes.get("total"),
        free_bytes=sizes.get("free"),
        cached_bytes=sizes.get("cached"),
        buffers_bytes=sizes.get("buffers"),
    )


def _numbers(table: object, source: str) -> dict[str, int]:
    if not isinstance(table, dict):
        raise ParseError(source, "not a table of numbers")
    return {name: value for name, value in table.items() if isinstance(value, int)}
