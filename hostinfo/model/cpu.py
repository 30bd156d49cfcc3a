"""Processors of the machine."""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.record import field, record


@record
class Cache:
    """One kind of cache, and how many of them the machine has."""

    level: int
    """1 is nearest to the core."""
    type: str
    """Data, Instruction or Unified (the kernel's words)."""
    size_bytes: int | None
    """Size of one instance; None: not told."""
    ways: int | None = None
    """Associativity; None: not told; 0 never: fully associative has as many ways as lines."""
    line_bytes: int | None = None
    """Size of a line."""
    sets: int | None = None
    """Number of sets."""
    instances: int | None = None
    """How many such caches the machine has; None: who shares them is not told."""
    cpus_per_instance: int | None = None
    """Logical CPUs that share one; None: not told, or it differs."""


@record
class CpuKind:
    """CPUs of one sort, on a machine that mixes sorts (hybrid x86, big.LITTLE)."""

    name: str
    """The kernel's word where it has one (core, atom), else the core's model name or its relative capacity."""
    cpus: tuple[int, ...]
    """Numbers of the logical CPUs of this sort."""
    max_frequency_hz: int | None = None
    """Highest frequency of this sort."""
    capacity: int | None = None
    """Relative capacity, 1024 for the greatest (cpu_capacity)."""


@record
class Processor:
    """One logical CPU (hardware thread)."""

    number: int
    """The kernel's (in a Dom0: the hypervisor's) number; numbers may have holes."""
    is_online: bool = True
    """Whether it is scheduled on; an offline CPU often tells nothing else."""
    socket_id: int | None = None
    """Physical package; -1 is never told: None."""
    die_id: int | None = None
    """Die, counted within the machine or the package, as the source counts."""
    cluster_id: int | None = None
    """Cluster of cores (ARM, some x86)."""
    book_id: int | None = None
    """Book (s390)."""
    drawer_id: int | None = None
    """Drawer (s390)."""
    core_id: int | None = None
    """Core, unique within (socket, die) only."""
    numa_node: int | None = None
    """NUMA node."""
    cores_in_socket: int | None = None
    """Cores of the package that this CPU is in ("cpu cores")."""
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
    """Frequency when it was read."""
    cache_bytes: int | None = None
    """Size of the last-level cache that this CPU uses ("cache size")."""
    kind: str | None = None
    """Name of its CpuKind; None: the machine has one kind only."""
    flags: tuple[str, ...] = ()
    """Flags of this CPU; the same object as the machine's where they are equal."""


@record
class Cpu:
    """Processors of the machine, not of the share that this operating system was given."""

    vendor_id: str | None = None
    """Who made it: CPUID's vendor text on x86, the implementer on ARM, the platform's elsewhere."""
    model_name: str | None = None
    """The maker's name (brand string)."""
    family: int | None = None
    """CPU family with the extended family added (x86), architecture version (ARM)."""
    model: int | None = None
    """Model number with the extended model (x86), part number (ARM)."""
    stepping: int | None = None
    """Stepping (x86), revision (ARM)."""
    revision: str | None = None
    """Revision in the maker's form where it is not one number: r0p4 (ARM), 2.1 (pvr 003f 0201) (POWER)."""
    microcode: str | None = None
    """Microcode revision."""
    cpuid_level: int | None = None
    """Highest basic CPUID leaf; None: not x86."""
    flags: tuple[str, ...] = ()
    """Features in the kernel's words (flags, Features, isa). In a Dom0 those of the hardware."""
    usable_flags: tuple[str, ...] | None = None
    """Features that the hypervisor lets software use; None: the same as ``flags``."""
    bugs: tuple[str, ...] = ()
    """Bugs of the silicon that the kernel works around, in its words."""
    mitigations: Mapping[str, str] = field(default_factory=dict)
    """Vulnerability -> the kernel's state of it (/sys/devices/system/cpu/vulnerabilities)."""
    sockets: int | None = None
    """Physical packages with at least one CPU, over the machine."""
    cores: int | None = None
    """Cores over the machine: distinct (socket, die, core)."""
    threads: int | None = None
    """Logical CPUs over the machine, online ones."""
    threads_per_core: int | None = None
    """Threads of the core that has most; hybrid machines have cores with fewer."""
    current_frequency_hz: int | None = None
    """Mean frequency over the CPUs when it was read."""
    min_frequency_hz: int | None = None
    """Lowest frequency that can be set."""
    max_frequency_hz: int | None = None
    """Highest frequency of the fastest CPU, turbo included."""
    address_bits_physical: int | None = None
    """Width of a physical address."""
    address_bits_virtual: int | None = None
    """Width of a virtual address."""
    caches: tuple[Cache, ...] = ()
    """Caches by level and type; a machine that mixes sizes has several entries of one level."""
    kinds: tuple[CpuKind, ...] = ()
    """Sorts of CPU; empty: all are of one sort."""
    processors: tuple[Processor, ...] = ()
    """Every logical CPU that is present, by number."""
