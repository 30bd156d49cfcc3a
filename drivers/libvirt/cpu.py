"""The machine's CPUs from a libvirt daemon."""

from __future__ import annotations

from hostinfo.fact import FactBuilder
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.record import replace

from .topology import CpuGroups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.libvirt.capabilities import Bank, Capabilities
    from .host import LibvirtHost

_VENDOR_IDS = {"Intel": "GenuineIntel", "AMD": "AuthenticAMD", "Hygon": "HygonGenuine"}
_IDENTITY = ("vendor_id", "family", "model", "stepping", "microcode", "caches")
_TOPOLOGY = ("sockets", "cores", "threads", "threads_per_core", "processors")


def read_cpu(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Cpu]:
    """Read the CPUs, as far as libvirt knows them."""
    builder = FactBuilder(host.driver, fields)
    cpu = add_topology(host, builder, Cpu()) if builder.needs(*_TOPOLOGY) else Cpu()
    if builder.needs("current_frequency_hz"):
        frequency = host.optional(builder, ("current_frequency_hz",), host.frequency_hz)
        cpu = replace(cpu, current_frequency_hz=frequency)
        builder.record_source("libvirt getInfo", "current_frequency_hz")
    if not host.is_xen and builder.needs(*_IDENTITY):
        capabilities = host.optional(builder, _IDENTITY, host.capabilities)
        cpu = _identity(capabilities, builder, cpu) if capabilities is not None else cpu
    if builder.needs("model_name", "flags"):
        why = "libvirt reports its nearest named model, not the CPU's own name and flags"
        builder.unsupported("model_name", "libvirt capabilities", why)
        builder.unsupported("flags", "libvirt capabilities", why)
    return builder.build(cpu)


def add_topology(host: LibvirtHost, builder: FactBuilder, cpu: Cpu) -> Cpu:
    """Add the counts and the location of each CPU from the capabilities' list to what ``cpu`` already has.

    Which CPUs are online is taken from ``cpu``, if it lists any, because Xen's daemon makes the list when it starts.
    """
    capabilities = host.optional(builder, _TOPOLOGY, host.capabilities)
    if capabilities is None:
        return cpu
    rows = {row.number: row for row in capabilities.cpus}
    if not rows:
        return _add_number_of_cpus(host, builder, cpu)
    known = {processor.number: processor for processor in cpu.processors}
    offline = capabilities.offline()
    if known:
        offline = frozenset(number for number in rows if number not in known or not known[number].is_online)
    online = {number: row for number, row in rows.items() if number not in offline}
    groups = CpuGroups(online, capabilities.architecture)
    processors = {number: replace(_default_processor(cpu, number), is_online=False) for number in offline} | known
    frequency = host.optional(builder, ("processors.frequency_hz",), host.frequency_hz)
    for number, row in online.items():
        base = known.get(number) or _default_processor(cpu, number)
        processors[number] = replace(
            base,
            socket_id=row.socket if groups.sockets else None,
            die_id=row.die,
            cluster_id=row.cluster,
            core_id=row.core,
            socket_first_cpu=groups.sockets.get(number),
            die_first_cpu=groups.dies.get(number),
            cluster_first_cpu=groups.clusters.get(number),
            core_first_cpu=groups.cores.get(number),
            numa_node=row.cell,
            cores_in_socket=groups.cores_in_sockets.get(groups.sockets.get(number, -1)),
            frequency_hz=base.frequency_hz or frequency,
        )
    builder.record_source("libvirt capabilities", *_TOPOLOGY, "processors.socket_id", "processors.core_id")
    builder.record_source("libvirt getInfo", "processors.frequency_hz")
    for field, is_known, why in (
        ("sockets", groups.sockets, groups.sockets_reason),
        ("cores", groups.cores, groups.cores_reason),
        ("threads_per_core", groups.cores, groups.cores_reason),
    ):
        if not is_known and builder.needs(field):
            builder.unsupported(field, "libvirt capabilities", why)
    return replace(
        cpu,
        sockets=len(set(groups.sockets.values())) or None,
        cores=len(set(groups.cores.values())) or None,
        threads=sum(processor.is_online for processor in processors.values()) or None,
        threads_per_core=groups.threads_per_core,
        processors=tuple(processors[number] for number in sorted(processors)),
    )


def _add_number_of_cpus(host: LibvirtHost, builder: FactBuilder, cpu: Cpu) -> Cpu:
    """Add what getInfo() reports reliably of a host without a list of CPUs: how many are online."""
    for field in ("sockets", "cores", "threads_per_core", "processors"):
        if builder.needs(field):
            builder.unsupported(field, "libvirt capabilities", "they list no CPUs of this host")
    builder.record_source("libvirt getInfo", "threads")
    threads = host.optional(builder, ("threads",), host.cpus) if builder.needs("threads") else None
    return replace(cpu, threads=threads or cpu.threads)


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
