"""What a libvirt daemon alone tells about its host: the groups of a remote host, and the parts that others build on.

Nothing local is mixed in. What each answer is worth was measured on real hosts: getInfo()'s sockets are never used, nor
its memory on KVM, nor the sum of cells, nor capabilities' model as the CPU's name.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import ParseError, Unsupported
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa, NumaNode
from hostinfo.record import replace

from ..dom0.readers import node_sizes
from ..sources.libvirt.capabilities import Bank, Capabilities, parse_capabilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Ask = Callable[[str], object]

_VENDOR_IDS = {"Intel": "GenuineIntel", "AMD": "AuthenticAMD", "Hygon": "HygonGenuine"}
_TOPOLOGY = ("sockets", "cores", "threads", "threads_per_core", "processors")
_MEBIBYTE = 1 << 20


class Host:
    """A daemon's answers, parsed once each a round; ``is_xen`` tells which of its two ways of counting apply."""

    def __init__(self, name: str, ask: "Ask", *, is_xen: bool) -> None:
        self.name = name
        self.ask = ask
        self.is_xen = is_xen
        self._parsed: tuple[object, Capabilities] | None = None

    def capabilities(self) -> Capabilities:
        """The capabilities; the same document is parsed once."""
        document = self.ask("capabilities")
        if self._parsed is None or self._parsed[0] is not document:
            self._parsed = (document, parse_capabilities(document, f"{self.name} capabilities"))
        return self._parsed[1]

    def info(self, position: int) -> int:
        """One figure of getInfo(): 1 memory in MiB, 2 CPUs, 3 MHz."""
        info = self.ask("info")
        figure = info[position] if isinstance(info, list) and len(info) == 8 else None
        if not isinstance(figure, int):
            raise ParseError(f"{self.name} getInfo", f"not eight figures: {str(info)[:80]}")
        return figure


def read_cpu(host: Host, fields: RequestedFields) -> GroupResult[Cpu]:
    """Processors, as far as libvirt knows them."""
    builder = FactBuilder(host.name, fields)
    cpu = topology(host, builder, Cpu()) if builder.needs(*_TOPOLOGY) else Cpu()
    if builder.needs("current_frequency_hz"):
        cpu = replace(cpu, current_frequency_hz=host.info(3) * 1_000_000 or None)
        builder.record_source("libvirt getInfo", "current_frequency_hz")
    if not host.is_xen and builder.needs("vendor_id", "family", "model", "stepping", "microcode", "caches"):
        cpu = _identity(host.capabilities(), builder, cpu)
    if builder.needs("model_name", "flags"):
        why = "libvirt tells its nearest named model, not the CPU's own name and flags"
        builder.add_problem("model_name", Unsupported("libvirt capabilities", why))
        builder.add_problem("flags", Unsupported("libvirt capabilities", why))
    return builder.build(cpu)


def topology(host: Host, builder: FactBuilder, cpu: Cpu) -> Cpu:
    """The counts and the place of each CPU from the capabilities' list, over what ``cpu`` has beside them.

    libvirt makes the list when it starts: which CPUs are online now ``cpu`` knows, where Xen told of any.
    """
    capabilities = host.capabilities()
    known = {processor.number: processor for processor in cpu.processors}
    listed = {row.number for row in capabilities.cpus}
    running = {number for number, processor in known.items() if processor.is_online} if known else listed
    online = replace(capabilities, cpus=tuple(row for row in capabilities.cpus if row.number in running))
    frequency = host.info(3) * 1_000_000 or None
    processors = {number: replace(_like(cpu, number), is_online=False) for number in listed - running} | known
    for row in online.cpus:
        base = known.get(row.number) or _like(cpu, row.number)
        processors[row.number] = replace(
            base,
            socket_id=row.socket,
            die_id=row.die,
            core_id=row.core,
            numa_node=row.cell,
            cores_in_socket=online.cores_in_socket(row.socket) if row.socket is not None else None,
            frequency_hz=base.frequency_hz or frequency,
        )
    builder.record_source("libvirt capabilities", *_TOPOLOGY, "processors.socket_id", "processors.core_id")
    builder.record_source("libvirt getInfo", "processors.frequency_hz")
    return replace(
        cpu,
        sockets=online.sockets,
        cores=online.cores,
        threads=sum(processor.is_online for processor in processors.values()) or None,
        threads_per_core=online.threads_per_core,
        processors=tuple(processors[number] for number in sorted(processors)),
    )


def _like(cpu: Cpu, number: int) -> Processor:
    """A processor of which nothing of its own is known: it is one like the others."""
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
    """Banks by kind; one that two banks name (they list the same CPUs) counts once."""
    sharers: dict[tuple[int, str, int | None], set[str]] = {}
    for bank in banks:
        sharers.setdefault((bank.level, bank.type, bank.size_bytes), set()).add(bank.cpus)
    return tuple(
        Cache(level=level, type=kind, size_bytes=size, instances=len(cpus))
        for (level, kind, size), cpus in sorted(sharers.items(), key=lambda item: (item[0][0], item[0][1]))
    )


def read_memory(host: Host, fields: RequestedFields) -> GroupResult[Memory]:
    """Memory of the machine: under Xen what the hypervisor manages, on KVM what the kernel does."""
    builder = FactBuilder(host.name, fields)
    if host.is_xen:
        return builder.build(xen_memory(host, builder, Memory()))
    stats = host.ask("memory-stats")
    if not isinstance(stats, dict):
        raise ParseError(f"{host.name} getMemoryStats", "not a table of figures")
    kibibytes = {name: value for name, value in stats.items() if isinstance(value, int)}
    builder.record_source("libvirt getMemoryStats", "total_bytes", "free_bytes")
    return builder.build(
        Memory(total_bytes=_kibibytes(kibibytes.get("total")), free_bytes=_kibibytes(kibibytes.get("free")))
    )


def xen_memory(host: Host, builder: FactBuilder, memory: Memory) -> Memory:
    """What Xen has and has not given away; the total in whole MiB unless ``memory`` has it exactly."""
    if builder.needs("total_bytes") and memory.total_bytes is None:
        memory = replace(memory, total_bytes=host.info(1) * _MEBIBYTE)
        builder.record_source("libvirt getInfo (whole MiB)", "total_bytes")
    if builder.needs("free_bytes"):
        free = host.ask("free-memory")
        memory = replace(memory, free_bytes=free if isinstance(free, int) else None)
        builder.record_source("libvirt getFreeMemory", "free_bytes")
    return memory


def read_numa(host: Host, fields: RequestedFields) -> GroupResult[Numa]:
    """NUMA nodes; on Xen a node's size is left out where the cell spans a hole."""
    builder = FactBuilder(host.name, fields)
    cells = host.capabilities().cells
    spans = [cell.span_bytes for cell in cells]
    sizes = spans
    if host.is_xen and None not in spans:
        sizes = node_sizes([span for span in spans if span is not None], host.info(1) * _MEBIBYTE)
        if sizes[:1] == [None]:
            builder.unsupported(
                "nodes.total_bytes", "libvirt capabilities", "a cell is a span of addresses, and has holes"
            )
    free = builder.try_read("nodes.free_bytes", lambda: host.ask("cells-free-memory"))
    free_of = dict(enumerate(free)) if isinstance(free, list) else {}
    builder.record_source("libvirt capabilities", "nodes")
    builder.record_source("libvirt getCellsFreeMemory", "nodes.free_bytes")
    return builder.build(
        Numa(
            nodes=tuple(
                NumaNode(
                    number=cell.number,
                    cpus=cell.cpus,
                    total_bytes=size,
                    free_bytes=_count(free_of.get(cell.number)),
                    distances=tuple(cell.distances[other.number] for other in cells if other.number in cell.distances),
                )
                for cell, size in zip(cells, sizes, strict=True)
            )
        )
    )


def _count(value: "Any") -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _kibibytes(value: int | None) -> int | None:
    return value * 1024 if value is not None else None
