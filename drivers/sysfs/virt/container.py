"""The container manager around this process: the Container Interface's files and what managers leave beside them.

Source: systemd's "Container Interface" (container=, /run/host, /run/systemd/container), /.dockerenv,
/run/.containerenv, proc_pid_cgroup(5), proc_pid_mountinfo(5).
"""

from hostinfo.errors import ReadError

from ...sources.tree import Tree

_FIRST_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO, the same on every kernel since 3.8
_LAYERED = frozenset({"overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs"})
_FILES = (("run/.containerenv", "podman"), (".dockerenv", "docker"))  # podman makes both
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
"""The manager's word, the source, what was seen."""


def find_container(tree: Tree) -> Found | None:
    """The container manager; None where nothing shows one."""
    return _by_kernel(tree) or _by_interface(tree) or _by_file(tree) or _by_cgroup(tree) or _by_layers(tree)


def _by_kernel(tree: Tree) -> Found | None:
    if tree.is_dir("proc/vz") and not tree.is_dir("proc/bc"):
        return "openvz", "/proc/vz", "there, and no /proc/bc"
    release = _text(tree, "proc/sys/kernel/osrelease")
    if "Microsoft" in release or "WSL" in release:
        return "wsl", "/proc/sys/kernel/osrelease", release
    return None


def _by_interface(tree: Tree) -> Found | None:
    """What a manager says of itself, in files or in the first process' environment (readable by root)."""
    for path in ("run/host/container-manager", "run/systemd/container"):
        manager = _word(_text(tree, path))
        if manager:
            return manager, f"/{path}", manager
    for setting in _text(tree, "proc/1/environ").split("\0"):
        if setting.startswith("container="):
            manager = _word(setting.partition("=")[2])
            if manager:
                return manager, "/proc/1/environ", setting
    return None


def _word(manager: str) -> str | None:
    """The manager's name; "oci" is a format, not a manager: the files tell more."""
    manager = manager.strip()
    if manager in ("", "oci"):
        return None
    return manager if manager.isascii() and manager.replace("-", "").isalnum() else "container-other"


def _by_file(tree: Tree) -> Found | None:
    for path, manager in _FILES:
        if tree.exists(path) and not _is_left_by_an_image(tree):
            return manager, f"/{path}", "there"
    if tree.is_dir("dev/lxd"):
        return "lxc", "/dev/lxd", "there"
    return None


def _is_left_by_an_image(tree: Tree) -> bool:
    """A machine booted from a container's image has its files, but no namespace of its own and a disk as its root."""
    if tree.link("proc/self/ns/pid") != _FIRST_PID_NAMESPACE:
        return False
    kind, device, _ = _root_mount(tree)
    return device.startswith("/dev/") and kind not in _LAYERED


def _by_cgroup(tree: Tree) -> Found | None:
    for path in ("proc/self/cgroup", "proc/1/cgroup"):
        for line in _text(tree, path).splitlines():
            for part, manager in _CGROUPS:
                if part in line:
                    return manager, f"/{path}", line[:200]
    return None


def _by_layers(tree: Tree) -> Found | None:
    kind, _, options = _root_mount(tree)
    if kind in _LAYERED:
        for part, manager in _LAYERS:
            if part in options:
                return manager, "/proc/self/mountinfo", f"{kind} root with a layer under {part.strip('/')}"
    return None


def _root_mount(tree: Tree) -> tuple[str, str, str]:
    """File system, device and options of the last mount on /; empty texts where it can't be told."""
    found = ("", "", "")
    for line in _text(tree, "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        where, what = before.split(" "), after.split(" ")
        if len(where) > 4 and where[4] == "/" and len(what) > 2:
            found = (what[0], what[1], what[2])
    return found


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path).strip("\r\n\t ")
    except ReadError:
        return ""
