"""Section "Role": what this operating system is on the machine."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.hypervisor import Hypervisor
    from hostinfo.output.document import GroupReport

HYPERVISORS = {
    "xen": "Xen",
    "kvm": "KVM",
    "qemu": "QEMU",
    "vmware": "VMware",
    "microsoft": "Hyper-V",
    "oracle": "VirtualBox",
}


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Hypervisor = reports["hypervisor"].value  # type: ignore[assignment]
    section = Section(style, reports["hypervisor"], "Role")
    section.row("This system", describe_role(value), "role", "type", "version", "guest_of", "container")
    section.row("Detected by", "; ".join(value.detected_by), "detected_by")
    return section.lines()


def describe_role(value: Hypervisor) -> str | None:
    """Return the role in words: "Dom0 of Xen 4.17.7", "KVM host, itself a guest of VMware"."""
    runs = " ".join(part for part in (HYPERVISORS.get(value.type or "", value.type), value.version) if part)
    host = HYPERVISORS.get(value.guest_of or "", value.guest_of)
    text = {
        "bare-metal": "bare metal, no hypervisor",
        "kvm-host": f"KVM host ({runs})" if value.version else "KVM host",
        "xen-dom0": f"Dom0 of {runs or 'Xen'}",
        "xen-domu": "Xen guest (domU)",
        "guest": f"guest of {host}" if host else "guest of an unknown hypervisor",
    }.get(value.role or "")
    if text and host and value.role in ("kvm-host", "xen-dom0"):
        text += f", itself a guest of {host}"
    if text and value.can_host_guests and value.role == "guest":
        text += ", could host guests"
    if value.container:
        text = f"{text}, in a {value.container} container" if text else f"a {value.container} container"
    if text and value.is_virtual_machine:
        text += "; the hardware below is the virtual machine's"
    return text
