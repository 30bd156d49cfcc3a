"""The machine's identity without SMBIOS: device tree, s390's /proc/sysinfo, ARM's and POWER's /proc/cpuinfo.

Source: Devicetree Specification 2.3; PAPR+ for ``ibm,…`` and ``system-id``; OPAL for ``vendor``.
"""

from __future__ import annotations

from ...sources.tree import source_of
from .machine_identity import MachineIdentity
from .sysinfo import parse_sysinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.field_reader import FieldReader

_DEVICE_TREE = "proc/device-tree"
_PROPERTIES = (
    ("product", "model"),
    ("manufacturer", "vendor"),
    ("serial", "serial-number"),
    ("serial", "system-id"),
    ("hardware_uuid", "vm,uuid"),
    ("hardware_uuid", "ibm,partition-uuid"),
)
_SYSINFO_NAMES = (
    ("manufacturer", "Manufacturer"),
    ("product", "Type"),
    ("version", "Model"),
    ("serial", "Sequence Code"),
    ("hardware_uuid", "VM00 UUID"),
)


def read_device_tree(reader: FieldReader) -> MachineIdentity | None:
    """Read model, serial number and the guest's UUID; None without a device tree that has a model."""
    names = frozenset(reader.names("", _DEVICE_TREE))
    if "model" not in names:
        return None
    identity = MachineIdentity()
    for field, name in _PROPERTIES:
        if name in names and field not in identity and reader.builder.needs(field):
            text = reader.attribute(field, f"{_DEVICE_TREE}/{name}") or ""
            if name == "system-id":
                text = text.removeprefix("IBM,02")  # PAPR+: the prefix of the number on the machine's label
            identity.set_text(reader, field, text, source_of(f"{_DEVICE_TREE}/{name}"))
    return identity


def read_sysinfo(reader: FieldReader) -> MachineIdentity | None:
    """Read type, model and serial of the machine and the UUID of the innermost guest on s390; None elsewhere."""
    source = "/proc/sysinfo"
    text = reader.attribute("", "proc/sysinfo")
    if text is None or "Manufacturer:" not in text:
        return None
    values = parse_sysinfo(text)
    identity = MachineIdentity()
    for field, name in _SYSINFO_NAMES:
        identity.set_text(reader, field, values.get(name), source)
    if "hardware_uuid" not in identity and "VM00 Name" not in values:
        identity.set_text(reader, "hardware_uuid", values.get("LPAR UUID"), source)
    return identity


def read_cpuinfo(reader: FieldReader) -> MachineIdentity:
    """Read the lines about the machine at the end of /proc/cpuinfo on ARM and POWER, without any other source."""
    identity = MachineIdentity()
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
            identity.set_text(reader, field, values.get(name) if name else None, "/proc/cpuinfo")
    return identity
