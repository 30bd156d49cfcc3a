"""Memory slots: SMBIOS types 16 and 17 (DSP0134 7.17 and 7.18).

A field is decoded only if the structure's length and the table's version include it. Values that the specification
calls unknown or reserved, or that are out of range, are None: firmware is careless.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names
from .walk import Structure

_KIB, _MIB = 1024, 1024 * 1024
_U16, _U64 = 0xFFFF, 0xFFFFFFFFFFFFFFFF


@record
class MemoryArray:
    """A physical memory array (type 16)."""

    handle: int
    is_system_memory: bool
    error_correction: str | None
    maximum_bytes: int | None
    slots: int | None


@record
class MemoryDevice:
    """A memory device (type 17): one slot."""

    array: int | None
    """Handle of its MemoryArray."""
    is_populated: bool
    size_bytes: int | None
    """None: the slot is empty, or the size is unknown."""
    volatile_bytes: int | None
    """The part that is RAM; None: unknown."""
    non_volatile_bytes: int | None
    """The part that keeps its contents; None: none, or unknown."""
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


def parse_memory_array(structure: Structure) -> MemoryArray:
    """Parse type 16."""
    kibibytes = structure.number(0x07, 4)
    maximum = structure.number(0x0F, 8, (2, 7)) if kibibytes == 0x80000000 else (kibibytes or 0) * _KIB
    return MemoryArray(
        handle=structure.handle,
        is_system_memory=structure.number(0x05, 1) == 3,
        error_correction=value_names.error_correction(structure.number(0x06, 1)),
        maximum_bytes=(maximum if maximum != _U64 else None) or None,
        slots=structure.number(0x0D, 2) or None,
    )


def parse_memory_device(structure: Structure) -> MemoryDevice:
    """Parse type 17."""
    size = structure.number(0x0C, 2)
    attributes = structure.number(0x1B, 1, (2, 6))
    size_bytes = _device_bytes(structure, size)
    technology = value_names.memory_technology(structure.number(0x28, 1, (3, 2)))
    kind = value_names.memory_type(structure.number(0x12, 1))
    return MemoryDevice(
        array=structure.number(0x04, 2),
        is_populated=bool(size),
        size_bytes=size_bytes,
        volatile_bytes=_volatile_bytes(structure, size_bytes, kind, technology),
        non_volatile_bytes=_wide_size(structure, 0x34) or None,
        slot=structure.text(0x10),
        bank=structure.text(0x11),
        type=kind,
        form_factor=value_names.form_factor(structure.number(0x0E, 1)),
        technology=technology,
        manufacturer=structure.text(0x17, (2, 3)),
        serial=structure.serial(0x18, (2, 3)),
        asset_tag=structure.serial(0x19, (2, 3)),
        part_number=structure.text(0x1A, (2, 3)),
        rank=((attributes or 0) & 0xF) or None,
        speed_mts=_speed(structure, 0x15, (2, 3), 0x54),
        configured_speed_mts=_speed(structure, 0x20, (2, 7), 0x58),
        data_width_bits=_width(structure.number(0x0A, 2)),
        total_width_bits=_width(structure.number(0x08, 2)),
    )


def _device_bytes(structure: Structure, size: int | None) -> int | None:
    if not size or size == _U16:  # empty slot; unknown
        return None
    if size == 0x7FFF:
        extended = structure.number(0x1C, 4, (2, 7))
        # before 2.7 there is no extended size, and 0x7FFF is a size like others
        return (size if extended is None else extended & 0x7FFFFFFF) * _MIB or None
    return ((size & 0x7FFF) * (_KIB if size >> 15 else _MIB)) or None


def _volatile_bytes(structure: Structure, size: int | None, kind: str | None, technology: str | None) -> int | None:
    """Return the bytes of a device that are RAM: all but those of persistent memory, unless it says how many."""
    if kind != value_names.LOGICAL_NON_VOLATILE and technology not in value_names.PERSISTENT:
        return size
    return _wide_size(structure, 0x3C) or 0


def _wide_size(structure: Structure, offset: int) -> int | None:
    size = structure.number(offset, 8, (3, 2))
    return None if size == _U64 else size


def _speed(structure: Structure, offset: int, since: tuple[int, int], extended: int) -> int | None:
    speed = structure.number(offset, 2, since)
    if speed == _U16:
        speed = (structure.number(extended, 4, (3, 3)) or 0) & 0x7FFFFFFF
    return speed or None


def _width(bits: int | None) -> int | None:
    return (bits if bits != _U16 else None) or None
