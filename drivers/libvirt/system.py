"""The machine's identity from getSysinfo(), which is the SMBIOS table in libvirt's words."""

from xml.etree.ElementTree import Element

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, Unsupported
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.hypervisor import Hypervisor, Role
from hostinfo.model.system import Bios, Board, Chassis, System

from ..sources.libvirt.xml import parse
from .host import Host

_SYSTEM = {
    "manufacturer": "manufacturer",
    "product": "product",
    "version": "version",
    "serial": "serial",
    "sku": "sku",
    "family": "family",
}


def read_system(host: Host, fields: RequestedFields) -> GroupResult[System]:
    """What a remote daemon tells of its machine."""
    builder = FactBuilder(host.name, fields)
    entries = _entries(host, builder)
    uuid = entries.get("system", {}).get("uuid")
    architecture = None
    if builder.needs("architecture", "hardware_uuid"):
        capabilities = host.capabilities()
        architecture, uuid = capabilities.architecture, uuid or capabilities.uuid
        builder.record_source("libvirt capabilities", "architecture")
    hostname = builder.try_read("hostname", lambda: host.ask("hostname")) if builder.needs("hostname") else None
    builder.record_source("libvirt getHostname", "hostname")
    builder.record_source("libvirt getSysinfo", *_SYSTEM, "hardware_uuid", "bios", "board", "chassis")
    return builder.build(
        System(
            **_picked(entries, "system", _SYSTEM),
            hardware_uuid=uuid.lower() if uuid else None,
            bios=_bios(entries),
            board=_board(entries),
            chassis=_chassis(entries),
            architecture=architecture,
            hostname=hostname if isinstance(hostname, str) else None,
        )
    )


def _entries(host: Host, builder: FactBuilder) -> dict[str, dict[str, str]]:
    """Section -> name -> text of the sysinfo document; nothing where the host has no SMBIOS."""
    try:
        root = parse(host.ask("sysinfo"), "sysinfo", f"{host.name} sysinfo")
    except Unsupported:
        return {}
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


def _picked(entries: dict[str, dict[str, str]], section: str, fields: dict[str, str]) -> dict[str, str | None]:
    found = entries.get(section, {})
    return {field: found.get(name) for field, name in fields.items()}


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


def read_hypervisor(host: Host, fields: RequestedFields) -> GroupResult[Hypervisor]:
    """What a remote host is, by its daemon: libvirt's Xen driver runs in a Dom0 only."""
    builder = FactBuilder(host.name, fields)
    if host.is_xen:
        number = host.ask("version")
        version = f"{number // 1_000_000}.{number // 1_000 % 1_000}" if isinstance(number, int) else None
        builder.record_source("libvirt getType", "role", "type", "detected_by")
        builder.record_source("libvirt getVersion (no patch level)", "version")
        seen = ("libvirt getType: Xen",)
        return builder.build(Hypervisor(role=Role.XEN_DOM0, type="xen", version=version, detected_by=seen))
    runs_kvm = "kvm" in host.capabilities().domain_types
    builder.record_source("libvirt capabilities", "role", "type", "detected_by")
    if not runs_kvm:
        builder.unsupported(
            "role", "libvirt capabilities", "no KVM here, and libvirt does not tell what else the host is"
        )
        return builder.build(Hypervisor())
    return builder.build(
        Hypervisor(role=Role.KVM_HOST, type="kvm", detected_by=("libvirt capabilities: domain type kvm",))
    )
