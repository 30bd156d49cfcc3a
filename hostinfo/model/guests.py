"""The domains (virtual machines) that this host runs."""

from __future__ import annotations

from hostinfo.record import record


@record
class Guest:
    """One domain of this host."""

    name: str
    """Its name."""
    uuid: str
    """Its UUID."""
    state: str
    """libvirt's word: running, blocked, paused, shutdown, shut off, crashed, suspended."""
    vcpus: int
    """Virtual CPUs that it has now."""
    memory_bytes: int
    """Memory that it has now; of a domain that is shut off, what it would have."""
    maximum_memory_bytes: int | None = None
    """Memory that it may grow to."""
    id: int | None = None
    """The hypervisor's number of it; None: not running."""


@record
class Guests:
    """The domains that this host runs; a Xen Dom0 itself is not among them."""

    guests: tuple[Guest, ...] = ()
    """By name; empty: none is defined."""
