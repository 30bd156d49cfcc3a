"""The machine's CPUs from a libvirt daemon."""

from __future__ import annotations

from hostinfo.fact import FactBuilder
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.libvirt.capabilities import Bank, Capabilities
    from .host import LibvirtHost

_VENDOR_IDS = {"Intel": "GenuineIntel", "AMD": "AuthenticAMD", "Hygon": "HygonGenuine"}
_TOPOLOGY = ("sockets", "cores", "threads", "threads_per_core", "processors")


def read_cpu(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Cpu]:
    """Read the CPUs, as far as libvirt knows them."""
    builder = FactBuilder(host.driver, fields)
    cpu = add_topology(host, builder, Cpu()) if builder.needs(*_TOPOLOGY) else Cpu()
    if builder.needs("current_frequency_hz"):
        cpu = replace(cpu, current_frequency_hz=host.frequency_hz())
        builder.record_source("libvirt getInfo", "current_frequency_hz")
    if not host.is_xen and builder.needs("vendor_id", "family", "model", "stepping", "microcode", "caches"):
        cpu = _identity(host.capabilities(), builder, cpu)
    if builder.needs("model_name", "flags"):
        why = "libvirt reports its nearest named model, not the CPU's own name and flags"
        builder.unsupported("model_name", "libvirt capabilities", why)
        builder.unsupported("flags", "libvirt capabilities", why)
    return builder.build(cpu)


def add_topology(host: LibvirtHost, builder: FactBuilder, cpu: Cpu) -> Cpu:
    """Add the counts and the location of each CPU from the capabilities' list to what ``cpu`` already has.

    libvirt makes the list when it starts. Which CPUs are online now is taken from ``cpu``, if it lists any.
    """
    capabilities = host.capabilities()
    known = {processor.number: processor for processor in cpu.processors}
    listed = {row.number for row in capabilities.cpus}
    online_numbers = {number for number, processor in known.items() if processor.is_online} if known else listed
    current = replace(capabilities, cpus=tuple(row for row in capabilities.cpus if row.number in online_numbers))
    frequency = host.frequency_hz()
    offline = {number: replace(_default_processor(cpu, number), is_online=False) for number in listed - online_numbers}
    processors = offline | known
    for row in current.cpus:
        base = known.get(row.number) or _default_processor(cpu, row.number)
        processors[row.number] = replace(
            base,
            socket_id=row.socket,
            die_id=row.die,
            core_id=row.core,
            numa_node=row.cell,
            cores_in_socket=current.cores_in_socket(row.socket) if row.socket is not None else None,
            frequency_hz=base.frequency_hz or frequency,
        )
    builder.record_source("libvirt capabilities", *_TOPOLOGY, "processors.socket_id", "processors.core_id")
    builder.record_source("libvirt getInfo", "processors.frequency_hz")
    return replace(
        cpu,
        sockets=current.sockets,
        cores=current.cores,
        threads=sum(processor.is_online for processor in processors.values()) or None,
        threads_per_core=current.threads_per_core,
        processors=tuple(processors[number] for number in sorted(processors)),
    )


def _default_processor(cpu: Cpu, number: int) -> Processor:
    """Return a processor with the values that all of them share."""
    last_level = max(((cache.level, cache.size_bytes or 0) for cache in cpu.caches), default=(0, 0))[1]
    return Processor(
        number=number,
        vendor_id=cpu.vendor_id,
        model_name=cpu.model_name,
        family=cpu.family,
        model=cpu.model,
        stepping=cpu.stepping,
        cpuid_level=cpu.cpuid_level,
        cache_bytes=last_level or None,
        flags=cpu.flags,
    )


def _identity(capabilities: Capabilities, builder: FactBuilder, cpu: Cpu) -> Cpu:
    family, model, stepping = capabilities.signature or (None, None, None)
    vendor = capabilities.vendor
    builder.record_source("libvirt capabilities", "vendor_id", "family", "model", "stepping", "microcode", "caches")
    return replace(
        cpu,
        vendor_id=_VENDOR_IDS.get(vendor, vendor) if vendor is not None else None,
        family=family,
        model=model,
        stepping=stepping,
        microcode=hex(capabilities.microcode) if capabilities.microcode is not None else None,
        caches=caches(capabilities.banks),
        processors=tuple(
            replace(
                processor,
                vendor_id=_VENDOR_IDS.get(vendor or "", vendor),
                family=family,
                model=model,
                stepping=stepping,
            )
            for processor in cpu.processors
        ),
    )


def caches(banks: tuple[Bank, ...]) -> tuple[Cache, ...]:
    """Group the banks by kind; two banks that list the same CPUs are one cache."""
    sharers: dict[tuple[int, str, int | None], set[str]] = {}
    for bank in banks:
        sharers.setdefault((bank.level, bank.type, bank.size_bytes), set()).add(bank.cpus)
    return tuple(
        Cache(level=level, type=kind, size_bytes=size, instances=len(cpus))
        for (level, kind, size), cpus in sorted(sharers.items(), key=lambda item: (item[0][0], item[0][1]))
    )
