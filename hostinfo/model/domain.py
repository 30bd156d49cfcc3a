"""The part of the machine that is assigned to this operating system."""

from __future__ import annotations

from hostinfo.record import record


@record
class Limits:
    """Limits of the control group that contains this process, such as a container (cgroups(7))."""

    cpus: float | None = None
    """CPU time per second of wall time that the quota allows, in CPUs; None: no quota."""
    cpu_numbers: tuple[int, ...] | None = None
    """CPUs that the cpuset allows; None: all."""
    memory_bytes: int | None = None
    """Lowest memory limit between this group and the root of the hierarchy; None: no limit."""
    swap_bytes: int | None = None
    """Lowest swap limit; None: no limit."""
    processes: int | None = None
    """Maximum number of tasks; None: no limit."""


@record
class Domain:
    """Resources assigned to this operating system: in a Xen Dom0 its CPUs and memory, in a container its limits."""

    online_cpus: int | None = None
    """CPUs that this kernel schedules on; in a container with lxcfs, those of the container; None: not reported."""
    memory_bytes: int | None = None
    """Memory that this kernel manages (MemTotal); in a container with lxcfs, that of the container;
    None: not reported."""
    limits: Limits | None = None
    """Limits of the control group; None: it has none."""
    is_whole_machine: bool | None = None
    """True: all of the machine is assigned to this operating system, and no limit applies, apart from those of the
    service that reports it; False: a limit or lxcfs withholds CPUs or memory; None: not known, such as if the mounts do
    not show this process' control group, or not those above it."""
    uuid: str | None = None
    """UUID of the Xen domain (zeros in a Dom0); None: not a Xen domain."""
    guest_type: str | None = None
    """Type of the Xen domain: PV, PVH, HVM; None: not a Xen domain."""
