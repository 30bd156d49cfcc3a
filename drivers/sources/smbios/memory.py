"""Memory slots: SMBIOS types 16 and 17 (DSP0134 7.17 and 7.18).

Each field is decoded where its structure's length and the table's version allow. A number that the specification calls
unknown, reserved or out of its own range is None, for firmware fills tables carelessly.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names as words
from .walk import Structure

_KIB, _MIB = 1024, 1024 * 1024
_U16, _U64 = 0xFFFF, 0xFFFFFFFFFFFFFFFF


@record
class MemoryArray:
    """Type 16."""

    handle: int
    is_system_memory: bool
    error_correction: str | None
    maximum_bytes: int | None
    slots: int | None


@record
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
