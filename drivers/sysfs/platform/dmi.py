"""The machine's identity from SMBIOS: /sys/class/dmi/id (drivers/firmware/dmi-id.c), or the raw table."""

from __future__ import annotations

from hostinfo.errors import DriverError, ParseError, ReadError

from ...sources.smbios.dmi_folder import dmi_folder
from ...sources.smbios.value_names import chassis_type
from ...sources.tree import source_of
from .machine_identity import MachineIdentity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.field_reader import FieldReader
    from ...sources.smbios import Tables

_FILES = {
    "hardware_uuid": "product_uuid",
    "manufacturer": "sys_vendor",
    "product": "product_name",
    "version": "product_version",
    "serial": "product_serial",
    "sku": "product_sku",
    "family": "product_family",
    "board.manufacturer": "board_vendor",
    "board.product": "board_name",
    "board.version": "board_version",
    "board.serial": "board_serial",
    "board.asset_tag": "board_asset_tag",
    "chassis.type": "chassis_type",
    "chassis.manufacturer": "chassis_vendor",
    "chassis.version": "chassis_version",
    "chassis.serial": "chassis_serial",
    "chassis.asset_tag": "chassis_asset_tag",
    "bios.vendor": "bios_vendor",
    "bios.version": "bios_version",
    "bios.release_date": "bios_date",
}


def read_dmi(reader: FieldReader) -> MachineIdentity | None:
    """Read the kernel's files, one per text; None if there are none."""
    folder = dmi_folder(reader.tree)
    names = frozenset(reader.names("", folder))
    if not names:
        return None
    identity = MachineIdentity()
    for field, name in _FILES.items():
        if name not in names or not reader.builder.needs(field.partition(".")[0]):
            continue
        path = f"{folder}/{name}"
        try:
            text = reader.tree.attribute(path)
        except DriverError as error:
            if field == "hardware_uuid":
                identity.uuid_error = error
            else:
                reader.report_once(field, error)
            continue
        if field == "chassis.type":
            text = chassis_type(int(text)) if text and text.isdecimal() and len(text) < 4 else None
        identity.set_text(reader, field, text, source_of(path))
    return identity


def read_smbios_table(reader: FieldReader) -> MachineIdentity | None:
    """Read the raw table, for kernels without /sys/class/dmi/id; None if it is absent or unreadable."""
    from ...sources.smbios import read_smbios

    try:
        tables = read_smbios(reader.tree)
    except ReadError as error:
        reader.report_once("", error)
        return None
    if tables is None:
        return None
    identity = MachineIdentity()
    if not tables.is_complete:
        _report_cut(reader, tables)
    if tables.system is not None:
        system = tables.system
        for field in ("manufacturer", "product", "version", "serial", "sku", "family"):
            identity.set_text(reader, field, getattr(system, field), tables.source)
        identity.set_text(reader, "hardware_uuid", system.uuid, tables.source)
    for group, info, names in (
        ("board", tables.board, ("manufacturer", "product", "version", "serial", "asset_tag")),
        ("chassis", tables.chassis, ("type", "manufacturer", "version", "serial", "asset_tag")),
        ("bios", tables.firmware, ("vendor", "version", "release_date")),
    ):
        for name in names if info is not None else ():
            identity.set_text(reader, f"{group}.{name}", getattr(info, name), tables.source)
    return identity


def _report_cut(reader: FieldReader, tables: Tables) -> None:
    """Record the groups of fields whose structure is not in a table that breaks off."""
    error = ParseError(tables.source, f"the table breaks off: {'; '.join(tables.problems)}")
    for field, info in (
        ("manufacturer", tables.system),
        ("board", tables.board),
        ("chassis", tables.chassis),
        ("bios", tables.firmware),
    ):
        if info is None and reader.builder.needs(field):
            reader.builder.add_problem(field, error)
