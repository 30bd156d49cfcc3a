"""How the nodes' disk image is made: a minimal distribution with Xen, libvirt and Python bindings (mmdebstrap)."""

from __future__ import annotations

import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = Path(__file__).parent / "image_files"
PACKAGES = (
    "systemd-sysv", "udev", "dbus", "kmod", "linux-image-amd64", "xen-system-amd64", "xenstore-utils",
    "libvirt-daemon-system", "libvirt-daemon-driver-xen", "libvirt-daemon-driver-qemu", "libvirt-clients",
    "qemu-system-x86", "python3", "python3-libvirt", "python3-dbus", "python3-pyudev", "python3-ethtool",
    "python3-qpid-proton", "dmidecode", "ethtool", "iproute2", "pciutils", "numactl", "initramfs-tools", "zstd",
    "procps", "busybox-static", "cpio", "bridge-utils", "dnsmasq-base", "netbase", "facter",
)  # fmt: skip
# Under emulation each process costs a tenth of a second, so units that no fact needs are masked.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dev-mqueue.mount", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "kmod-static-nodes.service", "libvirt-guests.service", "logrotate.timer",
    "modprobe@.service", "proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount", "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount", "systemd-binfmt.service", "systemd-journal-flush.service", "systemd-logind.service",
    "systemd-networkd-wait-online.service", "systemd-random-seed.service",
    "systemd-remount-fs.service", "systemd-sysctl.service", "systemd-sysusers.service",
    "systemd-tmpfiles-setup-dev.service", "systemd-update-utmp.service", "xendomains.service",
)  # fmt: skip
# The first reads systemd.mask=, the other makes xen.service.
GENERATORS = ("systemd-debug-generator", "systemd-sysv-generator")
FINISH = (
    "echo 'XENCONSOLED_ARGS=--log=guest' >> $1/etc/default/xen",
    "echo node > $1/etc/hostname; mkdir -p $1/var/log/xen/console",
    "rm -f $1/etc/apt/apt.conf.d/99mmdebstrap $1/etc/machine-id; touch $1/etc/machine-id",
    "chroot $1 systemctl enable node-job.service",
    "chroot $1 /usr/lib/hostinfo-nodes/make-initrd",
    (
        "mkdir -p $1/etc/systemd/system-generators; for generator in $1/usr/lib/systemd/system-generators/*; do"
        f" case ${{generator##*/}} in {'|'.join(GENERATORS)}) ;;"
        " *) ln -s /dev/null $1/etc/systemd/system-generators/${generator##*/} ;; esac; done"
    ),
)
SIZE = 3 << 30


def recipe() -> tuple[object, ...]:
    """Return all that decides what is in the image, apart from FILES."""
    return PACKAGES, MASKED, FINISH, SIZE, _suite()


def build(folder: Path) -> None:
    """Make the folder of an image: disk, kernel, initial ramdisk and hypervisor."""
    folder.mkdir()
    scratch = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
    try:
        root = scratch / "root"
        _report(f"installing {len(PACKAGES)} packages of {_suite()} and their dependencies (once; about two minutes)")
        _bootstrap(root, scratch)
        _report("copying kernel, initial ramdisk and hypervisor")
        _copy_boot_files(root / "boot", folder)
        _report("writing the file system")
        _write_disk(root, folder / "root.img", scratch)
        _report("ready")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _suite() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "bookworm")


def _bootstrap(root: Path, scratch: Path) -> None:
    options = scratch / "apt.conf"
    settings = ["APT::Install-Recommends false;", "Acquire::Retries 3;", *_host_apt_options()]
    options.write_text("\n".join(settings) + "\n")
    mask = " ".join(f"$1/etc/systemd/system/{unit}" for unit in MASKED)
    finish = [f"for unit in {mask}; do ln -sf /dev/null $unit; done", *FINISH]
    _run(
        [
            # Its mounts and processes end with this process, however that ends.
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            "mmdebstrap", "--variant=minbase", "--dpkgopt=force-unsafe-io", "--format=directory", f"--aptopt={options}",
            f"--extract-hook=cp -r --no-preserve=ownership {FILES}/. $1/",
            *(f"--customize-hook={hook}" for hook in finish),
            f"--include={','.join(PACKAGES)}", _suite(), str(root), *_host_sources(),
        ],
        scratch,
    )  # fmt: skip


def _host_sources() -> list[str]:
    etc = Path("/etc/apt")
    listed = [
        etc / "sources.list",
        *sorted(etc.glob("sources.list.d/*.list")),
        *sorted(etc.glob("sources.list.d/*.sources")),
    ]
    return [str(path) for path in listed if path.is_file() and path.stat().st_size]


def _host_apt_options() -> list[str]:
    """Return how this host's apt reaches its sources: proxies, certificates, credentials."""
    dump = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    needed = re.compile(r'Acquire::(?!IndexTargets|cdrom|Languages)[\w:./-]+ "[^"]+";$')
    paths = ('Dir::Etc::netrc "/etc/apt/auth.conf";', 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";')
    return [*(line for line in dump.splitlines() if needed.match(line)), *paths]


def _copy_boot_files(boot: Path, ready: Path) -> None:
    for name, pattern in {"vmlinuz": "vmlinuz-*", "initrd.img": "node-initrd"}.items():
        shutil.copyfile(max(boot.glob(pattern)), ready / name)
    with gzip.open(max(boot.glob("xen-*-amd64.gz"))) as packed, (ready / "xen").open("wb") as plain:
        shutil.copyfileobj(packed, plain)


def _write_disk(root: Path, disk: Path, scratch: Path) -> None:
    with disk.open("wb") as file:
        file.truncate(SIZE)
    mkfs = which("mkfs.ext4") or "mkfs.ext4"
    _run([mkfs, "-q", "-L", "root", "-O", "^metadata_csum", "-d", str(root), str(disk)], scratch)
    with disk.open("rb") as file:
        os.fsync(file.fileno())  # a machine that loses power now must not find a whole folder with half a disk


def _run(command: list[str], scratch: Path) -> None:
    """Run a command with its output in a log; report the command's own headlines."""
    log = scratch / "log"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    with process, log.open("a") as kept:
        for line in process.stdout or ():
            kept.write(line)
            if line.startswith("I: ") and "-hook in shell" not in line:
                _report(line[3:].strip())
    if process.returncode:
        tail = "\n".join(log.read_text().splitlines()[-20:])
        raise RuntimeError(f"{command[0]}: exit status {process.returncode}\n{tail}")


def _report(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)
