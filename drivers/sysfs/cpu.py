"""Processors: /proc/cpuinfo (proc_cpuinfo(5)) and /sys/devices/system/cpu (Documentation/admin-guide/cputopology.rst).

The architecture is not asked for: the keys and folders of the tree tell all that differs.
"""

from hostinfo.driver import Only
from hostinfo.errors import DriverError, Unsupported
from hostinfo.fact import Fact, Notes
from hostinfo.model.cpu import Cpu, Processor

from . import caches, cpuinfo, cpulist, frequency, identity, kinds, topology
from .kernel import Kernel
from .places import CPU_DIR
from .reading import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_IDENTITY = ("vendor_id", "model_name", "family", "model", "stepping", "revision", "cpuid_level", "flags")
_COUNTS = ("sockets", "cores", "threads_per_core")
_LIMITS = ("min_frequency_hz", "max_frequency_hz")


def read(kernel: Kernel, only: Only) -> Fact[Cpu]:
    """The processors of the machine that this kernel runs on."""
    return _CpuReader(kernel, only).read()


class _CpuReader:
    """Reads what is wanted, each file once."""

    def __init__(self, kernel: Kernel, only: Only) -> None:
        self.tree = kernel.tree
        self.notes = Notes("sysfs", only)
        self.reading = Reading(self.tree, self.notes)
        self.values: dict[str, Any] = {}
        self._info: cpuinfo.CpuInfo | None = None
        self._is_info_read = False

    def info(self) -> cpuinfo.CpuInfo | None:
        """/proc/cpuinfo; None where it is absent, or could not be read (noted)."""
        if not self._is_info_read:
            self._is_info_read = True
            field = next((name for name in _IDENTITY if self.notes.wants(name)), "processors")
            text = self.reading.text(field, "proc/cpuinfo")
            try:
                self._info = cpuinfo.parse_cpuinfo(text) if text is not None else None
            except DriverError as error:
                self.reading.blame(field, error)
        return self._info

    def read(self) -> Fact[Cpu]:
        """All that is wanted."""
        wants = self.notes.wants
        self._read_identity()
        if wants("mitigations"):
            self._read_mitigations()
        rest = ("threads", *_COUNTS, "caches", "kinds", "processors", "current_frequency_hz", *_LIMITS)
        if wants(*rest):
            self._read_cpus()
        if not self.values and self._info is None and not self.notes.problems and not self.tree.is_dir(CPU_DIR):
            raise Unsupported(f"/proc/cpuinfo, /{CPU_DIR}", "neither is there")
        return self.notes.fact(Cpu(**self.values))

    def _put(self, source: str, **values: object) -> None:
        for field, value in values.items():
            if self.notes.wants(field) and value is not None and value != ():
                self.values[field] = value
                self.notes.told(source, field)

    def _read_identity(self) -> None:
        wanted = (*_IDENTITY, "microcode", "bugs", "address_bits_physical", "address_bits_virtual")
        info = self.info() if self.notes.wants(*wanted) else None
        if info is None:
            return
        first = min(info.records, default=None)
        its = identity.Identities(info).of(first)
        self._put(cpuinfo.SOURCE, **{field: getattr(its, field) for field in _IDENTITY})
        physical, virtual = identity.address_bits(info, first)
        self._put(cpuinfo.SOURCE, address_bits_physical=physical, address_bits_virtual=virtual)
        self._put(cpuinfo.SOURCE, bugs=tuple((info.get(first, "bugs") or "").split()))
        self._put(cpuinfo.SOURCE, microcode=info.get(first, "microcode"))
        if self.notes.wants("microcode") and "microcode" not in self.values and info.get(first, "flags"):
            path = f"{CPU_DIR}/cpu{first or 0}/microcode/version"  # x86 kernels before 3.3 tell it here only
            self._put(f"/{path}", microcode=self.reading.attribute("microcode", path))

    def _read_mitigations(self) -> None:
        folder = f"{CPU_DIR}/vulnerabilities"
        found = {}
        for name in self.reading.names("mitigations", folder)[:256]:
            state = self.reading.attribute("mitigations", f"{folder}/{name}")
            if state is not None:
                found[name] = state
        self._put(f"/{folder}", mitigations=found or None)

    def _read_cpus(self) -> None:
        wants, notes = self.notes.wants, self.notes
        try:
            if wants(*_COUNTS, "caches", "processors"):
                found = topology.read_topology(self.reading, self.info)
            else:
                found = topology.read_cpus(self.reading, self.info)
        except DriverError as error:
            for field in ("threads", "sockets", "cores", "processors"):
                if wants(field):
                    notes.failed(field, error)
            return
        if found.online:
            self._put(found.source, threads=found.online.bit_count())
            self._put_counts(found)
            self._read_details(found)

    def _put_counts(self, found: topology.Topology) -> None:
        source = f"/{CPU_DIR}/cpu*/topology" if found.source != cpuinfo.SOURCE else cpuinfo.SOURCE
        cores = found.cores or []
        per_core = max((core.bit_count() for core in cores), default=None)
        self._put(source, sockets=found.sockets, cores=len(cores) or None, threads_per_core=per_core)
        if found.sockets is None and found.places and self.notes.wants("sockets"):
            self.notes.unsupported("sockets", source, "the kernel does not tell which package a CPU is in")
        if found.cores is None and found.places and self.notes.wants("cores"):
            self.notes.unsupported("cores", source, "the kernel does not tell which core a CPU is in")

    def _read_details(self, found: topology.Topology) -> None:
        wants = self.notes.wants
        top: dict[int, int] = {}
        hertz: dict[int, int] = {}
        if wants("kinds", "processors", "current_frequency_hz", *_LIMITS):
            top, hertz = self._read_frequencies(found)
        mixed = kinds.Kinds()
        if wants("kinds", "processors"):
            mixed = kinds.read_kinds(self.reading, found.online, self.info(), top)
            self._put(mixed.source, kinds=mixed.listed(top))
        held = caches.Caches()
        if wants("caches", "processors"):
            held = self._read_caches(found)
            self._put(held.source, caches=held.listed())
        if wants("processors"):
            source = cpuinfo.SOURCE if found.source == cpuinfo.SOURCE else f"/{CPU_DIR}, {cpuinfo.SOURCE}"
            self._put(source, processors=self._processors(found, hertz, mixed, held))

    def _read_frequencies(self, found: topology.Topology) -> tuple[dict[int, int], dict[int, int]]:
        """Highest and current frequency of each CPU."""
        wants = self.notes.wants
        policies = frequency.Policies(self.reading, found.online)
        top = {}
        if wants("min_frequency_hz"):
            lowest = policies.limits("cpuinfo_min_freq", "min_frequency_hz")
            self._put(policies.source, min_frequency_hz=min(lowest.values(), default=None))
        if wants("max_frequency_hz", "kinds"):
            top = policies.limits("cpuinfo_max_freq", "max_frequency_hz")
            self._put(policies.source, max_frequency_hz=max(top.values(), default=None))
        hertz = self._read_current(found, policies) if wants("current_frequency_hz", "processors") else {}
        return policies.of_cpus(top) if wants("kinds") else top, hertz

    def _read_current(self, found: topology.Topology, policies: frequency.Policies) -> dict[int, int]:
        info = self.info()
        source = cpuinfo.SOURCE
        hertz = {}
        if info is not None:
            told = ((number, identity.frequency(info, number)) for number in cpulist.members(found.online))
            hertz = {number: value for number, value in told if value is not None}
        if not hertz:
            hertz = policies.current()
            source = policies.source
        if hertz:
            self._put(source, current_frequency_hz=round(sum(hertz.values()) / len(hertz)))
        return hertz

    def _read_caches(self, found: topology.Topology) -> caches.Caches:
        held = caches.read_caches(self.reading, found.online, found.core_of)
        if not held.found and found.cores:
            caches.read_sparc(self.reading, held, found.cores)
        info = self.info() if not held.found or found.places[min(found.places)].book is not None else None
        if info is not None:
            caches.add_s390(held, info, found.cores)
        return held

    def _processors(
        self, found: topology.Topology, hertz: dict[int, int], mixed: kinds.Kinds, held: caches.Caches
    ) -> tuple[Processor, ...]:
        info = self.info()
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
    from .nodes import read_node_cpus, read_node_numbers

    return {
        cpu: node
        for node in read_node_numbers(reading, "processors")
        for cpu in cpulist.members(read_node_cpus(reading, "processors", node) or 0)
    }
