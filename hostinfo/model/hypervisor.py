"""What this kernel is to the machine: on bare metal, a host, a control domain, a guest, in a container."""

from __future__ import annotations

from enum import StrEnum

from hostinfo.record import record


class Role(StrEnum):
    """What the running kernel is to the machine."""

    BARE_METAL = "bare-metal"
    KVM_HOST = "kvm-host"
    XEN_DOM0 = "xen-dom0"
    XEN_DOMU = "xen-domu"
    GUEST = "guest"


@record
class Hypervisor:
    """What this kernel is to the machine, and what hypervisor is in play."""

    role: Role | None = None
    """What the running kernel is; None: the tree that was read does not tell. A host of KVM guests is kvm-host even
    where it is a guest itself: ``guest_of`` says so."""
    type: str | None = None
    """The hypervisor that runs guests here: xen, kvm; None: this machine hosts none."""
    version: str | None = None
    """Version of that hypervisor, such as 4.17.7; for KVM the kernel's release."""
    guest_of: str | None = None
    """The hypervisor whose guest this kernel is: kvm, qemu, xen, vmware, microsoft, oracle, zvm, powervm, …
    (systemd-detect-virt's words); None: none was recognised."""
    is_virtual_machine: bool | None = None
    """True: cpu, memory and numa describe the virtual machine that ``guest_of`` presents, and nobody inside can tell
    the physical one; False: they describe hardware."""
    container: str | None = None
    """The container manager around this process: docker, podman, lxc, systemd-nspawn, …; None: not in one."""
    detected_by: tuple[str, ...] = ()
    """What gave it away, one observation each, source first."""
