"""Processors and their caches: SMBIOS types 4 and 7 (DSP0134 7.5 and 7.8).

Each field is decoded where its structure's length and the table's version allow. A number that the specification calls
unknown, reserved or out of its own range is None, for firmware fills tables carelessly.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names as words
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
    """Type 4: one socket that a central processor may be in."""

    socket: str | None
    is_populated: bool
    is_enabled: bool
    manufacturer: str | None
    version: str | None
    signature: int | None
    """CPUID leaf 1 eax; None: not an x86 processor, or not told."""
    max_frequency_hz: int | None
    """What the processor can do as the firmware knows it; often the socket's limit instead."""
    current_frequency_hz: int | None
    cores: int | None
    cores_enabled: int | None
    threads: int | None
    serial: str | None
    asset_tag: str | None
    part_number: str | None
    caches: tuple[int, ...]
    """Handles of its level 1 to 3 caches."""


@record
class CacheInfo:
    """Type 7."""

    handle: int
    level: int
    is_enabled: bool
    size_bytes: int | None
    type: str | None
    ways: int | None


def processor(at: Structure) -> ProcessorInfo | None:
    """Type 4; None for what is no central processor (coprocessor, signal processor, video processor)."""
    if at.number(0x05, 1) not in (1, 2, 3):
        return None
    status = at.number(0x18, 1) or 0
    cores, enabled, threads = _counts(at)
    caches = (at.number(offset, 2, (2, 1)) for offset in (0x1A, 0x1C, 0x1E))
    return ProcessorInfo(
        socket=at.text(0x04),
        is_populated=bool(status & 0x40),
        is_enabled=status & 0x07 not in (2, 3),
        manufacturer=at.text(0x07),
        version=at.text(0x10),
        signature=_signature(at),
        max_frequency_hz=_frequency(at.number(0x14, 2)),
        current_frequency_hz=_frequency(at.number(0x16, 2)),
        cores=cores,
        cores_enabled=enabled,
        threads=threads,
        serial=at.text(0x20, (2, 3)),
        asset_tag=at.text(0x21, (2, 3)),
        part_number=at.text(0x22, (2, 3)),
        caches=tuple(handle for handle in caches if handle is not None and handle != _U16),
    )


def _counts(at: Structure) -> tuple[int | None, int | None, int | None]:
    """Cores, enabled cores and threads; all None where they contradict one another, for then none is believable."""
    cores = _count(at, 0x23, 0x2A)
    enabled = _count(at, 0x24, 0x2C)
    threads = _count(at, 0x25, 0x2E)
    if (enabled or 0) > (cores or _U16) or (threads or _U16) < (enabled or cores or 0):
        return None, None, None
    return cores, enabled, threads


def _count(at: Structure, byte: int, word: int) -> int | None:
    """A count of 2.5; 255 there says that the word of 3.0 has it; 0 is unknown."""
    count = at.number(byte, 1, (2, 5))
    if count == 0xFF:
        count = at.number(word, 2, (3, 0))
    return count if count not in (0, _U16) else None


def _frequency(megahertz: int | None) -> int | None:
    return megahertz * _MHZ if megahertz and megahertz != _U16 else None


def _signature(at: Structure) -> int | None:
    family = at.number(0x06, 1)
    if family == 0xFE:  # see the word of 2.6
        family = at.number(0x28, 2, (2, 6))
    if family is None or _is_foreign_to_x86(family):
        return None
    signature = at.number(0x08, 4)
    # Type, family and model all zero is no x86 processor; bits 31:28 and 15:14 are reserved
    return signature if signature and signature & 0xFF0 and not signature & 0xF000C000 else None


def split_signature(signature: int) -> tuple[int, int, int]:
    """Family, model and stepping of CPUID leaf 1 eax, with the extended numbers as the makers' manuals add them."""
    family, model = signature >> 8 & 0xF, signature >> 4 & 0xF
    if family in (0x6, 0xF):
        model |= signature >> 12 & 0xF0
    if family == 0xF:
        family += signature >> 20 & 0xFF
    return family, model, signature & 0xF


def _is_foreign_to_x86(family: int) -> bool:
    """Whether DSP0134 7.5.2 gives this family code to another architecture; all others are x86 or not told."""
    return family >= 0x100 or any(first <= family <= last for first, last in _FOREIGN_FAMILIES)


def cache(at: Structure) -> CacheInfo:
    """Type 7."""
    configuration = at.number(0x05, 2) or 0
    size = at.number(0x09, 2)
    size_2 = at.number(0x17, 4, (3, 1))
    if size_2:
        size_bytes = (size_2 & 0x7FFFFFFF) * (64 * _KIB if size_2 >> 31 else _KIB)
    elif size is None or size == _U16:  # 0xFFFF: see the second size
        size_bytes = 0
    else:
        size_bytes = (size & 0x7FFF) * (64 * _KIB if size >> 15 else _KIB)
    return CacheInfo(
        handle=at.handle,
        level=(configuration & 7) + 1,
        is_enabled=bool(configuration & 0x80),
        size_bytes=size_bytes or None,
        type=words.cache_type(at.number(0x11, 1, (2, 1))),
        ways=words.cache_ways(at.number(0x12, 1, (2, 1))),
    )
