"""Counters and levels of the moment."""

from __future__ import annotations

from enum import StrEnum

from hostinfo.record import record


class Scope(StrEnum):
    """Whose figures these are."""

    HOST = "host"
    """The machine's, told by its kernel."""
    HYPERVISOR = "hypervisor"
    """The machine's, told by Xen: all domains together."""
    CONTROL_DOMAIN = "control-domain"
    """A Dom0's own."""


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
    """Idle while a task waited for a disk."""
    irq_seconds: float | None = None
    """Serving interrupts."""
    softirq_seconds: float | None = None
    """Serving soft interrupts."""
    steal_seconds: float | None = None
    """Taken by the hypervisor for others."""
    guest_seconds: float | None = None
    """Running virtual CPUs; part of ``user_seconds``."""
    busy_seconds: float | None = None
    """Not idle: all modes but idle and iowait; under Xen the CPU time of all domains."""


@record
class Load:
    """Mean number of tasks that run or wait to (proc_loadavg(5))."""

    load_1_minute: float
    """Over a minute."""
    load_5_minutes: float
    """Over five minutes."""
    load_15_minutes: float
    """Over fifteen minutes."""


@record
class MemoryUse:
    """Memory of the moment."""

    total_bytes: int | None = None
    """All that the scope has."""
    free_bytes: int | None = None
    """What nobody uses."""
    available_bytes: int | None = None
    """What new programs could have."""
    cached_bytes: int | None = None
    """Page cache and reclaimable slab."""
    buffers_bytes: int | None = None
    """Block device buffers."""
    swap_used_bytes: int | None = None
    """Swap space in use."""


@record
class LinkCounters:
    """What passed a network link since it came up."""

    name: str
    """The link."""
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
    """Received and dropped."""
    tx_dropped: int
    """Not sent, dropped."""
    multicast: int | None = None
    """Received multicast packets."""


@record
class DiskCounters:
    """What a whole disk did since boot (/proc/diskstats); /sys/block decides what a whole disk is."""

    name: str
    """The block device."""
    reads: int
    """Reads that finished."""
    read_bytes: int
    """Bytes read."""
    read_seconds: float
    """Time spent reading, summed over requests."""
    writes: int
    """Writes that finished."""
    written_bytes: int
    """Bytes written."""
    write_seconds: float
    """Time spent writing, summed over requests."""
    in_flight: int
    """Requests under way."""
    busy_seconds: float
    """Time with at least one request under way."""


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
    """Waiting for a disk now."""
    total: int | None = None
    """Scheduling entities now, threads included."""
    created: int | None = None
    """Forks since boot."""


@record
class Statistics:
    """Counters and levels of the moment, of one scope.

    On a Xen Dom0 the scope is the hypervisor's, and what the Dom0's kernel says of itself stands in
    ``control_domain``: its CPU time and load average are never the machine's.
    """

    scope: Scope
    """Whose figures these are."""
    time: str
    """When they were read, ISO 8601 in UTC."""
    interval_seconds: float | None = None
    """Time since this driver's sample before; None: this is the first."""
    is_discontinuous: bool = False
    """True: a domain ended since the sample before, so ``cpu`` went back by its time."""
    uptime_seconds: float | None = None
    """Since boot."""
    load: Load | None = None
    """Load average; None: the scope has none."""
    cpu: CpuTime | None = None
    """CPU seconds of the scope."""
    cpus: int | None = None
    """CPUs over which ``cpu`` is summed."""
    memory: MemoryUse | None = None
    """Memory of the moment."""
    processes: Processes | None = None
    """Tasks; None: the scope has none."""
    pressure: tuple[Pressure, ...] = ()
    """Pressure by resource; empty: the kernel does not measure it."""
    links: tuple[LinkCounters, ...] = ()
    """Counters of network links."""
    disks: tuple[DiskCounters, ...] = ()
    """Counters of whole disks: no partitions, and nothing made of other disks (dm, md, …): sums count each once."""
    control_domain: Statistics | None = None
    """A Dom0's own; None: not in a Dom0."""
