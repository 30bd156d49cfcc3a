"""A shape as a QEMU command line, qemu(1), and the process that runs it."""

from __future__ import annotations

import atexit
import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .image import Image
    from .shape import Cpu, Shape

# These halve the time under emulation. Xen's mitigations also hide CPU flags that the hardware has.
XEN_OPTIONS = "console=com1 com1=115200,8n1 loglvl=info xpti=no pv-l1tf=no spec-ctrl=no"
LIBVIRT_UNITS = (
    "libvirtd.service",
    "libvirtd.socket",
    "libvirtd-ro.socket",
    "libvirtd-admin.socket",
    "virtlogd.socket",
)


def command_line(shape: Shape, image: Image, share: Path, serial: Path, forward: str = "") -> list[str]:
    """Return the whole command line: nothing else decides the node's hardware. `forward` is a port of the first NIC."""
    disk = f"file={image.disk},if=virtio,format=raw,snapshot=on,cache=unsafe"
    disks = ["-drive", disk] * (2 if shape.guest else 1)  # the guest boots the same image
    return [
        "qemu-system-x86_64", "-machine", shape.machine, "-accel", "tcg,thread=multi", "-nodefaults",
        "-cpu", _cpu(shape.cpu), "-smp", _smp(shape.cpu), "-m", str(shape.memory_mib),
        *_numa(shape), *_smbios(shape), *_kernel(shape, image), *disks, *_nics(shape, forward),
        "-virtfs", f"local,path={share},mount_tag=host,security_model=none",
        "-display", "none", "-serial", f"file:{serial}", "-no-reboot", *shape.qemu,
    ]  # fmt: skip


def to_text(command: list[str]) -> str:
    return shlex.join(command)


class QemuProcess:
    """A QEMU process that ends with its context, and with the thread and process that started it."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command, self._log = command, log

    def __enter__(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # setpriv(1) instead of preexec_fn: that one is unsafe where other threads run.
                ["setpriv", "--pdeathsig", "KILL", *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        atexit.register(self._kill)
        return self._process

    def __exit__(self, *_: object) -> None:
        self._kill()
        atexit.unregister(self._kill)

    def _kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


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
    # No comma here: under Xen it would separate multiboot modules.
    linux = [
        "root=/dev/vda", "rw", "net.ifnames=0", "mitigations=off", "quiet", "systemd.unit=node.target",
        f"systemd.machine_id={shape.machine_id}", f"systemd.hostname={shape.hostname}",
    ]  # fmt: skip
    if shape.kind != "xen-dom0":
        linux.append("systemd.mask=xen.service")
    if shape.kind == "bare":
        linux.append("modprobe.blacklist=qemu_fw_cfg")  # real hardware has no such device
    if shape.libvirt == "masked":
        linux += [f"systemd.mask={unit}" for unit in LIBVIRT_UNITS]
    if shape.dom0 is None:
        options = " ".join([*linux, "console=ttyS0"])
        return ["-kernel", str(image.kernel), "-append", options, "-initrd", str(image.initrd)]
    share = f"dom0_mem={shape.dom0.mib}M,max:{shape.dom0.mib}M dom0_max_vcpus={shape.dom0.cpus}"
    modules = f"{image.kernel} {' '.join([*linux, 'console=hvc0'])},{image.initrd}"
    return ["-kernel", str(image.xen), "-append", f"{share} {XEN_OPTIONS}", "-initrd", modules]


def _nics(shape: Shape, forward: str) -> list[str]:
    arguments = []
    for number, nic in enumerate(shape.nics):
        forwarded = f",hostfwd={forward}" if forward and number == 0 else ""
        arguments += ["-netdev", f"user,id=n{number},restrict=on{forwarded}"]
        arguments += ["-device", f"{nic.device},netdev=n{number},mac={nic.mac}"]
    return arguments
