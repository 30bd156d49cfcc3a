"""Memory of the machine."""

from __future__ import annotations

from hostinfo.record import record


@record
class Dimm:
    """One populated memory slot (SMBIOS type 17)."""

    slot: str | None
    """Label of the slot on the board (device locator)."""
    bank: str | None = None
    """Label of the bank on the board."""
    size_bytes: int | None = None
    """Size; None: unknown to the firmware."""
    type: str | None = None
    """Type of memory by SMBIOS' name: DDR4, DDR5, …"""
    technology: str | None = None
    """Technology by SMBIOS' name: DRAM, NVDIMM-N, …; None: before SMBIOS 3.2, or unknown."""
    non_volatile_bytes: int | None = None
    """Part that keeps its contents without power; None: none, or the firmware does not report it."""
    form_factor: str | None = None
    """Form factor by SMBIOS' name: DIMM, SODIMM, …"""
    manufacturer: str | None = None
    """Manufacturer."""
    part_number: str | None = None
    """Manufacturer's part number."""
    serial: str | None = None
    """Serial number; None: blank in firmware, or not readable."""
    asset_tag: str | None = None
    """Asset tag that the owner assigned."""
    rank: int | None = None
    """Number of ranks; None: not reported by the firmware."""
    speed_mts: int | None = None
    """Highest speed in megatransfers per second; None: the firmware reports "Unknown"."""
    configured_speed_mts: int | None = None
    """Configured speed in megatransfers per second."""
    data_width_bits: int | None = None
    """Data width, without check bits."""
    total_width_bits: int | None = None
    """Total width with check bits; greater than ``data_width_bits`` if there is ECC."""


@record
class HugePagePool:
    """The pool of huge pages of one size."""

    size_bytes: int
    """Size of one page."""
    total: int
    """Pages in the pool."""
    free: int
    """Free pages."""
    reserved: int | None = None
    """Reserved pages that are not allocated yet; None: not reported per node."""
    surplus: int | None = None
    """Pages in excess of the configured number."""


@record
class Swap:
    """Swap space of this kernel."""

    total_bytes: int
    """Total swap space."""
    free_bytes: int
    """Unused swap space."""


@record
class Memory:
    """Memory of the machine, not only that assigned to this operating system."""

    total_bytes: int | None = None
    """Memory that the kernel manages, in a Dom0 the hypervisor; firmware and kernel reserve the difference to
    ``installed_bytes``. Includes memory of GPUs that the kernel has as NUMA nodes (POWER9). None: no source reports it,
    or only the NUMA nodes do and nothing confirms their sum."""
    available_bytes: int | None = None
    """Memory available to new programs without swapping (MemAvailable); None: not reported."""
    free_bytes: int | None = None
    """Unused memory; in a Dom0 the memory that the hypervisor has not assigned to a domain; None: not reported."""
    installed_bytes: int | None = None
    """RAM in the populated slots; of persistent memory (see ``dimms``) only the part that is used as RAM.
    None: the firmware does not report it, or its table breaks off."""
    maximum_bytes: int | None = None
    """Maximum memory of the board (SMBIOS type 16); None: the firmware does not report it."""
    slots: int | None = None
    """Memory slots of the board, populated or empty (SMBIOS type 16); None: the firmware does not report them."""
    error_correction: str | None = None
    """Type of error correction by SMBIOS' name ("None", "Multi-bit ECC", …); None: the firmware does not report it."""
    page_bytes: int | None = None
    """Size of a page; None: not reported."""
    dimms: tuple[Dimm, ...] = ()
    """Populated slots; empty: no driver can distinguish them."""
    huge_pages: tuple[HugePagePool, ...] = ()
    """Pools of huge pages by size."""
    swap: Swap | None = None
    """Swap space; None: the kernel has no swap support, or it is not reported."""
