"""What this operating system was given of the machine."""

from __future__ import annotations

from hostinfo.record import record


@record
class Limits:
    """What the container (control group) around this process may use (cgroups(7))."""

    cpus: float | None = None
    """CPU time a second of wall time that the quota allows, in CPUs; None: no quota."""
    cpu_numbers: tuple[int, ...] | None = None
    """CPUs that the cpuset allows; None: all."""
    memory_bytes: int | None = None
    """The lowest memory limit from here to the root of the hierarchy; None: no limit."""
    swap_bytes: int | None = None
    """The lowest swap limit; None: no limit."""
    processes: int | None = None
    """Greatest number of tasks; None: no limit."""


@record
class Domain:
    """What this operating system was given: in a Xen Dom0 its own CPUs and memory, in a container its limits."""

    online_cpus: int | None = None
    """CPUs that this kernel schedules on."""
    memory_bytes: int | None = None
    """Memory that this kernel manages (MemTotal)."""
    limits: Limits | None = None
    """Limits of the control group; None: there are none."""
    is_whole_machine: bool | None = None
    """True: this operating system was given all of the machine and no limit applies; None: cannot be told."""
    uuid: str | None = None
    """The Xen domain's own UUID (zeros in a Dom0); None: not a Xen domain."""
    guest_type: str | None = None
    """How Xen runs this domain: PV, PVH, HVM; None: not a Xen domain."""
