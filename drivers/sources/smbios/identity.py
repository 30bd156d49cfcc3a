"""What the machine is called: SMBIOS types 0 to 3 (DSP0134 7.1 to 7.4).

Each field is decoded where its structure's length and the table's version allow. A number that the specification calls
unknown, reserved or out of its own range is None, for firmware fills tables carelessly.
"""

from __future__ import annotations

from hostinfo.record import record

from . import value_names as words
from .text import uuid_from_bytes
from .walk import Structure


@record
class FirmwareInfo:
    """Type 0."""

    vendor: str | None
    version: str | None
    release_date: str | None
    is_virtual_machine: bool | None


@record
class SystemInfo:
    """Type 1."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    uuid: str | None
    sku: str | None
    family: str | None


@record
class BoardInfo:
    """Type 2."""

    manufacturer: str | None
    product: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None
    is_hosting: bool


@record
class ChassisInfo:
    """Type 3."""

    type: str | None
    manufacturer: str | None
    version: str | None
    serial: str | None
    asset_tag: str | None


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
    uuid = None
    if at.version is not None and at.version >= (2, 1) and len(at.data) >= 0x18:
        uuid = uuid_from_bytes(at.data[0x08:0x18], at.version >= (2, 6))
    return SystemInfo(
        manufacturer=at.text(0x04),
        product=at.text(0x05),
        version=at.text(0x06),
        serial=at.text(0x07),
        uuid=uuid,
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
