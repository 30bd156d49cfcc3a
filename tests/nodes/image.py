"""The disk image that every node boots: a minimal distribution with Xen, libvirt and bindings, built once."""

import fcntl
import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BAKED = Path(__file__).parent / "image_files"
PACKAGES = (
    "systemd-sysv", "udev", "dbus", "kmod", "linux-image-amd64", "xen-system-amd64", "xenstore-utils",
    "libvirt-daemon-system", "libvirt-daemon-driver-xen", "libvirt-daemon-driver-qemu", "libvirt-clients",
    "qemu-system-x86", "python3", "python3-libvirt", "python3-dbus", "python3-pyudev", "python3-ethtool",
    "python3-qpid-proton", "dmidecode", "ethtool", "iproute2", "pciutils", "numactl", "initramfs-tools", "zstd",
    "procps", "busybox-static", "cpio", "bridge-utils", "dnsmasq-base", "netbase", "facter",
)  # fmt: skip
# Under emulation a process costs a tenth of a second, so that what no fact needs is not started.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dev-mqueue.mount", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "kmod-static-nodes.service", "libvirt-guests.service", "logrotate.timer",
    "modprobe@.service", "proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount", "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount", "systemd-binfmt.service", "systemd-journal-flush.service", "systemd-logind.service",
    "systemd-networkd-wait-online.service", "systemd-random-seed.service",
    "systemd-remount-fs.service", "systemd-sysctl.service", "systemd-sysusers.service",
    "systemd-tmpfiles-setup-dev.service", "systemd-update-utmp.service", "xendomains.service",
)  # fmt: skip
# systemd.mask= is read by one, xen.service made by the other.
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
TOOLS = {
    "unshare": "util-linux",
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "qemu-system-x86_64": "qemu-system-x86",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a boot needs of the image, all in one folder of the cache."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "root.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def xen(self) -> Path:
        return self.folder / "xen"


def missing() -> str:
    """What keeps this machine from building and booting nodes, and how to get it; empty when nothing does."""
    lacking = [package for tool, package in TOOLS.items() if _which(tool) is None]
    if platform.machine() != "x86_64":
        return f"the nodes are x86_64 machines, this one is {platform.machine()}"
    if lacking:
        return f"missing tools: apt-get install {' '.join(lacking)}"
    if os.geteuid() != 0 and not image_folder().exists():
        return "building the image needs root: run the tests once as root, or with sudo"
    return ""


def cached_image() -> Image:
    """The image for this package list and these baked files; first built where the cache lacks it (two minutes)."""
    folder = image_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / "lock"):
        if not folder.exists():
            _build(folder)
            for other in folder.parent.glob("image-*"):
                if other != folder:
                    shutil.rmtree(other)
    return Image(folder=folder)


def image_folder() -> Path:
    return cache_folder() / f"image-{_key()}"


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hostinfo" / "nodes"


def _which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _key() -> str:
    digest = hashlib.sha256(repr((PACKAGES, MASKED, FINISH, SIZE, _suite())).encode())
    for source in sorted(path for path in BAKED.rglob("*") if path.is_file()):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _suite() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "bookworm")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        root, ready = scratch / "root", scratch / "ready"
        ready.mkdir()
        _say(f"installing {len(PACKAGES)} packages of {_suite()} and what they need (once; about two minutes)")
        _bootstrap(root, scratch)
        _say("copying kernel, initial ramdisk and hypervisor out")
        _copy_boot_files(root / "boot", ready)
        _say("writing the file system")
        with (ready / "root.img").open("wb") as disk:
            disk.truncate(SIZE)
        mkfs = _which("mkfs.ext4") or "mkfs.ext4"
        _run([mkfs, "-q", "-L", "root", "-O", "^metadata_csum", "-d", str(root), str(ready / "root.img")], scratch)
        ready.rename(folder)
        _say(f"ready: {folder}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _bootstrap(root: Path, scratch: Path) -> None:
    options = scratch / "apt.conf"
    options.write_text("\n".join(["APT::Install-Recommends false;", *_host_apt_options()]) + "\n")
    mask = " ".join(f"$1/etc/systemd/system/{unit}" for unit in MASKED)
    finish = [f"for unit in {mask}; do ln -sf /dev/null $unit; done", *FINISH]
    _run(
        [
            # Its mounts and its processes end with this process, whatever ends it.
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            "mmdebstrap", "--variant=minbase", "--dpkgopt=force-unsafe-io", "--format=directory", f"--aptopt={options}",
            f"--extract-hook=cp -r --no-preserve=ownership {BAKED}/. $1/",
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
    """How this host's apt reaches its sources: proxies, certificates, credentials."""
    dump = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    wanted = re.compile(r'Acquire::(?!IndexTargets|cdrom|Languages)[\w:./-]+ "[^"]+";$')
    paths = ('Dir::Etc::netrc "/etc/apt/auth.conf";', 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";')
    return [*(line for line in dump.splitlines() if wanted.match(line)), *paths]


def _copy_boot_files(boot: Path, ready: Path) -> None:
    for name, pattern in {"vmlinuz": "vmlinuz-*", "initrd.img": "node-initrd"}.items():
        shutil.copyfile(max(boot.glob(pattern)), ready / name)
    with gzip.open(max(boot.glob("xen-*-amd64.gz"))) as packed, (ready / "xen").open("wb") as plain:
        shutil.copyfileobj(packed, plain)


def _run(command: list[str], scratch: Path) -> None:
    """Run a step with its output in a log, telling its own headlines on the way."""
    log = scratch / "log"
    step = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    with step, log.open("a") as kept:
        for line in step.stdout or ():
            kept.write(line)
            if line.startswith("I: ") and "-hook in shell" not in line:
                _say(line[3:].strip())
    if step.returncode:
        raise RuntimeError(
            f"{command[0]}: exit status {step.returncode}\n" + "\n".join(log.read_text().splitlines()[-20:])
        )


def _say(text: str) -> None:
    print(f"image: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(missing() or cached_image().folder)
