"""The machine's identity from getSysinfo(), libvirt's form of the SMBIOS table."""

from __future__ import annotations

from hostinfo.errors import DriverError
from hostinfo.fact import FactBuilder
from hostinfo.model.system import Bios, Board, Chassis, System

from ..sources.libvirt.xml import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost

_SYSTEM_FIELDS = ("manufacturer", "product", "version", "serial", "sku", "family")
"""Fields of the model that are named as in the document's section ``system``."""
_FROM_SYSINFO = (*_SYSTEM_FIELDS, "bios", "board", "chassis")


def read_system(host: LibvirtHost, fields: RequestedFields) -> GroupResult[System]:
    """Read what a daemon reports about its machine."""
    builder = FactBuilder(host.driver, fields)
    entries = _entries(host, builder)
    uuid = entries.get("system", {}).get("uuid")
    architecture = None
    if builder.needs("architecture", "hardware_uuid"):
        capabilities = host.optional(builder, ("architecture", "hardware_uuid"), host.capabilities)
        if capabilities is not None:
            architecture, uuid = capabilities.architecture, uuid or capabilities.uuid
        builder.record_source("libvirt capabilities", "architecture")
    hostname = None
    if builder.needs("hostname"):
        hostname = builder.try_read(
            "hostname", lambda: host.optional(builder, ("hostname",), lambda: host.call("hostname"))
        )
    builder.record_source("libvirt getHostname", "hostname")
    builder.record_source("libvirt getSysinfo", *_SYSTEM_FIELDS, "hardware_uuid", "bios", "board", "chassis")
    return builder.build(
        System(
            **{field: entries.get("system", {}).get(field) for field in _SYSTEM_FIELDS},
            hardware_uuid=uuid.lower() if uuid else None,
            bios=_bios(entries),
            board=_board(entries),
            chassis=_chassis(entries),
            architecture=architecture,
            hostname=hostname if isinstance(hostname, str) else None,
        )
    )


def _entries(host: LibvirtHost, builder: FactBuilder) -> dict[str, dict[str, str]]:
    """Return section -> name -> text of the sysinfo document; empty for a host without SMBIOS."""
    try:
        document = host.optional(builder, _FROM_SYSINFO, lambda: host.call("sysinfo"))
        root = parse(document, "sysinfo", f"{host.driver} sysinfo") if document is not None else ()
    except DriverError as error:
        builder.add_problem("", error)
        return {}
    sections: dict[str, dict[str, str]] = {}
    for section in root:
        sections.setdefault(section.tag, _texts(section))
    return sections


def _texts(section: Element) -> dict[str, str]:
    return {
        entry.get("name", ""): text
        for entry in section.iter("entry")
        if (text := (entry.text or "").strip()) not in ("", "Not Specified", "Unknown")
    }


def _bios(entries: dict[str, dict[str, str]]) -> Bios | None:
    found = entries.get("bios")
    return (
        Bios(vendor=found.get("vendor"), version=found.get("version"), release_date=_iso(found.get("date")))
        if found
        else None
    )


def _iso(date: str | None) -> str | None:
    match (date or "").split("/"):
        case [month, day, year] if len(year) == 4 and (month + day + year).isdecimal():
            return f"{year}-{month:0>2}-{day:0>2}"
    return date


def _board(entries: dict[str, dict[str, str]]) -> Board | None:
    found = entries.get("baseBoard")
    if not found:
        return None
    return Board(
        manufacturer=found.get("manufacturer"),
        product=found.get("product"),
        version=found.get("version"),
        serial=found.get("serial"),
        asset_tag=found.get("asset"),
    )


def _chassis(entries: dict[str, dict[str, str]]) -> Chassis | None:
    found = entries.get("chassis")
    if not found:
        return None
    return Chassis(
        manufacturer=found.get("manufacturer"),
        version=found.get("version"),
        serial=found.get("serial"),
        asset_tag=found.get("asset"),
    )
