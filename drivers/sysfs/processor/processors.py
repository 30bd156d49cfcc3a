"""The CPUs one by one, and what is counted over them: packages, cores, caches, kinds, frequencies."""

from collections import Counter

from hostinfo.errors import DriverError
from hostinfo.model.cpu import Processor

from ...sources import cpulist
from ...sources.tree import source_of
from ..mm.numa_nodes import read_nodes_by_cpu
from . import CPU_DIR, caches, cpu_identity, cpu_kinds, cpuinfo, frequency, topology
from .cpu_fields import CpuFields
from .cpu_sets import find_clusters, find_dies, first_cpus

_COUNTS = ("sockets", "cores", "threads_per_core")
_LIMITS = ("min_frequency_hz", "max_frequency_hz")


class ProcessorReader:
    """Reads the requested fields that need the list of CPUs."""

    def __init__(self, cpu: CpuFields) -> None:
        self.cpu = cpu
        self.builder = cpu.builder
        self.reader = cpu.reader

    def read(self) -> None:
        """Set the requested fields."""
        needs = self.builder.needs
        read_cpus = topology.read_cpus
        if needs(*_COUNTS, "caches", "processors"):
            read_cpus = topology.read_topology
        try:
            found = read_cpus(self.reader, self.cpu.info)
        except DriverError as error:
            for field in ("threads", "sockets", "cores", "processors"):
                if needs(field):
                    self.builder.add_problem(field, error)
            return
        if found.online:
            self.cpu.set_fields(found.source, threads=found.online.bit_count())
            self._set_counts(found)
            self._set_details(found)

    def _set_counts(self, found: topology.Topology) -> None:
        source = source_of(f"{CPU_DIR}/cpu*/topology") if found.source != cpuinfo.SOURCE else cpuinfo.SOURCE
        cores, sockets = found.core_sets or [], found.socket_sets or []
        per_core = max((core.bit_count() for core in cores), default=None)
        self.cpu.set_fields(source, sockets=len(sockets) or None, cores=len(cores) or None, threads_per_core=per_core)
        if not found.locations:
            return
        for field, is_known, why in (
            ("sockets", sockets, found.sockets_reason),
            ("cores", cores, found.cores_reason),
            ("threads_per_core", cores, found.cores_reason),
        ):
            if not is_known and self.builder.needs(field):
                self.builder.unsupported(field, source, why)

    def _set_details(self, found: topology.Topology) -> None:
        needs = self.builder.needs
        maximum: dict[int, int] = {}
        current: dict[int, int] = {}
        if needs("kinds", "processors", "current_frequency_hz", *_LIMITS):
            maximum, current = self._read_frequencies(found)
        kinds = cpu_kinds.CpuKinds()
        if needs("kinds", "processors"):
            kinds = cpu_kinds.read_kinds(self.reader, found.online, self.cpu.info(), maximum)
            self.cpu.set_fields(kinds.source, kinds=kinds.to_model(maximum, current))
        found_caches = caches.Caches()
        if needs("caches", "processors"):
            found_caches = self._read_caches(found)
            self.cpu.set_fields(found_caches.source, caches=found_caches.to_model())
        if needs("processors"):
            source = cpuinfo.SOURCE if found.source == cpuinfo.SOURCE else f"/{CPU_DIR}, {cpuinfo.SOURCE}"
            self.cpu.set_fields(source, processors=self._processors(found, current, kinds, found_caches))

    def _read_frequencies(self, found: topology.Topology) -> tuple[dict[int, int], dict[int, int]]:
        """Set the limits; return the maximum and the current frequency of each CPU."""
        needs = self.builder.needs
        policies = frequency.FrequencyPolicies(self.reader, found.online)
        maximum: dict[int, int] = {}
        if needs("min_frequency_hz"):
            minimum = policies.limits("cpuinfo_min_freq", "min_frequency_hz")
            self.cpu.set_fields(policies.source, min_frequency_hz=min(minimum.values(), default=None))
        current: dict[int, int] = {}
        if needs("current_frequency_hz", "processors"):
            current = self._read_current(found, policies)
        elif needs("max_frequency_hz"):
            current = self._read_cpuinfo_frequencies(found)  # the others are slow to read
        if needs("max_frequency_hz", "kinds", "processors"):
            maximum = policies.limits("cpuinfo_max_freq", "max_frequency_hz")
            self._set_maximum(policies, max(maximum.values(), default=0), max(current.values(), default=0))
        return policies.of_cpus(maximum) if needs("kinds", "processors") else maximum, current

    def _set_maximum(self, policies: frequency.FrequencyPolicies, maximum: int, current: int) -> None:
        if not maximum or not self.builder.needs("max_frequency_hz"):
            return
        hertz, source = frequency.find_maximum(self.reader, policies, maximum, current)
        if hertz is not None:
            self.cpu.set_fields(source, max_frequency_hz=hertz)
        else:
            self.builder.unsupported("max_frequency_hz", policies.source, source)

    def _read_cpuinfo_frequencies(self, found: topology.Topology) -> dict[int, int]:
        info = self.cpu.info()
        if info is None:
            return {}
        by_cpu = ((number, cpu_identity.frequency_hz(info, number)) for number in cpulist.members(found.online))
        return {number: value for number, value in by_cpu if value is not None}

    def _read_current(self, found: topology.Topology, policies: frequency.FrequencyPolicies) -> dict[int, int]:
        source = cpuinfo.SOURCE
        hertz = self._read_cpuinfo_frequencies(found)
        if not hertz:
            hertz = policies.current()
            source = policies.source
        if hertz:
            self.cpu.set_fields(source, current_frequency_hz=round(sum(hertz.values()) / len(hertz)))
        return hertz

    def _read_caches(self, found: topology.Topology) -> caches.Caches:
        result = caches.read_caches(self.reader, found.online, found.core_of)
        if not result.found and found.core_sets:
            caches.read_sparc(self.reader, result, found.core_sets)
        is_s390 = found.locations[min(found.locations)].book is not None
        info = self.cpu.info() if not result.found or is_s390 else None
        if info is not None:
            caches.add_s390(result, info, found.core_sets)
        return result

    def _processors(
        self,
        found: topology.Topology,
        frequencies: dict[int, int],
        kinds: cpu_kinds.CpuKinds,
        found_caches: caches.Caches,
    ) -> tuple[Processor, ...]:
        info = self.cpu.info()
        identities = cpu_identity.CpuIdentities(info if info is not None else cpuinfo.CpuInfo())
        nodes = read_nodes_by_cpu(self.reader, "processors")
        kind_of = {number: name for name, cpus in kinds.sets.items() for number in cpulist.members(cpus)}
        sizes = found_caches.last_level_bytes()
        cores, sockets = first_cpus(found.core_sets), first_cpus(found.socket_sets)
        dies = first_cpus(find_dies(found.locations, sockets))
        clusters = first_cpus(find_clusters(found.locations, sockets))
        cores_in_sockets = Counter(sockets[number] for number in set(cores.values()) if number in sockets)
        processors = []
        for number in cpulist.members(found.present):
            location = found.locations.get(number)
            if location is None:
                processors.append(Processor(number=number, is_online=False))
                continue
            identity = identities.of(number, are_kinds_mixed=bool(kind_of))
            cpuinfo_cores = info.number(number, "cpu cores") if info is not None else None
            processors.append(
                Processor(
                    number=number,
                    socket_id=location.package,
                    die_id=location.die,
                    cluster_id=location.cluster,
                    book_id=location.book,
                    drawer_id=location.drawer,
                    core_id=location.core,
                    socket_first_cpu=sockets.get(number),
                    die_first_cpu=dies.get(number),
                    cluster_first_cpu=clusters.get(number),
                    core_first_cpu=cores.get(number),
                    numa_node=nodes.get(number),
                    cores_in_socket=cores_in_sockets.get(sockets.get(number, -1), cpuinfo_cores),
                    vendor_id=identity.vendor_id,
                    model_name=identity.model_name,
                    family=identity.family,
                    model=identity.model,
                    stepping=identity.stepping,
                    cpuid_level=identity.cpuid_level,
                    frequency_hz=frequencies.get(number),
                    cache_bytes=sizes.get(number) or cpu_identity.cache_bytes(identities.info, number),
                    kind=kind_of.get(number),
                    flags=identity.flags,
                )
            )
        return tuple(processors)
