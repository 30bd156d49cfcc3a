"""Sections: what machine this is, what this system is to it, what it was given of it."""

from hostinfo.cli.page.style import BOLD, LABEL_WIDTH, Section, Style, clean, ranges, size, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hostinfo.dump import GroupReport
    from hostinfo.model.domain import Domain, Limits
    from hostinfo.model.hypervisor import Hypervisor
    from hostinfo.model.system import System

HYPERVISORS = {
    "xen": "Xen",
    "kvm": "KVM",
    "qemu": "QEMU",
    "vmware": "VMware",
    "microsoft": "Hyper-V",
    "oracle": "VirtualBox",
}


def system(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """Who made it, what it is called, what runs on it."""
    value: System = told["system"].value  # type: ignore[assignment]
    section = Section(style, told["system"], "System")
    machine = " ".join(dict.fromkeys(part for part in (value.manufacturer, value.product) if part))
    section.row("Machine", words(machine, value.version), "manufacturer", "product", "version")
    section.row("Family", words(value.family, value.sku and f"SKU {value.sku}"), "family", "sku")
    section.row("Serial", value.serial, "serial")
    section.row("UUID", value.hardware_uuid, "hardware_uuid")
    for label, part, names in (
        ("Board", value.board, ("manufacturer", "product", "version")),
        ("Chassis", value.chassis, ("type", "manufacturer", "version")),
        ("Firmware", value.bios, ("vendor", "version", "release_date")),
    ):
        serial = getattr(part, "serial", None)
        text = (
            words(*(getattr(part, name) for name in names), serial and f"serial {serial}") if part is not None else None
        )
        section.row(label, text, label.lower() if label != "Firmware" else "bios")
    name = value.hostname
    if value.static_hostname and value.static_hostname != name:
        name = f"{name or 'none'} (configured: {value.static_hostname})"
    section.row("Host name", words(name, value.pretty_hostname), "hostname")
    section.row("Purpose", words(value.deployment, value.location), "deployment", "location")
    kernel = " ".join(part for part in (value.kernel_release, value.architecture) if part)
    section.row("Runs", words(value.os_name, kernel and f"Linux {kernel}"), "os_name", "kernel_release", "architecture")
    section.row("Machine ID", value.machine_id, "machine_id")
    return section.lines if len(section.lines) > 1 else []


def hypervisor(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """The role of this system."""
    value: Hypervisor = told["hypervisor"].value  # type: ignore[assignment]
    section = Section(style, told["hypervisor"], "Role")
    section.row("This system", role(value), "role", "type", "version", "guest_of", "container")
    section.row("Detected by", "; ".join(value.detected_by), "detected_by")
    return section.lines if len(section.lines) > 1 else []


def role(value: "Hypervisor") -> str | None:
    """The role in a sentence: Dom0 of Xen 4.17.7; KVM host, itself a guest of VMware."""
    runs = " ".join(part for part in (HYPERVISORS.get(value.type or "", value.type), value.version) if part)
    host = HYPERVISORS.get(value.guest_of or "", value.guest_of)
    text = {
        "bare-metal": "the machine itself, no hypervisor",
        "kvm-host": f"KVM host ({runs})" if value.version else "KVM host",
        "xen-dom0": f"Dom0 of {runs or 'Xen'}",
        "xen-domu": "Xen guest (domU)",
        "guest": f"guest of {host}" if host else "guest of an unknown hypervisor",
    }.get(value.role or "")
    if text and host and value.role in ("kvm-host", "xen-dom0"):
        text += f", itself a guest of {host}"
    if value.container:
        text = f"{text}, in a {value.container} container" if text else f"a {value.container} container"
    if text and value.is_virtual_machine:
        text += "; the figures below are those of the virtual machine"
    return text


def domain(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """The machine and what this system was given of it, side by side where they differ."""
    value: Domain = told["domain"].value  # type: ignore[assignment]
    section = Section(style, told["domain"], "Given to this system")
    cpus, memory = _of(told, "cpu", "threads"), _of(told, "memory", "total_bytes")
    # Memory differs when it differs by more than what a kernel keeps for itself.
    differs = (cpus is not None and value.online_cpus not in (None, cpus)) or (
        memory is not None and value.memory_bytes is not None and abs(memory - value.memory_bytes) > memory // 16
    )
    if value.is_whole_machine:
        section.row("Share", "all of the machine", "is_whole_machine")
    elif differs or _of(told, "hypervisor", "role") == "xen-dom0":
        heading = f"  {'':<{LABEL_WIDTH}} {'machine':<16} this system"
        section.lines.append(style.paint(heading, BOLD))
        section.row("CPUs", f"{_or(cpus):<16} {_or(value.online_cpus)}", "online_cpus")
        section.row("Memory", f"{_or(size(memory)):<16} {_or(size(value.memory_bytes))}", "memory_bytes")
    else:
        section.row("CPUs", value.online_cpus, "online_cpus")
        section.row("Memory", size(value.memory_bytes), "memory_bytes")
    if value.limits is not None:
        section.row("Limits", limits(value.limits), "limits")
    section.row("Domain", words(value.guest_type, value.uuid), "guest_type", "uuid")
    return section.lines if len(section.lines) > 1 else []


def limits(value: "Limits") -> str | None:
    """Limits of the control group in words."""
    return words(
        value.cpus is not None and f"{value.cpus:g} CPUs",
        value.cpu_numbers is not None and f"on CPU {ranges(value.cpu_numbers)}",
        value.memory_bytes is not None and size(value.memory_bytes),
        value.swap_bytes is not None and f"swap {size(value.swap_bytes)}",
        value.processes is not None and f"{value.processes} processes",
    )


def _of(told: "Mapping[str, GroupReport]", group: str, field: str) -> "Any":
    return getattr(told[group].value, field) if group in told else None


def _or(value: object) -> str:
    return "not told" if value is None else clean(str(value))
