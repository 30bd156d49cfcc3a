"""The role of this kernel on the machine, and the hypervisor and container that are involved."""

from __future__ import annotations

from enum import StrEnum

from hostinfo.record import record


class Role(StrEnum):
    """Role of the running kernel on the machine."""

    BARE_METAL = "bare-metal"
    KVM_HOST = "kvm-host"
    XEN_DOM0 = "xen-dom0"
    XEN_DOMU = "xen-domu"
    GUEST = "guest"


@record
class Hypervisor:
    """Role of this kernel on the machine, and the hypervisor that is involved."""

    role: Role | None = None
    """Role of the running kernel; None: nothing proves it. kvm-host: KVM is available, even if this is a guest itself
    (``guest_of`` names its hypervisor). A cloud's virtual machine with KVM is a guest, unless libvirt runs QEMU."""
    type: str | None = None
    """Hypervisor that runs guests here: xen, kvm; None: this machine runs no guests."""
    can_host_guests: bool | None = None
    """True: KVM or Xen is available, so that guests can be started here, whether or not there are any; False: this
    kernel has neither; None: unknown."""
    version: str | None = None
    """Version of that hypervisor, such as 4.17.7; for KVM the kernel release;
    None: no guests run here, or it is not reported."""
    guest_of: str | None = None
    """Hypervisor whose guest this kernel is: kvm, qemu, xen, vmware, microsoft, oracle, zvm, powervm, …
    (names of systemd-detect-virt(1)); None: none was detected."""
    is_virtual_machine: bool | None = None
    """True: cpu, memory and numa describe the virtual machine that ``guest_of`` presents, because the physical one is
    not visible from inside; False: they describe hardware. Proof is x86's hypervisor flag, the virtual machine bit of
    SMBIOS, or a hypervisor's node, device or own name; on x86, a cloud's name proves nothing. None: nothing proves
    either, for example on ARM if SMBIOS is not readable."""
    container: str | None = None
    """Container manager of this process, the nearest if there are several: docker, podman, lxc, systemd-nspawn, …;
    None: not in a container."""
    detected_by: tuple[str, ...] = ()
    """Evidence, one observation per entry, source first."""
