"""The machine's memory from a libvirt daemon."""

from __future__ import annotations

from hostinfo.errors import ParseError, Unsupported
from hostinfo.fact import FactBuilder
from hostinfo.model.memory import Memory
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost


def read_memory(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Memory]:
    """Read the memory of the machine: on Xen what the hypervisor manages, on KVM what the kernel does."""
    builder = FactBuilder(host.driver, fields)
    if host.is_xen:
        return builder.build(add_xen_memory(host, builder, Memory()))
    try:
        stats = host.call("memory-stats")
    except Unsupported:
        return builder.build(_add_counts(host, builder, Memory()))
    if not isinstance(stats, dict):
        raise ParseError(f"{host.driver} getMemoryStats", "not a table of numbers")
    kibibytes = {name: value for name, value in stats.items() if isinstance(value, int)}
    builder.record_source("libvirt getMemoryStats", "total_bytes", "free_bytes")
    return builder.build(Memory(total_bytes=_bytes(kibibytes.get("total")), free_bytes=_bytes(kibibytes.get("free"))))


def add_xen_memory(host: LibvirtHost, builder: FactBuilder, memory: Memory) -> Memory:
    """Add Xen's free memory, and its total in whole MiB unless ``memory`` already has the exact one."""
    return _add_counts(host, builder, memory)


def _add_counts(host: LibvirtHost, builder: FactBuilder, memory: Memory) -> Memory:
    """Add getInfo()'s total and getFreeMemory(), which all but a few of libvirt's drivers have."""
    if builder.needs("total_bytes") and memory.total_bytes is None:
        memory = replace(memory, total_bytes=host.optional(builder, ("total_bytes",), host.total_bytes))
        builder.record_source("libvirt getInfo (whole MiB)", "total_bytes")
    if builder.needs("free_bytes"):
        memory = replace(memory, free_bytes=host.optional(builder, ("free_bytes",), host.free_bytes))
        builder.record_source("libvirt getFreeMemory", "free_bytes")
    return memory


def _bytes(kibibytes: int | None) -> int | None:
    return kibibytes * 1024 if kibibytes is not None else None
