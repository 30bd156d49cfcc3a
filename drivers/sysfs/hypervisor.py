"""What this kernel is to the machine: /sys/hypervisor, /sys/class/misc/kvm, the signs of guest.py and container.py."""

from hostinfo.driver import RequestedFields
from hostinfo.errors import ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.hypervisor import Hypervisor, Role

from ..sources import xen_role as role
from ..sources.sources import Sources
from ..sources.tree import Tree
from .virt.container import find_container
from .virt.virt_detect import Sign, find_host

_KVM = "sys/class/misc/kvm"
_MACHINE = ("role", "type", "version", "guest_of", "is_virtual_machine")


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Hypervisor]:
    """The role of this kernel and the hypervisors in play, with what gave them away."""
    builder = FactBuilder("sysfs", fields)
    tree = sources.tree
    seen: list[str] = []
    machine = Hypervisor()
    if builder.needs(*_MACHINE, "detected_by"):
        machine = _machine(tree, builder, seen)
    container = None
    if builder.needs("container", "detected_by"):
        found = find_container(tree)
        if found is not None:
            container, source, text = found
            builder.record_source(source, "container")
            seen.append(f"{source}: {text}")
    builder.record_source("the sources it names", "detected_by")
    return builder.build(
        Hypervisor(
            role=machine.role,
            type=machine.type,
            version=machine.version,
            guest_of=machine.guest_of,
            is_virtual_machine=machine.is_virtual_machine,
            container=container,
            detected_by=tuple(seen),
        )
    )


def _machine(tree: Tree, builder: FactBuilder, seen: list[str]) -> Hypervisor:
    xen = role.read_role(tree)
    signs = find_host(tree, xen)
    hosts_kvm = xen is None and tree.is_dir(_KVM)
    if xen == role.DOM0:
        seen.append(_dom0_sign(tree))
    if hosts_kvm:
        seen.append(f"/{_KVM}: there")
    seen.extend(f"{sign.source}: {sign.text}" for sign in signs)
    if signs:
        builder.record_source(signs[0].source, "guest_of", "is_virtual_machine")
    guest_of = signs[0].word if signs else None
    kind = _role(xen, hosts_kvm, signs)
    hosts = "xen" if xen == role.DOM0 else "kvm" if hosts_kvm else None
    place = "/sys/hypervisor" if xen else f"/{_KVM}" if hosts_kvm else signs[0].source if signs else ""
    builder.record_source(place, "role", "type")
    return Hypervisor(
        role=kind,
        type=hosts,
        version=_version(tree, builder, hosts),
        guest_of=guest_of,
        is_virtual_machine=guest_of is not None if signs else None,
    )


def _role(xen: str | None, hosts_kvm: bool, signs: list[Sign]) -> Role | None:
    if xen is not None:
        return Role.XEN_DOM0 if xen == role.DOM0 else Role.XEN_DOMU
    if hosts_kvm:
        return Role.KVM_HOST
    if not signs:
        return None
    # a guest of Xen without its drivers is a domU all the same
    return Role.BARE_METAL if signs[0].word is None else Role.XEN_DOMU if signs[0].word == "xen" else Role.GUEST


def _dom0_sign(tree: Tree) -> str:
    try:
        features = tree.attribute("sys/hypervisor/properties/features")
    except ReadError:
        features = None
    if features is not None:
        return f"/sys/hypervisor/properties/features: {features}, bit 11 says control domain"
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
