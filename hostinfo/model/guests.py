"""The domains (virtual machines) that this host runs."""

from __future__ import annotations

from hostinfo.record import record


@record
class Guest:
    """One domain of this host."""

    name: str
    """Name of the domain."""
    uuid: str
    """UUID of the domain."""
    state: str
    """State by libvirt's name: running, blocked, paused, shutdown, shut off, crashed, suspended."""
    vcpus: int
    """Current number of virtual CPUs."""
    memory_bytes: int
    """Current memory; of a domain that is shut off, what it gets when it starts."""
    maximum_memory_bytes: int | None = None
    """Maximum to which its memory can grow."""
    id: int | None = None
    """Number that the hypervisor assigned to it; None: not running."""


@record
class Guests:
    """Domains of this host, without a Xen Dom0 itself."""

    guests: tuple[Guest, ...] = ()
    """Domains by name; empty: none is defined."""
