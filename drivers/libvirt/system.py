"""The machine's identity from getSysinfo(), which is the SMBIOS table in libvirt's words."""

from xml.etree.ElementTree import Element

from hostinfo.driver import Only
from hostinfo.errors import DriverError, Unsupported
from hostinfo.fact import Fact, Notes
from hostinfo.model.hypervisor import Hypervisor, Role
from hostinfo.model.system import Bios, Board, Chassis, System

from .host import Host
from .xml import parse

_SYSTEM = {
    "manufacturer": "manufacturer",
    "product": "product",
    "version": "version",
    "serial": "serial",
    "sku": "sku",
    "family": "family",
}


def read_system(host: Host, only: Only) -> Fact[System]:
    """What a remote daemon tells of its machine."""
    notes = Notes(host.name, only)
    entries = _entries(host, notes)
    uuid = entries.get("system", {}).get("uuid")
    architecture = None
    if notes.wants("architecture", "hardware_uuid"):
        capabilities = host.capabilities()
        architecture, uuid = capabilities.architecture, uuid or capabilities.uuid
        notes.told("libvirt capabilities", "architecture")
    hostname = notes.attempt("hostname", lambda: host.ask("hostname")) if notes.wants("hostname") else None
    notes.told("libvirt getHostname", "hostname")
    notes.told("libvirt getSysinfo", *_SYSTEM, "hardware_uuid", "bios", "board", "chassis")
    return notes.fact(
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


def _entries(host: Host, notes: Notes) -> dict[str, dict[str, str]]:
    """Section -> name -> text of the sysinfo document; nothing where the host has no SMBIOS."""
    try:
        root = parse(host.ask("sysinfo"), "sysinfo", f"{host.name} sysinfo")
    except Unsupported:
        return {}
    except DriverError as error:
        notes.failed("", error)
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


def read_hypervisor(host: Host, only: Only) -> Fact[Hypervisor]:
    """What a remote host is, by its daemon: libvirt's Xen driver runs in a Dom0 only."""
    notes = Notes(host.name, only)
    if host.is_xen:
        number = host.ask("version")
        version = f"{number // 1_000_000}.{number // 1_000 % 1_000}" if isinstance(number, int) else None
        notes.told("libvirt getType", "role", "type", "recognised_by")
        notes.told("libvirt getVersion (no patch level)", "version")
        seen = ("libvirt getType: Xen",)
        return notes.fact(Hypervisor(role=Role.XEN_DOM0, type="xen", version=version, recognised_by=seen))
    runs_kvm = "kvm" in host.capabilities().domain_types
    notes.told("libvirt capabilities", "role", "type", "recognised_by")
    if not runs_kvm:
        notes.unsupported(
            "role", "libvirt capabilities", "no KVM here, and libvirt does not tell what else the host is"
        )
        return notes.fact(Hypervisor())
    return notes.fact(
        Hypervisor(role=Role.KVM_HOST, type="kvm", recognised_by=("libvirt capabilities: domain type kvm",))
    )
