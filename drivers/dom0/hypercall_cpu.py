"""The machine's CPUs as Xen reports them. CPU and node numbers are Xen's, not the Dom0's."""

from __future__ import annotations

from collections import Counter

from hostinfo.errors import HostInfoError
from hostinfo.model.cpu import Cpu, Processor
from hostinfo.record import replace

from ..sources.cpu_groups import first_of_groups
from ..sources.hypercall import cpuid, layouts
from ..sources.hypercall.layouts import INVALID_ID
from ..sources.hypercall.privcmd import CPUS_LIMIT
from .hypercall_memory import read_physinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.fact import FactBuilder

    from ..sources.hypercall.connect import Hypercall
    from ..sources.hypercall.layouts import Leaves, PhysicalCpu

_TOPOLOGY = ("sockets", "cores", "threads", "threads_per_core", "processors", "caches")
_IDENTITY = ("vendor_id", "model_name", "cpuid_level", "flags", "address_bits_physical", "address_bits_virtual")


def read_cpu(hypercall: Hypercall, builder: FactBuilder) -> Cpu:
    """Return the machine's CPUs; raise DriverError if Xen refuses a hypercall."""
    raw = layouts.parse_policy(hypercall("policy-raw")) if builder.needs(*_IDENTITY, "family", *_TOPOLOGY) else {}
    cpu = _identity(hypercall, builder, raw)
    if builder.needs(*_TOPOLOGY, "current_frequency_hz", "family", "model", "stepping"):
        cpu = _topology(hypercall, builder, cpu, raw)
    if builder.needs("mitigations"):
        builder.unsupported("mitigations", "Xen", "a Dom0's kernel knows only its own mitigations")
    return cpu


def _identity(hypercall: Hypercall, builder: FactBuilder, raw: Leaves) -> Cpu:
    widths = cpuid.address_bits(raw)
    hardware = cpuid.flags(raw)
    usable = None
    if builder.needs("usable_flags"):
        usable = cpuid.flags(layouts.parse_policy(hypercall("policy-host")))
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


def _topology(hypercall: Hypercall, builder: FactBuilder, cpu: Cpu, raw: Leaves) -> Cpu:
    info = read_physinfo(hypercall)
    locations = layouts.parse_cputopo(hypercall("cputopo"))
    physical = _physical_cpus(hypercall)
    boot = physical[min(physical)] if physical else None
    # Xen parks an offline Intel CPU, which keeps its location; another CPU loses it.
    online = [
        number
        for number, (core, _, _) in enumerate(locations)
        if core != INVALID_ID and (number not in physical or physical[number].is_online)
    ]
    cores = {(locations[number][1], locations[number][0]) for number in online}
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
    core_first = first_of_groups((number, locations[number][:2]) for number in online)
    socket_first = first_of_groups((number, locations[number][1]) for number in online)
    cores_in_socket = Counter(socket for socket, _ in cores)
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
            replace(
                _processor(number, locations, physical.get(number), shared, cores_in_socket, last_level),
                socket_first_cpu=socket_first.get(number),
                core_first_cpu=core_first.get(number),
            )
            for number in numbers
        ),
    )


def _processor(
    number: int,
    locations: list[tuple[int, int, int]],
    physical: PhysicalCpu | None,
    cpu: Cpu,
    cores_in_socket: Mapping[int, int],
    cache_bytes: int | None,
) -> Processor:
    core, socket, node = locations[number] if number < len(locations) else (INVALID_ID, INVALID_ID, INVALID_ID)
    has_location = core != INVALID_ID
    is_online = has_location and (physical is None or physical.is_online)
    return Processor(
        number=number,
        is_online=is_online,
        socket_id=socket if has_location else None,
        core_id=core if has_location else None,
        numa_node=node if has_location and node != INVALID_ID else None,
        cores_in_socket=cores_in_socket.get(socket) if is_online else None,
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


def _physical_cpus(hypercall: Hypercall) -> dict[int, PhysicalCpu]:
    """Return every present physical CPU by number, including offline ones."""
    last = min(layouts.parse_max_present(hypercall("pcpu-version-0")), CPUS_LIMIT - 1)
    found = {}
    for number in range(last + 1):
        try:
            cpu = layouts.parse_pcpu(number, hypercall(f"pcpu-version-{number}"), hypercall(f"pcpu-info-{number}"))
        except HostInfoError:
            if number == 0:
                raise
            continue  # numbers may have holes
        if cpu is not None:
            found[number] = cpu
    return found
