"""The role of a libvirt host."""

from __future__ import annotations

from hostinfo.fact import FactBuilder
from hostinfo.model.hypervisor import Hypervisor, Role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost


def read_hypervisor(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Hypervisor]:
    """Read the role of a host from its daemon: libvirt's Xen driver runs only in a Dom0."""
    builder = FactBuilder(host.driver, fields)
    if host.is_xen:
        number = host.call("version")
        version = f"{number // 1_000_000}.{number // 1_000 % 1_000}" if isinstance(number, int) else None
        builder.record_source("libvirt getType", "role", "type", "can_host_guests", "detected_by")
        builder.record_source("libvirt getVersion (no patch level)", "version")
        evidence = ("libvirt getType: Xen",)
        return builder.build(
            Hypervisor(role=Role.XEN_DOM0, type="xen", can_host_guests=True, version=version, detected_by=evidence)
        )
    capabilities = host.optional(builder, ("role",), host.capabilities)
    if capabilities is None:
        return builder.build(Hypervisor())
    runs_kvm = "kvm" in capabilities.domain_types
    builder.record_source("libvirt capabilities", "role", "type", "can_host_guests", "detected_by")
    if not runs_kvm:
        builder.unsupported(
            "role", "libvirt capabilities", "the host has no KVM, and libvirt does not report what else it is"
        )
        return builder.build(Hypervisor())
    return builder.build(
        Hypervisor(
            role=Role.KVM_HOST,
            type="kvm",
            can_host_guests=True,
            detected_by=("libvirt capabilities: domain type kvm",),
        )
    )
