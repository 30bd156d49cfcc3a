"""Counters, and values at the time of reading."""

from __future__ import annotations

from enum import StrEnum

from hostinfo.record import record


class Scope(StrEnum):
    """What the figures cover."""

    HOST = "host"
    """The machine, as its kernel reports it. Counters that lxcfs provides count a container, and are absent."""
    HYPERVISOR = "hypervisor"
    """The machine, as Xen reports it: all domains together."""
    CONTROL_DOMAIN = "control-domain"
    """A Dom0 alone."""


@record
class CpuTime:
    """CPU seconds since boot, summed over the CPUs (proc_stat(5))."""

    user_seconds: float | None = None
    """In user mode."""
    nice_seconds: float | None = None
    """In user mode with low priority."""
    system_seconds: float | None = None
    """In kernel mode."""
    idle_seconds: float | None = None
    """Idle."""
    iowait_seconds: float | None = None
    """Idle while a task waited for I/O."""
    irq_seconds: float | None = None
    """Serving interrupts."""
    softirq_seconds: float | None = None
    """Serving soft interrupts."""
    steal_seconds: float | None = None
    """Used by the hypervisor for other guests."""
    guest_seconds: float | None = None
    """Running virtual CPUs; part of ``user_seconds``."""
    busy_seconds: float | None = None
    """Not idle: all modes except idle and iowait; under Xen the CPU time of all domains."""


@record
class Load:
    """Mean number of tasks that run or wait to run (proc_loadavg(5))."""

    load_1_minute: float
    """Over one minute."""
    load_5_minutes: float
    """Over five minutes."""
    load_15_minutes: float
    """Over fifteen minutes."""


@record
class MemoryUse:
    """Memory at the time of reading."""

    total_bytes: int | None = None
    """Total memory of the scope."""
    free_bytes: int | None = None
    """Unused memory."""
    available_bytes: int | None = None
    """Memory available to new programs."""
    cached_bytes: int | None = None
    """Page cache and reclaimable slab."""
    buffers_bytes: int | None = None
    """Block device buffers."""
    swap_used_bytes: int | None = None
    """Swap space in use."""


@record
class LinkCounters:
    """Traffic of a network link since it was created."""

    name: str
    """Name of the link."""
    rx_bytes: int
    """Received bytes."""
    tx_bytes: int
    """Sent bytes."""
    rx_packets: int
    """Received packets."""
    tx_packets: int
    """Sent packets."""
    rx_errors: int
    """Receive errors."""
    tx_errors: int
    """Send errors."""
    rx_dropped: int
    """Received packets that were dropped."""
    tx_dropped: int
    """Packets that were dropped instead of sent."""
    multicast: int | None = None
    """Received multicast packets."""


@record
class DiskCounters:
    """What a block device did since boot (/proc/diskstats)."""

    name: str
    """Name of the block device."""
    kind: str
    """disk, or the sort of volume: dm (LVM, crypt, multipath), md, bcache, drbd, zvol, …; other: of no known driver."""
    lower: tuple[str, ...]
    """Block devices that a volume is made of; empty: a disk, or sysfs is missing or does not list them."""
    reads: int
    """Completed reads."""
    read_bytes: int
    """Bytes read."""
    read_seconds: float
    """Time spent reading, summed over requests."""
    writes: int
    """Completed writes."""
    written_bytes: int
    """Bytes written."""
    write_seconds: float
    """Time spent writing, summed over requests."""
    in_flight: int
    """Requests in flight."""
    busy_seconds: float
    """Time with at least one request in flight."""


@record
class Pressure:
    """Share of time in which tasks waited for one resource (/proc/pressure)."""

    resource: str
    """cpu, memory, io or irq."""
    some_10_seconds_percent: float | None = None
    """At least one task waited, mean over 10 s."""
    some_60_seconds_percent: float | None = None
    """At least one task waited, mean over 60 s."""
    some_300_seconds_percent: float | None = None
    """At least one task waited, mean over 300 s."""
    some_total_seconds: float | None = None
    """At least one task waited, since boot."""
    full_10_seconds_percent: float | None = None
    """All tasks waited, mean over 10 s."""
    full_60_seconds_percent: float | None = None
    """All tasks waited, mean over 60 s."""
    full_300_seconds_percent: float | None = None
    """All tasks waited, mean over 300 s."""
    full_total_seconds: float | None = None
    """All tasks waited, since boot."""


@record
class Processes:
    """Tasks of this kernel."""

    running: int | None = None
    """Runnable now."""
    blocked: int | None = None
    """Waiting for I/O now."""
    total: int | None = None
    """Scheduling entities now, including threads."""
    created: int | None = None
    """Forks since boot."""


@record
class Statistics:
    """Counters, and values at the time of reading, of one scope.

    In a Xen Dom0 the scope is the hypervisor, and ``control_domain`` has the figures of the Dom0's kernel: its CPU time
    and load average are never those of the machine.
    """

    scope: Scope
    """What the figures cover."""
    time: str
    """Time of reading, ISO 8601 in UTC."""
    interval_seconds: float | None = None
    """Time since the previous sample of this driver; None: this is the first."""
    is_discontinuous: bool = False
    """True: a domain ended since the previous sample, so ``cpu`` decreased by its time."""
    uptime_seconds: float | None = None
    """Time since boot; None: not reported in this scope."""
    load: Load | None = None
    """Load average; None: not counted in this scope."""
    cpu: CpuTime | None = None
    """CPU seconds of the scope; None: not reported in this scope."""
    cpus: int | None = None
    """CPUs over which ``cpu`` is summed; None: not reported in this scope."""
    memory: MemoryUse | None = None
    """Memory at the time of reading; None: not reported in this scope."""
    processes: Processes | None = None
    """Tasks; None: not counted in this scope."""
    pressure: tuple[Pressure, ...] = ()
    """Pressure by resource; empty: the kernel does not measure it."""
    links: tuple[LinkCounters, ...] = ()
    """Counters of network links."""
    disks: tuple[DiskCounters, ...] = ()
    """Counters of whole disks, so that a sum over them counts each transfer once; /sys/block decides what a disk is.

    Without partitions, devices that are composed of disks (``volumes``), loop and memory devices, removable media.
    """
    volumes: tuple[DiskCounters, ...] = ()
    """Counters of block devices that are composed of others: what they transfer is counted in ``disks`` again."""
    control_domain: Statistics | None = None
    """Figures of the Dom0 alone; None: not in a Dom0."""
