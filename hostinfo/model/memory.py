"""Memory of the machine."""

from __future__ import annotations

from hostinfo.record import record


@record
class Dimm:
    """One populated memory slot (SMBIOS type 17)."""

    slot: str | None
    """The board's label of the slot (device locator)."""
    bank: str | None = None
    """The board's label of the bank."""
    size_bytes: int | None = None
    """Size; None: the firmware does not know it."""
    type: str | None = None
    """Kind of memory in SMBIOS' words: DDR4, DDR5, …"""
    form_factor: str | None = None
    """Shape in SMBIOS' words: DIMM, SODIMM, …"""
    manufacturer: str | None = None
    """Who made it."""
    part_number: str | None = None
    """The maker's part number."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """The owner's inventory tag."""
    rank: int | None = None
    """Ranks; None: the firmware reports none."""
    speed_mts: int | None = None
    """Highest speed in megatransfers a second; None: the firmware reports "Unknown"."""
    configured_speed_mts: int | None = None
    """Speed it runs at, in megatransfers a second."""
    data_width_bits: int | None = None
    """Width without check bits."""
    total_width_bits: int | None = None
    """Width with check bits: greater than ``data_width_bits`` where there is ECC."""


@record
class HugePagePool:
    """The pool of huge pages of one size."""

    size_bytes: int
    """Size of one page."""
    total: int
    """Pages in the pool."""
    free: int
    """Pages not allocated."""
    reserved: int | None = None
    """Pages promised and not yet allocated; None: not told a node."""
    surplus: int | None = None
    """Pages above the configured number."""


@record
class Swap:
    """Swap space of this kernel."""

    total_bytes: int
    """All swap space."""
    free_bytes: int
    """Swap space not in use."""


@record
class Memory:
    """What the machine has, not what this operating system was given."""

    total_bytes: int | None = None
    """Memory that the kernel, in a Dom0 the hypervisor, manages; less than ``installed_bytes`` by what firmware and
    kernel keep for themselves; includes memory of GPUs that the kernel has as NUMA nodes (POWER9). None: no source
    reports it, or only the NUMA nodes do and nothing confirms their sum."""
    available_bytes: int | None = None
    """Memory that new programs could have without swapping (MemAvailable)."""
    free_bytes: int | None = None
    """Memory that nobody uses; in a Dom0 what the hypervisor has not given to any domain."""
    installed_bytes: int | None = None
    """Sum of the populated slots; None: the firmware does not tell."""
    maximum_bytes: int | None = None
    """Most memory that the board takes (SMBIOS type 16)."""
    slots: int | None = None
    """Memory slots of the board, populated or not (SMBIOS type 16)."""
    error_correction: str | None = None
    """Kind of error correction in SMBIOS' words: None, Single-bit ECC, Multi-bit ECC, …"""
    page_bytes: int | None = None
    """Size of a page."""
    dimms: tuple[Dimm, ...] = ()
    """Populated slots; empty: no driver can tell them apart."""
    huge_pages: tuple[HugePagePool, ...] = ()
    """Pools of huge pages by size."""
    swap: Swap | None = None
    """Swap space; None: the kernel has no swap support, or it is not told."""
