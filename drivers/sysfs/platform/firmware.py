"""What the firmware says that the machine is called, from whichever description there is.

Source: /sys/class/dmi/id (drivers/firmware/dmi-id.c), the raw SMBIOS table, /proc/device-tree (Devicetree
Specification 2.3; PAPR+ for ibm,… and system-id), s390's /proc/sysinfo, ARM's and POWER's last lines of /proc/cpuinfo.
"""

from hostinfo.errors import DriverError, ReadError
from hostinfo.model.system import Bios, Board, Chassis

from ...sources.field_reader import FieldReader
from ...sources.smbios import TABLE, read_smbios
from ...sources.smbios.text import clean
from ...sources.smbios.value_names import chassis_type

_DMI = "sys/class/dmi/id"
_TREE = "proc/device-tree"
_DMI_FILES = {
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


class Identity(dict[str, str]):
    """Field (dotted) -> text, for those that are told."""

    denied_uuid: DriverError | None = None
    """Why the UUID could not be read, though it is there."""

    def tell(self, reader: FieldReader, field: str, text: str | None, source: str) -> None:
        """Take a text that is no placeholder, where the caller needs the field."""
        text = clean(text or "")
        if text is not None and reader.builder.needs(field.partition(".")[0]):
            self[field] = text
            reader.builder.record_source(source, field)


def from_dmi(reader: FieldReader) -> Identity | None:
    """The kernel's files, one a text; None where there are none."""
    there = frozenset(reader.names("", _DMI))
    if not there:
        return None
    identity = Identity()
    for field, name in _DMI_FILES.items():
        if name not in there or not reader.builder.needs(field.partition(".")[0]):
            continue
        path = f"{_DMI}/{name}"
        try:
            text = reader.tree.attribute(path)
        except DriverError as error:
            if field == "hardware_uuid":
                identity.denied_uuid = error
            else:
                reader.report_once(field, error)
            continue
        if field == "chassis.type":
            text = chassis_type(int(text)) if text and text.isdecimal() and len(text) < 4 else None
        identity.tell(reader, field, text, f"/{path}")
    return identity


def from_table(reader: FieldReader) -> Identity | None:
    """The raw table, where the kernel shows no files beside it; None where there is none or it can't be read."""
    try:
        tables = read_smbios(reader.tree)
    except ReadError as error:
        reader.report_once("", error)
        return None
    if tables is None:
        return None
    identity = Identity()
    if tables.system is not None:
        system = tables.system
        for field in ("manufacturer", "product", "version", "serial", "sku", "family"):
            identity.tell(reader, field, getattr(system, field), TABLE)
        identity.tell(reader, "hardware_uuid", system.uuid, TABLE)
    for group, info, names in (
        ("board", tables.board, ("manufacturer", "product", "version", "serial", "asset_tag")),
        ("chassis", tables.chassis, ("type", "manufacturer", "version", "serial", "asset_tag")),
        ("bios", tables.firmware, ("vendor", "version", "release_date")),
    ):
        for name in names if info is not None else ():
            identity.tell(reader, f"{group}.{name}", getattr(info, name), TABLE)
    return identity


def from_device_tree(reader: FieldReader) -> Identity | None:
    """Model, serial number and the guest's UUID; None where there is no device tree with a model."""
    there = frozenset(reader.names("", _TREE))
    if "model" not in there:
        return None
    identity = Identity()
    for field, name in (
        ("product", "model"),
        ("manufacturer", "vendor"),  # OPAL's
        ("serial", "serial-number"),
        ("serial", "system-id"),
        ("hardware_uuid", "vm,uuid"),
        ("hardware_uuid", "ibm,partition-uuid"),
    ):
        if name in there and field not in identity and reader.builder.needs(field):
            text = reader.attribute(field, f"{_TREE}/{name}") or ""
            # PAPR: "IBM,02" and the number that stands on the machine
            identity.tell(
                reader, field, text.removeprefix("IBM,02") if name == "system-id" else text, f"/{_TREE}/{name}"
            )
    return identity


def from_sysinfo(reader: FieldReader) -> Identity | None:
    """s390: the type and model of the machine, the UUID of the innermost guest; None on all others."""
    source = "/proc/sysinfo"
    text = reader.attribute("", "proc/sysinfo")
    if text is None or "Manufacturer:" not in text:
        return None
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            values.setdefault(name.strip(), " ".join(value.split()))
    identity = Identity()
    for field, name in (
        ("manufacturer", "Manufacturer"),
        ("product", "Type"),
        ("version", "Model"),
        ("serial", "Sequence Code"),
        ("hardware_uuid", "VM00 UUID"),
    ):
        identity.tell(reader, field, values.get(name), source)
    if "hardware_uuid" not in identity and "VM00 Name" not in values:
        identity.tell(reader, "hardware_uuid", values.get("LPAR UUID"), source)
    return identity


def from_cpuinfo(reader: FieldReader) -> Identity:
    """Where there is nothing else: the machine's lines that ARM and POWER have in /proc/cpuinfo."""
    identity = Identity()
    if "type:x86" in (reader.attribute("product", "sys/devices/system/cpu/modalias") or ""):
        return identity  # has no such lines, and many CPUs
    lines = (reader.text("product", "proc/cpuinfo") or "").splitlines()
    values = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines[-8:])}
    is_power = "machine" in values and "platform" in values
    for field, name in (
        ("product", "Model"),
        ("product", "model" if is_power else ""),
        ("product", "Hardware"),
        ("serial", "Serial"),
    ):
        if field not in identity:
            identity.tell(reader, field, values.get(name) if name else None, "/proc/cpuinfo")
    return identity


def board(identity: Identity) -> Board | None:
    """The mainboard; None: not described."""
    found = Board(
        manufacturer=identity.get("board.manufacturer"),
        product=identity.get("board.product"),
        version=identity.get("board.version"),
        serial=identity.get("board.serial"),
        asset_tag=identity.get("board.asset_tag"),
    )
    return found if found != Board() else None


def chassis(identity: Identity) -> Chassis | None:
    """The case; None: not described."""
    found = Chassis(
        type=identity.get("chassis.type"),
        manufacturer=identity.get("chassis.manufacturer"),
        version=identity.get("chassis.version"),
        serial=identity.get("chassis.serial"),
        asset_tag=identity.get("chassis.asset_tag"),
    )
    return found if found != Chassis() else None


def bios(identity: Identity) -> Bios | None:
    """The firmware; None: not described."""
    date = identity.get("bios.release_date")
    found = Bios(
        vendor=identity.get("bios.vendor"),
        version=identity.get("bios.version"),
        release_date=iso_date(date) if date is not None else None,
    )
    return found if found != Bios() else None


def iso_date(text: str) -> str:
    """The day in ISO 8601 for SMBIOS' mm/dd/yyyy and mm/dd/yy (19yy, DSP0134 7.1); any other text as it is."""
    parts = text.split("/")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        return text
    month, day, year = parts
    if len(year) == 2:
        year = f"19{year}"
    if len(year) != 4 or not 1 <= int(month[:3]) <= 12 or not 1 <= int(day[:3]) <= 31:
        return text
    return f"{year}-{int(month[:3]):02d}-{int(day[:3]):02d}"
