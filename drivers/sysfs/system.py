"""The machine's names, from the firmware, and this system's, from /proc/sys/kernel and /etc.

Source: proc_sys_kernel(5), sysfs' dmi-id and the other descriptions of firmware.py, the files of etc.py.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import HostInfoError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.system import System

from ..sources.field_reader import FieldReader
from ..sources.smbios.text import uuid_text
from ..sources.sources import Sources
from .platform import architecture, firmware
from .platform import etc_files as etc
from .platform.firmware import Identity

_IDENTITY = ("manufacturer", "product", "version", "serial", "sku", "family", "board", "chassis", "bios")
_HOSTNAMED = "org.freedesktop.hostname1 GetProductUUID"


def read(sources: Sources, fields: RequestedFields) -> GroupResult[System]:
    """Who made the machine, what it is called, what runs on it."""
    builder = FactBuilder("sysfs", fields)
    tree = sources.tree
    reader = FieldReader(tree, builder)
    identity = _identity(reader) if builder.needs(*_IDENTITY, "hardware_uuid") else Identity()
    machine_info = etc.machine_info(reader) if builder.needs("pretty_hostname", "deployment", "location") else {}
    return builder.build(
        System(
            hardware_uuid=_uuid(sources, reader, identity) if builder.needs("hardware_uuid") else None,
            manufacturer=identity.get("manufacturer"),
            product=identity.get("product"),
            version=identity.get("version"),
            serial=identity.get("serial"),
            sku=identity.get("sku"),
            family=identity.get("family"),
            board=firmware.board(identity) if builder.needs("board") else None,
            chassis=firmware.chassis(identity) if builder.needs("chassis") else None,
            bios=firmware.bios(identity) if builder.needs("bios") else None,
            hostname=_line(reader, "hostname", "proc/sys/kernel/hostname"),
            static_hostname=etc.static_hostname(reader) if builder.needs("static_hostname") else None,
            pretty_hostname=machine_info.get("PRETTY_HOSTNAME"),
            deployment=machine_info.get("DEPLOYMENT"),
            location=machine_info.get("LOCATION"),
            machine_id=etc.machine_id(reader) if builder.needs("machine_id") else None,
            boot_id=_line(reader, "boot_id", "proc/sys/kernel/random/boot_id"),
            architecture=architecture.read(tree, builder) if builder.needs("architecture") else None,
            kernel_release=_release(reader) if builder.needs("kernel_release") else None,
            os_name=etc.os_name(reader) if builder.needs("os_name") else None,
        )
    )


def _identity(reader: FieldReader) -> Identity:
    """What names the machine, from the first place that does; the UUID alone may need another."""
    for look in (firmware.from_dmi, firmware.from_table, firmware.from_device_tree, firmware.from_sysinfo):
        identity = look(reader)
        if identity is not None:
            return identity
    return firmware.from_cpuinfo(reader) if reader.builder.needs("product", "serial") else Identity()


def _uuid(sources: Sources, reader: FieldReader, identity: Identity) -> str | None:
    """Only root may read the UUID; hostnamed may tell others."""
    uuid = uuid_text(identity.get("hardware_uuid"))
    if uuid is not None or identity.denied_uuid is None:
        return uuid
    if sources.hostnamed is not None:
        try:
            uuid = uuid_text(sources.hostnamed("GetProductUUID"))
        except HostInfoError:  # the file's own failure says more
            uuid = None
    if uuid is None:
        reader.report_once("hardware_uuid", identity.denied_uuid)
        return None
    reader.builder.record_source(_HOSTNAMED, "hardware_uuid")
    return uuid


def _line(reader: FieldReader, field: str, path: str) -> str | None:
    if not reader.builder.needs(field):
        return None
    reader.builder.record_source(f"/{path}", field)
    return reader.attribute(field, path)


def _release(reader: FieldReader) -> str | None:
    release = _line(reader, "kernel_release", "proc/sys/kernel/osrelease")
    if release is not None:
        return release
    reader.builder.record_source("/proc/version", "kernel_release")
    return parse_version(reader.attribute("kernel_release", "proc/version") or "")


def parse_version(text: str) -> str | None:
    """The release in /proc/version, the third word of "Linux version 6.1.0 (…"."""
    words = text.split(None, 3)
    return words[2] if words[:2] == ["Linux", "version"] and len(words) > 2 else None
