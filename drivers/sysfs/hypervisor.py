"""The role of this kernel: /sys/hypervisor, /sys/class/misc/kvm, and what virt/ detects (guest, container)."""

from __future__ import annotations

from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.hypervisor import Hypervisor, Role

from ..sources.tree import source_of
from ..sources.xen_role import DOM0, read_role
from .virt.container import find_container
from .virt.virt_detect import detect_hypervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields

    from ..sources.sources import Sources
    from ..sources.tree import Tree
    from .virt.evidence import Evidence

_KVM = "sys/class/misc/kvm"
_FEATURES = "sys/hypervisor/properties/features"
_LIBVIRT_QEMU = "run/libvirt/qemu"
_MACHINE = ("role", "type", "can_host_guests", "version", "guest_of", "is_virtual_machine")
FILES = {
    **dict.fromkeys(("type", "can_host_guests", "version"), ("proc", _KVM, "sys/hypervisor")),
    **dict.fromkeys(("role", "guest_of", "is_virtual_machine"), ("proc", "sys")),
    "container": ("proc",),
}
_UNKNOWN = "neither the CPU's flags nor the firmware prove a guest or hardware; SMBIOS is readable by root only"
_CLOUDS = frozenset({"amazon", "google", "microsoft"})


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Hypervisor]:
    """Read the role of this kernel and the hypervisors involved, with the evidence."""
    builder = FactBuilder("sysfs", fields)
    tree = sources.tree
    detected_by: list[str] = []
    machine = Hypervisor()
    if builder.needs(*_MACHINE, "detected_by"):
        machine = _read_machine(tree, builder, detected_by)
    container = None
    if builder.needs("container", "detected_by"):
        found = find_container(tree)
        if found is not None:
            container, source, text = found
            builder.record_source(source, "container")
            detected_by.append(f"{source}: {text}")
    builder.record_source("the sources it names", "detected_by")
    return builder.build(
        Hypervisor(
            role=machine.role,
            type=machine.type,
            can_host_guests=machine.can_host_guests,
            version=machine.version,
            guest_of=machine.guest_of,
            is_virtual_machine=machine.is_virtual_machine,
            container=container,
            detected_by=tuple(detected_by),
        )
    )


def _read_machine(tree: Tree, builder: FactBuilder, detected_by: list[str]) -> Hypervisor:
    xen = read_role(tree)
    evidence = detect_hypervisor(tree, xen)
    has_kvm = xen is None and tree.is_dir(_KVM)
    hosts_kvm = has_kvm and (not _is_cloud_guest(evidence) or tree.exists(_LIBVIRT_QEMU))
    if xen == DOM0:
        detected_by.append(_dom0_evidence(tree))
    if has_kvm:
        detected_by.append(f"/{_KVM}: exists")
    detected_by.extend(f"{item.source}: {item.text}" for item in evidence)
    if evidence:
        builder.record_source(evidence[0].source, "guest_of", "is_virtual_machine")
    guest_of = evidence[0].hypervisor if evidence else None
    hosts = "xen" if xen == DOM0 else "kvm" if hosts_kvm else None
    source = "/sys/hypervisor" if xen else source_of(_KVM) if hosts_kvm else evidence[0].source if evidence else ""
    builder.record_source(source, "role", "type")
    can_host = xen == DOM0 or has_kvm
    builder.record_source("/sys/hypervisor" if xen else source_of(_KVM), "can_host_guests")
    _report_unknown(builder, evidence, has_role=xen is not None or hosts_kvm)
    return Hypervisor(
        role=_role(xen, hosts_kvm, evidence),
        type=hosts,
        can_host_guests=can_host if can_host or tree.is_dir("sys/class") else None,
        version=_version(tree, builder, hosts),
        guest_of=guest_of,
        is_virtual_machine=guest_of is not None if evidence else None,
    )


def _is_cloud_guest(evidence: list[Evidence]) -> bool:
    """Return whether this is a cloud's virtual machine: many have KVM, few run guests."""
    return bool(evidence) and (evidence[0].hypervisor in _CLOUDS or evidence[0].is_cloud)


def _report_unknown(builder: FactBuilder, evidence: list[Evidence], *, has_role: bool) -> None:
    if evidence:
        return
    for field in ("is_virtual_machine",) if has_role else ("role", "is_virtual_machine"):
        if builder.needs(field):
            builder.unsupported(field, "/proc/cpuinfo, SMBIOS", _UNKNOWN)


def _role(xen: str | None, hosts_kvm: bool, evidence: list[Evidence]) -> Role | None:
    if xen is not None:
        return Role.XEN_DOM0 if xen == DOM0 else Role.XEN_DOMU
    if hosts_kvm:
        return Role.KVM_HOST
    if not evidence:
        return None
    if evidence[0].hypervisor is None:
        return Role.BARE_METAL
    # a guest of Xen without Xen drivers is a domU too
    return Role.XEN_DOMU if evidence[0].hypervisor == "xen" else Role.GUEST


def _dom0_evidence(tree: Tree) -> str:
    features = tree.try_attribute(_FEATURES)
    if features is not None:
        return f"/{_FEATURES}: {features}, bit 11 (control domain) is set"
    return "/proc/xen/capabilities: control_d"


def _version(tree: Tree, builder: FactBuilder, hosts: str | None) -> str | None:
    if not builder.needs("version"):
        return None
    if hosts == "kvm":
        builder.record_source("/proc/sys/kernel/osrelease", "version")
        return builder.try_read("version", lambda: tree.attribute("proc/sys/kernel/osrelease"))
    if hosts == "xen":
        builder.record_source("/sys/hypervisor/version", "version")
        return builder.try_read("version", lambda: _xen_version(tree))
    return None


def _xen_version(tree: Tree) -> str | None:
    major = tree.number("sys/hypervisor/version/major")
    minor = tree.number("sys/hypervisor/version/minor")
    if major is None or minor is None:
        return None
    return f"{major}.{minor}{tree.attribute('sys/hypervisor/version/extra') or ''}"
