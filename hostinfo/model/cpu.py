"""Processors of the machine."""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.record import field, record


@record
class Cache:
    """One kind of cache, with the number of them in the machine."""

    level: int
    """1: nearest to the core."""
    type: str
    """Data, Instruction or Unified (the kernel's words)."""
    size_bytes: int | None
    """Size of one instance; None: not reported."""
    ways: int | None = None
    """Associativity; a fully associative cache has as many ways as lines. None: not reported, or size, sets, ways and
    lines contradict each other."""
    line_bytes: int | None = None
    """Size of a line."""
    sets: int | None = None
    """Number of sets. None: not reported, or it contradicts size, ways and line."""
    instances: int | None = None
    """Number of such caches in the machine; None: which CPUs share one is not reported."""
    cpus_per_instance: int | None = None
    """Logical CPUs that share one; None: not reported, or different between instances."""


@record
class CpuKind:
    """CPUs of one kind, on a machine that has several (hybrid x86, big.LITTLE)."""

    name: str
    """The kernel's name of the kind (core, atom), else the core's model name, its relative capacity or its highest
    frequency, or the model name with one of these if cores of one model differ in speed."""
    cpus: tuple[int, ...]
    """Numbers of the logical CPUs of this kind."""
    max_frequency_hz: int | None = None
    """Highest frequency of this kind."""
    capacity: int | None = None
    """Relative capacity; the greatest is 1024 (cpu_capacity)."""


@record
class Processor:
    """One logical CPU (hardware thread)."""

    number: int
    """The kernel's (in a Dom0: the hypervisor's) number; numbers may have holes."""
    is_online: bool = True
    """Whether the kernel schedules on it; an offline CPU often has no other facts."""
    socket_id: int | None = None
    """Physical package; None: not reported, also where the kernel has -1."""
    die_id: int | None = None
    """Die; whether the number is unique in the machine or in the package depends on the source."""
    cluster_id: int | None = None
    """Cluster of cores (ARM, some x86)."""
    book_id: int | None = None
    """Book (s390)."""
    drawer_id: int | None = None
    """Drawer (s390)."""
    core_id: int | None = None
    """Core in the source's numbers, which may repeat; to group CPUs, use ``core_first_cpu``."""
    socket_first_cpu: int | None = None
    """Lowest number of the CPUs in this CPU's socket: CPUs with equal values share a socket, and there are as many
    different values as ``Cpu.sockets``. None: the CPU is offline, or the sockets are unknown."""
    die_first_cpu: int | None = None
    """Lowest number of the CPUs in this CPU's die. None: the CPU is offline, or its die is unknown."""
    cluster_first_cpu: int | None = None
    """Lowest number of the CPUs in this CPU's cluster. None: the CPU is offline, or has no known cluster."""
    core_first_cpu: int | None = None
    """Lowest number of the CPUs in this CPU's core: CPUs with equal values are its threads, and there are as many
    different values as ``Cpu.cores``. None: the CPU is offline, or the cores are unknown."""
    numa_node: int | None = None
    """NUMA node."""
    cores_in_socket: int | None = None
    """Cores of this CPU's package, counted as ``Cpu.cores``; "cpu cores" in /proc/cpuinfo counts AMD's Bulldozer
    modules."""
    vendor_id: str | None = None
    """Vendor of this CPU."""
    model_name: str | None = None
    """Model name of this CPU."""
    family: int | None = None
    """CPU family of this CPU."""
    model: int | None = None
    """Model number of this CPU."""
    stepping: int | None = None
    """Stepping of this CPU."""
    cpuid_level: int | None = None
    """Highest basic CPUID leaf of this CPU; None: not x86."""
    frequency_hz: int | None = None
    """Frequency at the time of reading."""
    cache_bytes: int | None = None
    """Size of this CPU's last-level cache ("cache size")."""
    kind: str | None = None
    """Name of this CPU's kind; None: the machine has one kind only."""
    flags: tuple[str, ...] = ()
    """Flags of this CPU; the same object as the machine's if they are equal."""


@record
class Cpu:
    """Processors of the machine, not only those assigned to this operating system."""

    vendor_id: str | None = None
    """Manufacturer: the CPUID vendor string on x86, the implementer on ARM, else that of the platform;
    None: not reported."""
    model_name: str | None = None
    """Model name (brand string); None: not reported on this architecture."""
    family: int | None = None
    """CPU family including the extended family (x86), architecture version (ARM);
    None: not reported on this architecture."""
    model: int | None = None
    """Model number including the extended model (x86), part number (ARM); None: not reported on this architecture."""
    stepping: int | None = None
    """Stepping (x86), revision (ARM); None: not reported on this architecture."""
    revision: str | None = None
    """Revision that is not a plain number, as the manufacturer writes it: r0p4 (ARM), 2.1 (pvr 003f 0201) (POWER);
    None: it is a plain number (``stepping``), or not reported."""
    microcode: str | None = None
    """Microcode revision; None: not reported."""
    cpuid_level: int | None = None
    """Highest basic CPUID leaf; None: not x86."""
    flags: tuple[str, ...] = ()
    """Features by the kernel's names (flags, Features, isa); in a Dom0 those of the hardware."""
    usable_flags: tuple[str, ...] | None = None
    """Features that the hypervisor allows software to use; None: the same as ``flags``."""
    bugs: tuple[str, ...] = ()
    """Hardware bugs that the kernel works around, by the kernel's names."""
    mitigations: Mapping[str, str] = field(default_factory=dict)
    """Vulnerability -> its state as the kernel reports it (/sys/devices/system/cpu/vulnerabilities)."""
    sockets: int | None = None
    """Physical packages with at least one online CPU. Clusters of an ARM SoC are not packages. None: the source
    contradicts itself, or numbers something else, such as NUMA nodes, as packages."""
    cores: int | None = None
    """Cores with at least one online CPU: sets of sibling CPUs; IDs only where a source has no sets. A Bulldozer module
    (AMD Opteron 6200 and 6300) has two cores. None: unknown, or the IDs and counts of a source contradict."""
    threads: int | None = None
    """Online logical CPUs of the machine; None: not reported."""
    threads_per_core: int | None = None
    """Threads of the core with the most threads; hybrid machines have cores with fewer; None: not reported."""
    current_frequency_hz: int | None = None
    """Mean frequency of the CPUs at the time of reading; None: not reported."""
    min_frequency_hz: int | None = None
    """Lowest frequency that can be set; None: the kernel has no frequency driver here."""
    max_frequency_hz: int | None = None
    """Highest frequency of the fastest CPU, including turbo; a measured current frequency may be up to 2 % higher.
    None: no cpufreq driver reports it, or the driver leaves out turbo and SMBIOS has no higher one."""
    address_bits_physical: int | None = None
    """Width of a physical address; None: not reported on this architecture."""
    address_bits_virtual: int | None = None
    """Width of a virtual address; None: not reported on this architecture."""
    caches: tuple[Cache, ...] = ()
    """Caches by level and type; a machine with different sizes has several entries per level."""
    kinds: tuple[CpuKind, ...] = ()
    """Kinds of CPU; empty: all CPUs are of one kind."""
    processors: tuple[Processor, ...] = ()
    """Every present logical CPU, by number."""
