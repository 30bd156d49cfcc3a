"""The SMBIOS structures that tell about the machine, each field decoded where its structure's length and version allow.

Offsets and codes are those of DSP0134 chapter 7; the number of the type stands at each class. A number that the
specification calls unknown, reserved or out of its own range is None, for firmware fills tables carelessly.
"""

from dataclasses import dataclass

from . import words
from .text import uuid_from_bytes
from .walk import Structure

_KIB, _MIB = 1024, 1024 * 1024
_MHZ = 1_000_000
_U16, _U64 = 0xFFFF, 0xFFFFFFFFFFFFFFFF
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareInfo:
    """Type 0."""

    vendor: str | None
    version: str | None
    release_date: str | None
    is_virtual_machine: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemInfo:
    """Type 1."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    uuid: str | None
    sku: str | None
    family: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardInfo:
    """Type 2."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None
    is_hosting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChassisInfo:
    """Type 3."""

    type: str | None
    manufacturer: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheInfo:
    """Type 7."""

    handle: int
    level: int
    is_enabled: bool
    size_bytes: int | None
    type: str | None
    ways: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryArray:
    """Type 16."""

    handle: int
    is_system_memory: bool
    error_correction: str | None
    maximum_bytes: int | None
    slots: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryDevice:
    """Type 17: one slot."""

    array: int | None
    """Handle of the MemoryArray it belongs to."""
    is_populated: bool
    size_bytes: int | None
    """None: empty slot, or not known."""
    slot: str | None
    bank: str | None
    type: str | None
    form_factor: str | None
    technology: str | None
    manufacturer: str | None
    serial: str | None
    asset_tag: str | None
    part_number: str | None
    rank: int | None
    speed_mts: int | None
    configured_speed_mts: int | None
    data_width_bits: int | None
    total_width_bits: int | None


def firmware(at: Structure) -> FirmwareInfo:
    """Type 0."""
    second_extension = at.number(0x13, 1, (2, 4))
    return FirmwareInfo(
        vendor=at.text(0x04),
        version=at.text(0x05),
        release_date=at.text(0x08),
        is_virtual_machine=None if second_extension is None else bool(second_extension & 0x10),
    )


def system(at: Structure) -> SystemInfo:
    """Type 1; the byte order of the UUID changed with 2.6: without a version it can't be told."""
    has_uuid = at.version is not None and at.version >= (2, 1) and len(at.data) >= 0x18
    return SystemInfo(
        manufacturer=at.text(0x04),
        product=at.text(0x05),
        version=at.text(0x06),
        serial=at.text(0x07),
        uuid=uuid_from_bytes(at.data[0x08:0x18], (at.version or (0, 0)) >= (2, 6)) if has_uuid else None,
        sku=at.text(0x19, (2, 4)),
        family=at.text(0x1A, (2, 4)),
    )


def board(at: Structure) -> BoardInfo:
    """Type 2."""
    features = at.number(0x09, 1)
    return BoardInfo(
        manufacturer=at.text(0x04),
        product=at.text(0x05),
        version=at.text(0x06),
        serial=at.text(0x07),
        asset_tag=at.text(0x08),
        is_hosting=features is None or bool(features & 1),
    )


def chassis(at: Structure) -> ChassisInfo:
    """Type 3."""
    return ChassisInfo(
        type=words.chassis_type(at.number(0x05, 1)),
        manufacturer=at.text(0x04),
        version=at.text(0x06),
        serial=at.text(0x07),
        asset_tag=at.text(0x08),
    )


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


def memory_array(at: Structure) -> MemoryArray:
    """Type 16."""
    kibibytes = at.number(0x07, 4)
    maximum = at.number(0x0F, 8, (2, 7)) if kibibytes == 0x80000000 else (kibibytes or 0) * _KIB
    return MemoryArray(
        handle=at.handle,
        is_system_memory=at.number(0x05, 1) == 3,
        error_correction=words.error_correction(at.number(0x06, 1)),
        maximum_bytes=(maximum if maximum != _U64 else None) or None,
        slots=at.number(0x0D, 2) or None,
    )


def memory_device(at: Structure) -> MemoryDevice:
    """Type 17."""
    size = at.number(0x0C, 2)
    attributes = at.number(0x1B, 1, (2, 6))
    return MemoryDevice(
        array=at.number(0x04, 2),
        is_populated=bool(size),
        size_bytes=_device_bytes(at, size),
        slot=at.text(0x10),
        bank=at.text(0x11),
        type=words.memory_type(at.number(0x12, 1)),
        form_factor=words.form_factor(at.number(0x0E, 1)),
        technology=words.memory_technology(at.number(0x28, 1, (3, 2))),
        manufacturer=at.text(0x17, (2, 3)),
        serial=at.text(0x18, (2, 3)),
        asset_tag=at.text(0x19, (2, 3)),
        part_number=at.text(0x1A, (2, 3)),
        rank=((attributes or 0) & 0xF) or None,
        speed_mts=_speed(at, 0x15, (2, 3), 0x54),
        configured_speed_mts=_speed(at, 0x20, (2, 7), 0x58),
        data_width_bits=_width(at.number(0x0A, 2)),
        total_width_bits=_width(at.number(0x08, 2)),
    )


def _device_bytes(at: Structure, size: int | None) -> int | None:
    if not size or size == _U16:  # empty slot; unknown
        return None
    if size == 0x7FFF:
        mebibytes = (at.number(0x1C, 4, (2, 7)) or 0) & 0x7FFFFFFF
        return mebibytes * _MIB or None
    return ((size & 0x7FFF) * (_KIB if size >> 15 else _MIB)) or None


def _speed(at: Structure, word: int, since: tuple[int, int], extended: int) -> int | None:
    speed = at.number(word, 2, since)
    if speed == _U16:
        speed = (at.number(extended, 4, (3, 3)) or 0) & 0x7FFFFFFF
    return speed or None


def _width(bits: int | None) -> int | None:
    return (bits if bits != _U16 else None) or None
