"""Processors and their caches: SMBIOS types 4 and 7 (DSP0134 7.5 and 7.8).

A field is decoded only if the structure's length and the table's version include it. Values that the specification
calls unknown or reserved, or that are out of range, are None: firmware is careless.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names
from .walk import Structure

_KIB = 1024
_MHZ = 1_000_000
_U16 = 0xFFFF
_FOREIGN_FAMILIES = (
    (0x20, 0x27),  # PowerPC
    (0x30, 0x37),  # Alpha
    (0x40, 0x45),  # MIPS
    (0x50, 0x58),  # SPARC
    (0x60, 0x65),  # 68000
    (0x70, 0x70),  # Hobbit
    (0x80, 0x80),  # Weitek
    (0x82, 0x82),  # Itanium
    (0x90, 0x97),  # PA-RISC
    (0xC8, 0xCC),  # IBM mainframes
    (0xFA, 0xFB),  # i860, i960
)


@record
class ProcessorInfo:
    """A socket for a central processor, populated or not (type 4)."""

    socket: str | None
    is_populated: bool
    is_enabled: bool
    manufacturer: str | None
    version: str | None
    signature: int | None
    """CPUID leaf 1 eax; None: no x86 processor, or unknown."""
    max_frequency_hz: int | None
    """Maximum frequency of the processor; in many tables, that of the socket instead."""
    current_frequency_hz: int | None
    cores: int | None
    cores_enabled: int | None
    threads: int | None
    serial: str | None
    asset_tag: str | None
    part_number: str | None
    caches: tuple[int, ...]
    """Handles of its level 1, 2 and 3 caches."""


@record
class CacheInfo:
    """A cache (type 7)."""

    handle: int
    level: int
    is_enabled: bool
    size_bytes: int | None
    type: str | None
    ways: int | None


def parse_processor(structure: Structure) -> ProcessorInfo | None:
    """Parse type 4; None if it is no central processor but a math, signal or video processor."""
    if structure.number(0x05, 1) not in (1, 2, 3):
        return None
    status = structure.number(0x18, 1) or 0
    cores, enabled, threads = _counts(structure)
    caches = (structure.number(offset, 2, (2, 1)) for offset in (0x1A, 0x1C, 0x1E))
    return ProcessorInfo(
        socket=structure.text(0x04),
        is_populated=bool(status & 0x40),
        is_enabled=status & 0x07 not in (2, 3),
        manufacturer=structure.text(0x07),
        version=structure.text(0x10),
        signature=_signature(structure),
        max_frequency_hz=_frequency(structure.number(0x14, 2)),
        current_frequency_hz=_frequency(structure.number(0x16, 2)),
        cores=cores,
        cores_enabled=enabled,
        threads=threads,
        serial=structure.serial(0x20, (2, 3)),
        asset_tag=structure.serial(0x21, (2, 3)),
        part_number=structure.text(0x22, (2, 3)),
        caches=tuple(handle for handle in caches if handle is not None and handle != _U16),
    )


def _counts(structure: Structure) -> tuple[int | None, int | None, int | None]:
    """Return cores, enabled cores and threads; all None if they contradict each other."""
    cores = _count(structure, 0x23, 0x2A)
    enabled = _count(structure, 0x24, 0x2C)
    threads = _count(structure, 0x25, 0x2E)
    if (enabled or 0) > (cores or _U16) or (threads or _U16) < (enabled or cores or 0):
        return None, None, None
    return cores, enabled, threads


def _count(structure: Structure, offset: int, offset_3_0: int) -> int | None:
    """Return a count: one byte since 2.5; if it is 255, two bytes of 3.0; 0 is unknown."""
    count = structure.number(offset, 1, (2, 5))
    if count == 0xFF:
        count = structure.number(offset_3_0, 2, (3, 0))
    return count if count not in (0, _U16) else None


def _frequency(megahertz: int | None) -> int | None:
    return megahertz * _MHZ if megahertz and megahertz != _U16 else None


def _signature(structure: Structure) -> int | None:
    family = structure.number(0x06, 1)
    if family == 0xFE:  # in two bytes, since 2.6
        family = structure.number(0x28, 2, (2, 6))
    if family is None or _is_foreign_to_x86(family):
        return None
    signature = structure.number(0x08, 4)
    # An x86 signature is not all zero in type, family and model; bits 31:28 and 15:14 are reserved.
    return signature if signature and signature & 0xFF0 and not signature & 0xF000C000 else None


def split_signature(signature: int) -> tuple[int, int, int]:
    """Return family, model and stepping of CPUID leaf 1 eax, with the extended fields added as Intel and AMD do."""
    family, model = signature >> 8 & 0xF, signature >> 4 & 0xF
    if family in (0x6, 0xF):
        model |= signature >> 12 & 0xF0
    if family == 0xF:
        family += signature >> 20 & 0xFF
    return family, model, signature & 0xF


def _is_foreign_to_x86(family: int) -> bool:
    """Return whether DSP0134 7.5.2 assigns this family code to another architecture than x86."""
    return family >= 0x100 or any(first <= family <= last for first, last in _FOREIGN_FAMILIES)


def parse_cache(structure: Structure) -> CacheInfo:
    """Parse type 7."""
    configuration = structure.number(0x05, 2) or 0
    size = structure.number(0x09, 2)
    size_2 = structure.number(0x17, 4, (3, 1))
    if size_2:
        size_bytes = (size_2 & 0x7FFFFFFF) * (64 * _KIB if size_2 >> 31 else _KIB)
    elif size is None or size == _U16:  # 0xFFFF: in the second size field
        size_bytes = 0
    else:
        size_bytes = (size & 0x7FFF) * (64 * _KIB if size >> 15 else _KIB)
    return CacheInfo(
        handle=structure.handle,
        level=(configuration & 7) + 1,
        is_enabled=bool(configuration & 0x80),
        size_bytes=size_bytes or None,
        type=value_names.cache_type(structure.number(0x11, 1, (2, 1))),
        ways=value_names.cache_ways(structure.number(0x12, 1, (2, 1))),
    )
