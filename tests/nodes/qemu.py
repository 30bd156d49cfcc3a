"""A shape as a QEMU command line, qemu(1)."""

import shlex
from pathlib import Path

from .image import Image
from .shape import Cpu, Shape

# They halve the time under emulation, and Xen's own mitigations hide flags that the hardware has.
XEN = "console=com1 com1=115200,8n1 loglvl=info xpti=no pv-l1tf=no spec-ctrl=no"
LIBVIRT_UNITS = (
    "libvirtd.service",
    "libvirtd.socket",
    "libvirtd-ro.socket",
    "libvirtd-admin.socket",
    "virtlogd.socket",
)


def command_line(shape: Shape, image: Image, share: Path, serial: Path, forward: str = "") -> list[str]:
    """The whole command line; nothing else decides what is true of the node. `forward`: to its first card."""
    disk = f"file={image.disk},if=virtio,format=raw,snapshot=on,cache=unsafe"
    disks = ["-drive", disk] * (2 if shape.guest else 1)  # the guest boots the same image
    return [
        "qemu-system-x86_64", "-machine", shape.machine, "-accel", "tcg,thread=multi", "-nodefaults",
        "-cpu", _cpu(shape.cpu), "-smp", _smp(shape.cpu), "-m", str(shape.memory_mib),
        *_numa(shape), *_smbios(shape), *_kernel(shape, image), *disks, *_nics(shape, forward),
        "-virtfs", f"local,path={share},mount_tag=host,security_model=none",
        "-display", "none", "-serial", f"file:{serial}", "-no-reboot", *shape.qemu,
    ]  # fmt: skip


def as_text(command: list[str]) -> str:
    return shlex.join(command)


def _cpu(cpu: Cpu) -> str:
    identity = {
        "vendor": cpu.vendor_id,
        "model-id": cpu.model_name,
        "family": cpu.family,
        "model": cpu.model,
        "stepping": cpu.stepping,
        "level": cpu.level,
    }
    return ",".join([cpu.qemu_model, *cpu.features, *(f"{key}={value}" for key, value in identity.items())])


def _smp(cpu: Cpu) -> str:
    return f"{cpu.total},sockets={cpu.sockets},cores={cpu.cores},threads={cpu.threads}"


def _numa(shape: Shape) -> list[str]:
    arguments = []
    for number, node in enumerate(shape.nodes):
        arguments += ["-object", f"memory-backend-ram,id=m{number},size={node.mib}M"]
        arguments += ["-numa", f"node,nodeid={number},memdev=m{number},cpus={node.cpus[0]}-{node.cpus[1]}"]
    for source, node in enumerate(shape.nodes):
        for target, value in enumerate(node.distances):
            arguments += ["-numa", f"dist,src={source},dst={target},val={value}"]
    return arguments


def _smbios(shape: Shape) -> list[str]:
    arguments = []
    for number, values in shape.smbios.items():
        arguments += ["-smbios", ",".join([f"type={number}", *(f"{key}={value}" for key, value in values.items())])]
    return arguments


def _kernel(shape: Shape, image: Image) -> list[str]:
    # No comma may stand in here: under Xen it would separate multiboot modules.
    linux = [
        "root=/dev/vda", "rw", "net.ifnames=0", "mitigations=off", "quiet", "systemd.unit=node.target",
        f"systemd.machine_id={shape.machine_id}", f"systemd.hostname={shape.hostname}",
    ]  # fmt: skip
    if shape.kind != "xen-dom0":
        linux.append("systemd.mask=xen.service")
    if shape.libvirt == "masked":
        linux += [f"systemd.mask={unit}" for unit in LIBVIRT_UNITS]
    if shape.dom0 is None:
        return [
            "-kernel",
            str(image.kernel),
            "-append",
            " ".join([*linux, "console=ttyS0"]),
            "-initrd",
            str(image.initrd),
        ]
    given = f"dom0_mem={shape.dom0.mib}M,max:{shape.dom0.mib}M dom0_max_vcpus={shape.dom0.cpus}"
    modules = f"{image.kernel} {' '.join([*linux, 'console=hvc0'])},{image.initrd}"
    return ["-kernel", str(image.xen), "-append", f"{given} {XEN}", "-initrd", modules]


def _nics(shape: Shape, forward: str) -> list[str]:
    arguments = []
    for number, nic in enumerate(shape.nics):
        arguments += [
            "-netdev",
            f"user,id=n{number},restrict=on" + (f",hostfwd={forward}" if forward and number == 0 else ""),
            "-device",
            f"{nic.device},netdev=n{number},mac={nic.mac}",
        ]
    return arguments
