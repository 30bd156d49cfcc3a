"""The identity of the machine, from its firmware, and of the operating system, from /proc/sys/kernel and /etc.

Source: proc_sys_kernel(5), and the files that the modules of platform/ name.
"""

from __future__ import annotations

from hostinfo.driver import RequestedFields
from hostinfo.errors import HostInfoError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.system import System

from ..sources.field_reader import FieldReader
from ..sources.smbios.text import is_unusable_uuid, uuid_text
from ..sources.sources import Sources
from ..sources.tree import source_of
from .platform import dmi, etc_files
from .platform.architecture import read_architecture
from .platform.machine_identity import MachineIdentity

_IDENTITY = ("manufacturer", "product", "version", "serial", "sku", "family", "board", "chassis", "bios")
_FIRMWARE = ("sys/class/dmi/id", "sys/firmware/dmi/tables", "proc/device-tree")
_RELEASE = ("proc/sys/kernel/osrelease", "proc/version")
FILES = {
    **dict.fromkeys(("hardware_uuid", *_IDENTITY), _FIRMWARE),
    "hostname": ("proc/sys/kernel/hostname",),
    "static_hostname": ("etc/hostname",),
    "machine_id": ("etc/machine-id", "var/lib/dbus/machine-id"),
    "boot_id": ("proc/sys/kernel/random/boot_id",),
    "architecture": ("proc/sys/kernel/arch", *_RELEASE, "proc/cpuinfo"),
    "kernel_release": _RELEASE,
    "os_name": ("etc/os-release", "usr/lib/os-release"),
}
_HOSTNAMED = "org.freedesktop.hostname1 GetProductUUID"


def read(sources: Sources, fields: RequestedFields) -> GroupResult[System]:
    """Read the identity of the machine and of the operating system."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    identity = _read_identity(reader) if builder.needs(*_IDENTITY, "hardware_uuid") else MachineIdentity()
    wants_machine_info = builder.needs("pretty_hostname", "deployment", "location")
    machine_info = etc_files.read_machine_info(reader) if wants_machine_info else {}
    return builder.build(
        System(
            hardware_uuid=_uuid(sources, reader, identity) if builder.needs("hardware_uuid") else None,
            manufacturer=identity.get("manufacturer"),
            product=identity.get("product"),
            version=identity.get("version"),
            serial=identity.get("serial"),
            sku=identity.get("sku"),
            family=identity.get("family"),
            board=identity.board() if builder.needs("board") else None,
            chassis=identity.chassis() if builder.needs("chassis") else None,
            bios=identity.bios() if builder.needs("bios") else None,
            hostname=_line(reader, "hostname", "proc/sys/kernel/hostname"),
            static_hostname=etc_files.read_static_hostname(reader) if builder.needs("static_hostname") else None,
            pretty_hostname=machine_info.get("PRETTY_HOSTNAME"),
            deployment=machine_info.get("DEPLOYMENT"),
            location=machine_info.get("LOCATION"),
            machine_id=etc_files.read_machine_id(reader) if builder.needs("machine_id") else None,
            boot_id=_line(reader, "boot_id", "proc/sys/kernel/random/boot_id"),
            architecture=read_architecture(sources.tree, builder) if builder.needs("architecture") else None,
            kernel_release=_release(reader) if builder.needs("kernel_release") else None,
            os_name=etc_files.read_os_name(reader) if builder.needs("os_name") else None,
        )
    )


def _read_identity(reader: FieldReader) -> MachineIdentity:
    """Return the identity from the first source that exists."""
    identity = dmi.read_dmi(reader)
    if identity is None:
        identity = dmi.read_smbios_table(reader)
    if identity is not None:
        return identity
    from .platform import other_firmware

    for read_source in (other_firmware.read_device_tree, other_firmware.read_sysinfo):
        identity = read_source(reader)
        if identity is not None:
            return identity
    return other_firmware.read_cpuinfo(reader) if reader.builder.needs("product", "serial") else MachineIdentity()


def _uuid(sources: Sources, reader: FieldReader, identity: MachineIdentity) -> str | None:
    """Return the UUID; its file is readable by root only, so that other users need hostnamed."""
    found = identity.get("hardware_uuid")
    uuid = uuid_text(found)
    if is_unusable_uuid(found):
        source = reader.builder.sources["hardware_uuid"]
        why = f"{found} is a template of firmware vendors, the same on many machines"
        reader.builder.unsupported("hardware_uuid", source, why)
    if uuid is not None or identity.uuid_error is None:
        return uuid
    if sources.hostnamed is not None:
        try:
            uuid = uuid_text(sources.hostnamed("GetProductUUID"))
        except HostInfoError:  # the error of the file is more useful
            uuid = None
    if uuid is None:
        reader.report_once("hardware_uuid", identity.uuid_error)
        return None
    reader.builder.record_source(_HOSTNAMED, "hardware_uuid")
    return uuid


def _line(reader: FieldReader, field: str, path: str) -> str | None:
    if not reader.builder.needs(field):
        return None
    reader.builder.record_source(source_of(path), field)
    return reader.attribute(field, path)


def _release(reader: FieldReader) -> str | None:
    release = _line(reader, "kernel_release", "proc/sys/kernel/osrelease")
    if release is not None:
        return release
    reader.builder.record_source("/proc/version", "kernel_release")
    return parse_version(reader.attribute("kernel_release", "proc/version") or "")


def parse_version(text: str) -> str | None:
    """Return the release in /proc/version: the third word of "Linux version 6.1.0 (…"."""
    words = text.split(None, 3)
    return words[2] if words[:2] == ["Linux", "version"] and len(words) > 2 else None
