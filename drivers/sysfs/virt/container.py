"""Detect the container manager that runs this process.

Source: systemd's "Container Interface" (container=, /run/host, /run/systemd/container), /.dockerenv,
/run/.containerenv, proc_pid_cgroup(5), proc_pid_mountinfo(5).
"""

from ...sources.container_view import is_gvisor, read_container_view
from ...sources.tree import Tree, source_of
from .namespaces import FIRST_PID_NAMESPACE

_LAYERED = frozenset({"overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"})
_FILES = (("run/.containerenv", "podman"), (".dockerenv", "docker"))  # podman creates both
_CGROUPS = (
    ("/libpod-", "podman"),
    ("/docker-", "docker"),
    ("/docker/", "docker"),
    ("/cri-containerd-", "containerd"),
    ("/crio-", "cri-o"),
    ("/lxc.payload", "lxc"),
    ("/lxc/", "lxc"),
    ("/kubepods", "kubernetes"),
)
_LAYERS = (
    ("/docker/overlay2/", "docker"),
    ("/containers/storage/overlay", "podman"),
    ("io.containerd.snapshotter", "containerd"),
)

Found = tuple[str, str, str]
"""Name of the manager, source, evidence."""


def find_container(tree: Tree) -> Found | None:
    """Return the container manager; None without evidence of one.

    The nearest manager is first. The kernel is last: it is the same for containers inside WSL and OpenVZ.
    """
    for find in (_by_interface, _by_file, _by_cgroup, _by_layers, _by_mounts, _by_kernel):
        found = find(tree)
        if found is not None:
            return found
    return None


def _by_kernel(tree: Tree) -> Found | None:
    if is_gvisor(tree):
        return "gvisor", "/proc/version", tree.try_text("proc/version")
    if tree.is_dir("proc/vz") and not tree.is_dir("proc/bc"):
        return "openvz", "/proc/vz", "exists, and no /proc/bc"
    release = tree.try_text("proc/sys/kernel/osrelease")
    if "Microsoft" in release or "WSL" in release:
        return "wsl", "/proc/sys/kernel/osrelease", release
    return None


def _by_interface(tree: Tree) -> Found | None:
    """Look for the name that the manager sets in files, or in the environment of PID 1 (readable by root)."""
    for path in ("run/host/container-manager", "run/systemd/container"):
        manager = _manager_name(tree.try_text(path))
        if manager:
            return manager, source_of(path), manager
    for setting in tree.try_text("proc/1/environ").split("\0"):
        if setting.startswith("container="):
            manager = _manager_name(setting.partition("=")[2])
            if manager:
                return manager, "/proc/1/environ", setting
    return None


def _manager_name(manager: str) -> str | None:
    """Return a valid name; None for "oci": it is a format, not a manager, and the other files have the name."""
    manager = manager.strip()
    if manager in ("", "oci"):
        return None
    return manager if manager.isascii() and manager.replace("-", "").isalnum() else "container-other"


def _by_file(tree: Tree) -> Found | None:
    for path, manager in _FILES:
        if tree.exists(path) and not _is_booted_image(tree):
            return manager, source_of(path), "exists"
    return None


def _by_mounts(tree: Tree) -> Found | None:
    """Look for what LXD and Incus mount into their containers, and for files that lxcfs provides."""
    for path in ("dev/incus", "dev/lxd"):
        if tree.is_dir(path):
            return "lxc", source_of(path), "exists"
    files = read_container_view(tree).lxcfs_files
    return ("lxc", "/proc/self/mountinfo", f"lxcfs provides {files[0]}") if files else None


def _is_booted_image(tree: Tree) -> bool:
    """Return whether this is a machine booted from a container image: initial PID namespace, root on a disk."""
    if tree.link("proc/self/ns/pid") != FIRST_PID_NAMESPACE:
        return False
    kind, device, _ = _root_mount(tree)
    return device.startswith("/dev/") and kind not in _LAYERED


def _by_cgroup(tree: Tree) -> Found | None:
    for path in ("proc/self/cgroup", "proc/1/cgroup"):
        for line in tree.try_text(path).splitlines():
            for part, manager in _CGROUPS:
                if part in line:
                    return manager, source_of(path), line[:200]
    return None


def _by_layers(tree: Tree) -> Found | None:
    kind, _, options = _root_mount(tree)
    if kind in _LAYERED:
        for part, manager in _LAYERS:
            if part in options:
                return manager, "/proc/self/mountinfo", f"{kind} root with a layer under {part.strip('/')}"
    return None


def _root_mount(tree: Tree) -> tuple[str, str, str]:
    """Return file system type, device and options of the last mount on /; empty strings if unknown."""
    found = ("", "", "")
    for line in tree.try_text("proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        where, what = before.split(" "), after.split(" ")
        if len(where) > 4 and where[4] == "/" and len(what) > 2:
            found = (what[0], what[1], what[2])
    return found
