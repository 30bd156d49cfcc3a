"""The processors one by one, and what is counted over them: packages, cores, caches, kinds, frequencies."""

from hostinfo.errors import DriverError
from hostinfo.model.cpu import Processor

from ..cpu import CpuReader
from ..numa_nodes import read_node_cpus, read_node_numbers
from . import caches, cpuinfo, cpulist, frequency, topology
from . import cpu_identity as identity
from . import cpu_kinds as kinds
from .field_reader import CPU_DIR, Reading

_COUNTS = ("sockets", "cores", "threads_per_core")
_LIMITS = ("min_frequency_hz", "max_frequency_hz")


class ProcessorReader:
    """Reads what is wanted of the processors for a reader of the group."""

    def __init__(self, reader: CpuReader) -> None:
        self.reader = reader
        self.builder = reader.builder
        self.reading = reader.reading

    def read(self) -> None:
        """All that is wanted."""
        wants, builder = self.builder.needs, self.builder
        try:
            if wants(*_COUNTS, "caches", "processors"):
                found = topology.read_topology(self.reading, self.reader.info)
            else:
                found = topology.read_cpus(self.reading, self.reader.info)
        except DriverError as error:
            for field in ("threads", "sockets", "cores", "processors"):
                if wants(field):
                    builder.add_problem(field, error)
            return
        if found.online:
            self.reader.put(found.source, threads=found.online.bit_count())
            self._put_counts(found)
            self._read_details(found)

    def _put_counts(self, found: topology.Topology) -> None:
        source = f"/{CPU_DIR}/cpu*/topology" if found.source != cpuinfo.SOURCE else cpuinfo.SOURCE
        cores = found.cores or []
        per_core = max((core.bit_count() for core in cores), default=None)
        self.reader.put(source, sockets=found.sockets, cores=len(cores) or None, threads_per_core=per_core)
        if found.sockets is None and found.places and self.builder.needs("sockets"):
            self.builder.unsupported("sockets", source, "the kernel does not tell which package a CPU is in")
        if found.cores is None and found.places and self.builder.needs("cores"):
            self.builder.unsupported("cores", source, "the kernel does not tell which core a CPU is in")

    def _read_details(self, found: topology.Topology) -> None:
        wants = self.builder.needs
        top: dict[int, int] = {}
        hertz: dict[int, int] = {}
        if wants("kinds", "processors", "current_frequency_hz", *_LIMITS):
            top, hertz = self._read_frequencies(found)
        mixed = kinds.Kinds()
        if wants("kinds", "processors"):
            mixed = kinds.read_kinds(self.reading, found.online, self.reader.info(), top)
            self.reader.put(mixed.source, kinds=mixed.listed(top))
        held = caches.Caches()
        if wants("caches", "processors"):
            held = self._read_caches(found)
            self.reader.put(held.source, caches=held.listed())
        if wants("processors"):
            source = cpuinfo.SOURCE if found.source == cpuinfo.SOURCE else f"/{CPU_DIR}, {cpuinfo.SOURCE}"
            self.reader.put(source, processors=self._processors(found, hertz, mixed, held))

    def _read_frequencies(self, found: topology.Topology) -> tuple[dict[int, int], dict[int, int]]:
        """Highest and current frequency of each CPU."""
        wants = self.builder.needs
        policies = frequency.Policies(self.reading, found.online)
        top = {}
        if wants("min_frequency_hz"):
            lowest = policies.limits("cpuinfo_min_freq", "min_frequency_hz")
            self.reader.put(policies.source, min_frequency_hz=min(lowest.values(), default=None))
        if wants("max_frequency_hz", "kinds"):
            top = policies.limits("cpuinfo_max_freq", "max_frequency_hz")
            self.reader.put(policies.source, max_frequency_hz=max(top.values(), default=None))
        hertz = self._read_current(found, policies) if wants("current_frequency_hz", "processors") else {}
        return policies.of_cpus(top) if wants("kinds") else top, hertz

    def _read_current(self, found: topology.Topology, policies: frequency.Policies) -> dict[int, int]:
        info = self.reader.info()
        source = cpuinfo.SOURCE
        hertz = {}
        if info is not None:
            told = ((number, identity.frequency(info, number)) for number in cpulist.members(found.online))
            hertz = {number: value for number, value in told if value is not None}
        if not hertz:
            hertz = policies.current()
            source = policies.source
        if hertz:
            self.reader.put(source, current_frequency_hz=round(sum(hertz.values()) / len(hertz)))
        return hertz

    def _read_caches(self, found: topology.Topology) -> caches.Caches:
        held = caches.read_caches(self.reading, found.online, found.core_of)
        if not held.found and found.cores:
            caches.read_sparc(self.reading, held, found.cores)
        info = self.reader.info() if not held.found or found.places[min(found.places)].book is not None else None
        if info is not None:
            caches.add_s390(held, info, found.cores)
        return held

    def _processors(
        self, found: topology.Topology, hertz: dict[int, int], mixed: kinds.Kinds, held: caches.Caches
    ) -> tuple[Processor, ...]:
        info = self.reader.info()
        identities = identity.Identities(info if info is not None else cpuinfo.CpuInfo())
        nodes = read_nodes_of_cpus(self.reading)
        kind_of = {number: name for name, cpus in mixed.sets.items() for number in cpulist.members(cpus)}
        sizes = held.last_level_bytes()
        in_sockets = found.cores_in_sockets()
        processors = []
        for number in cpulist.members(found.present):
            place = found.places.get(number)
            if place is None:
                processors.append(Processor(number=number, is_online=False))
                continue
            its = identities.of(number)
            told_cores = info.number(number, "cpu cores") if info is not None else None
            processors.append(
                Processor(
                    number=number,
                    socket_id=place.package,
                    die_id=place.die,
                    cluster_id=place.cluster,
                    book_id=place.book,
                    drawer_id=place.drawer,
                    core_id=place.core,
                    numa_node=nodes.get(number),
                    cores_in_socket=in_sockets.get(place.socket, told_cores),
                    vendor_id=its.vendor_id,
                    model_name=its.model_name,
                    family=its.family,
                    model=its.model,
                    stepping=its.stepping,
                    cpuid_level=its.cpuid_level,
                    frequency_hz=hertz.get(number),
                    cache_bytes=sizes.get(number) or identity.cache_bytes(identities.info, number),
                    kind=kind_of.get(number),
                    flags=its.flags,
                )
            )
        return tuple(processors)


def read_nodes_of_cpus(reading: Reading) -> dict[int, int]:
    """The NUMA node of each CPU."""
    return {
        cpu: node
        for node in read_node_numbers(reading, "processors")
        for cpu in cpulist.members(read_node_cpus(reading, "processors", node) or 0)
    }
