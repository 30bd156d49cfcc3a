"""Firmware, system, board and chassis: SMBIOS types 0 to 3 (DSP0134 7.1 to 7.4).

A field is decoded only if the structure's length and the table's version include it. Values that the specification
calls unknown or reserved, or that are out of range, are None: firmware is careless.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names
from .text import uuid_from_bytes
from .walk import Structure


@record
class FirmwareInfo:
    """The firmware (type 0)."""

    vendor: str | None
    version: str | None
    release_date: str | None
    is_virtual_machine: bool | None


@record
class SystemInfo:
    """The system (type 1)."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    uuid: str | None
    """Also a template; None: not set, the version has no UUID, or its byte order is unknown."""
    sku: str | None
    family: str | None


@record
class BoardInfo:
    """The baseboard (type 2)."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None
    is_hosting: bool


@record
class ChassisInfo:
    """The chassis (type 3)."""

    type: str | None
    manufacturer: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None


def parse_firmware(structure: Structure) -> FirmwareInfo:
    """Parse type 0."""
    second_extension = structure.number(0x13, 1, (2, 4))
    return FirmwareInfo(
        vendor=structure.text(0x04),
        version=structure.text(0x05),
        release_date=structure.text(0x08),
        is_virtual_machine=None if second_extension is None else bool(second_extension & 0x10),
    )


def parse_system(structure: Structure) -> SystemInfo:
    """Parse type 1; without a version, the byte order of the UUID, which changed in 2.6, is unknown."""
    uuid = None
    if structure.version is not None and structure.version >= (2, 1) and len(structure.data) >= 0x18:
        uuid = uuid_from_bytes(structure.data[0x08:0x18], structure.version >= (2, 6))
    return SystemInfo(
        manufacturer=structure.text(0x04),
        product=structure.text(0x05),
        version=structure.text(0x06),
        serial=structure.serial(0x07),
        uuid=uuid,
        sku=structure.text(0x19, (2, 4)),
        family=structure.text(0x1A, (2, 4)),
    )


def parse_board(structure: Structure) -> BoardInfo:
    """Parse type 2."""
    features = structure.number(0x09, 1)
    return BoardInfo(
        manufacturer=structure.text(0x04),
        product=structure.text(0x05),
        version=structure.text(0x06),
        serial=structure.serial(0x07),
        asset_tag=structure.serial(0x08),
        is_hosting=features is None or bool(features & 1),
    )


def parse_chassis(structure: Structure) -> ChassisInfo:
    """Parse type 3."""
    return ChassisInfo(
        type=value_names.chassis_type(structure.number(0x05, 1)),
        manufacturer=structure.text(0x04),
        version=structure.text(0x06),
        serial=structure.serial(0x07),
        asset_tag=structure.serial(0x08),
    )
