"""The machine as Xen describes it: CPU, memory and NUMA from the answers to hypercalls.

Numbers of CPUs and nodes are Xen's, not the Dom0's.
"""

from hostinfo.errors import HostInfoError, Unsupported
from hostinfo.fact import FactBuilder
from hostinfo.model.cpu import Cpu, Processor
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa, NumaNode
from hostinfo.record import replace

from ..sources.hypercall import cpuid
from ..sources.hypercall import layouts as answers
from ..sources.hypercall.layouts import NO_MEMORY, NOT_THERE, Leaves, PhysicalCpu, PhysInfo
from ..sources.hypercall.privcmd import CPUS_LIMIT
from .hypercall import Ask

PAGE_BYTES = 4096
_HOLE_BYTES = 128 * 1024 * 1024
"""Xen tells from where to where a node's memory reaches. Beyond what firmware keeps, more than this is a hole."""
_TOPOLOGY = ("sockets", "cores", "threads", "threads_per_core", "processors", "caches")
_IDENTITY = ("vendor_id", "model_name", "cpuid_level", "flags", "address_bits_physical", "address_bits_virtual")


def physinfo(ask: Ask) -> PhysInfo:
    """XEN_SYSCTL_physinfo."""
    return answers.parse_physinfo(ask("physinfo"), answers.parse_interface(ask("interface")))


def read_cpu(ask: Ask, builder: FactBuilder) -> Cpu:
    """Processors of the machine; raises a DriverError where Xen does not answer, notes what it lacks."""
    raw = answers.parse_policy(ask("policy-raw")) if builder.needs(*_IDENTITY, "family", *_TOPOLOGY) else {}
    cpu = _identity(ask, builder, raw)
    if builder.needs(*_TOPOLOGY, "current_frequency_hz", "family", "model", "stepping"):
        cpu = _topology(ask, builder, cpu, raw)
    if builder.needs("mitigations"):
        builder.unsupported("mitigations", "Xen", "a Dom0's kernel knows its own mitigations only")
    return cpu


def _identity(ask: Ask, builder: FactBuilder, raw: Leaves) -> Cpu:
    widths = cpuid.address_bits(raw)
    hardware = cpuid.flags(raw)
    usable = None
    if builder.needs("usable_flags"):
        usable = cpuid.flags(answers.parse_policy(ask("policy-host")))
        builder.record_source("Xen hypercall get_cpu_policy host", "usable_flags")
    builder.record_source("Xen hypercall get_cpu_policy raw", *_IDENTITY)
    return Cpu(
        vendor_id=cpuid.vendor(raw),
        model_name=cpuid.brand(raw),
        cpuid_level=cpuid.level(raw),
        flags=hardware,
        usable_flags=usable if usable != hardware else None,
        address_bits_physical=widths[0] if widths else None,
        address_bits_virtual=widths[1] if widths else None,
    )


def _topology(ask: Ask, builder: FactBuilder, cpu: Cpu, raw: Leaves) -> Cpu:
    info = physinfo(ask)
    places = answers.parse_cputopo(ask("cputopo"))
    physical = _physical_cpus(ask)
    boot = physical[min(physical)] if physical else None
    # An offline CPU of Intel's is parked and keeps its place; another loses it.
    online = [
        number
        for number, (core, _, _) in enumerate(places)
        if core != NOT_THERE and (number not in physical or physical[number].is_online)
    ]
    cores = {(places[number][1], places[number][0]) for number in online}
    sockets = {socket for socket, _ in cores}
    apic_ids = [physical[number].apic_id for number in online if number in physical]
    caches = cpuid.caches(raw, apic_ids, len(cores), len(sockets))
    shared = replace(
        cpu,
        caches=caches,
        current_frequency_hz=info.cpu_khz * 1000,
        family=boot.family if boot else None,
        model=boot.model if boot else None,
        stepping=boot.stepping if boot else None,
    )
    last_level = max((cache.level, cache.size_bytes) for cache in caches)[1] if caches else None
    numbers = sorted({*online, *physical})
    builder.record_source("Xen hypercall cputopoinfo", "sockets", "cores", "threads", "processors")
    builder.record_source(
        "Xen hypercall physinfo", "threads_per_core", "current_frequency_hz", "processors.frequency_hz"
    )
    builder.record_source("Xen hypercall get_cpu_version", "family", "model", "stepping", "processors.family")
    builder.record_source("Xen hypercall get_cpu_policy raw", "caches", "processors.flags", "processors.model_name")
    return replace(
        shared,
        sockets=len(sockets),
        cores=len(cores),
        threads=len(online),
        threads_per_core=info.threads_per_core,
        processors=tuple(
            _processor(number, places, physical.get(number), shared, cores, last_level) for number in numbers
        ),
    )


def _processor(
    number: int,
    places: list[tuple[int, int, int]],
    physical: PhysicalCpu | None,
    cpu: Cpu,
    cores: set[tuple[int, int]],
    cache_bytes: int | None,
) -> Processor:
    core, socket, node = places[number] if number < len(places) else (NOT_THERE, NOT_THERE, NOT_THERE)
    is_placed = core != NOT_THERE
    is_online = is_placed and (physical is None or physical.is_online)
    return Processor(
        number=number,
        is_online=is_online,
        socket_id=socket if is_placed else None,
        core_id=core if is_placed else None,
        numa_node=node if is_placed and node != NOT_THERE else None,
        cores_in_socket=sum(1 for place in cores if place[0] == socket) if is_online else None,
        vendor_id=physical.vendor_id if physical else cpu.vendor_id,
        model_name=cpu.model_name,
        family=physical.family if physical else cpu.family,
        model=physical.model if physical else cpu.model,
        stepping=physical.stepping if physical else cpu.stepping,
        cpuid_level=cpu.cpuid_level,
        frequency_hz=cpu.current_frequency_hz if is_online else None,
        cache_bytes=cache_bytes,
        flags=cpu.flags,
    )


def _physical_cpus(ask: Ask) -> dict[int, PhysicalCpu]:
    """Every physical CPU that is there by its number, offline ones too."""
    last = min(answers.parse_max_present(ask("pcpu-version-0")), CPUS_LIMIT - 1)
    found = {}
    for number in range(last + 1):
        try:
            cpu = answers.parse_pcpu(number, ask(f"pcpu-version-{number}"), ask(f"pcpu-info-{number}"))
        except HostInfoError:
            if number == 0:
                raise
            continue  # numbers may have holes
        if cpu is not None:
            found[number] = cpu
    return found


def read_memory(ask: Ask, builder: FactBuilder, from_firmware: Memory) -> Memory:
    """Memory that Xen manages, beside what the firmware told of the slots."""
    if not builder.needs("total_bytes", "free_bytes", "page_bytes"):
        return from_firmware
    info = physinfo(ask)
    builder.record_source("Xen hypercall physinfo", "total_bytes", "free_bytes", "page_bytes")
    return replace(
        from_firmware,
        total_bytes=info.total_pages * PAGE_BYTES,
        free_bytes=info.free_pages * PAGE_BYTES,
        page_bytes=PAGE_BYTES,
    )


def read_numa(ask: Ask, builder: FactBuilder) -> Numa:
    """NUMA nodes of the machine; a node's size is left out where Xen's figure spans a hole."""
    spans, distances = answers.parse_numainfo(ask("numainfo"))
    places = answers.parse_cputopo(ask("cputopo"))
    total = physinfo(ask).total_pages * PAGE_BYTES
    present = [number for number, (span, _) in enumerate(spans) if span != NO_MEMORY]
    sizes = node_sizes([spans[number][0] for number in present], total)
    if sizes[:1] == [None]:
        why = "only the span of its addresses is told, and it has holes"
        builder.add_problem("nodes.total_bytes", Unsupported("Xen hypercall numainfo", why))
    builder.record_source("Xen hypercalls numainfo, cputopoinfo", "nodes")
    return Numa(
        nodes=tuple(
            NumaNode(
                number=number,
                cpus=tuple(cpu for cpu, (core, _, node) in enumerate(places) if core != NOT_THERE and node == number),
                total_bytes=size,
                free_bytes=spans[number][1],
                distances=tuple(distances[number][other] for other in present),
            )
            for number, size in zip(present, sizes, strict=True)
        )
    )


def node_sizes(spans: list[int], total_bytes: int) -> list[int | None]:
    """What each node has, from the spans of their addresses: a single node has all; with holes nobody can tell."""
    if sum(spans) - total_bytes <= _HOLE_BYTES:
        return list(spans)
    return [total_bytes] if len(spans) == 1 else [None] * len(spans)
