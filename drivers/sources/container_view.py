"""Which files of /proc and /sys a filter makes: lxcfs shows a container its own share instead of the machine.

Source: proc_pid_mountinfo(5); lxcfs(1) and lxc's mount hook, which mount /proc/{cpuinfo,meminfo,stat,uptime,loadavg,
diskstats,swaps,slabinfo,pressure/*} and /sys/devices/system/cpu or its ``online``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tree import Tree

_LXCFS = "fuse.lxcfs"
_KERNEL = frozenset({
    "proc", "sysfs", "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "efivarfs", "fusectl",
    "hugetlbfs", "mqueue", "nfsd", "pstore", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "tracefs", "xenfs",
})  # fmt: skip
"""File systems under /proc and /sys that the kernel provides."""
_MASKS = frozenset({"tmpfs", "devtmpfs", "devfs"})
_MASK_ROOTS = frozenset({"/", "/null"})
"""What container runtimes mount to hide a file or directory: an empty file system, /dev/null."""
_GVISOR = "#1 SMP Sun Jan 10 15:06:54 PST 2016"
"""What gVisor reports as the build of its kernel, in every release: pkg/sentry/syscalls/linux of its source."""
REASON = "a filter such as lxcfs shows the share of this container there, and not the machine"


class ContainerView:
    """The mounts of one process, by what they say about /proc and /sys. All other files are the machine's.

    A filter is lxcfs, another file system in user space, or a file of a disk that is mounted over the kernel's.
    """

    __slots__ = ("_mounts", "lxcfs_files")

    def __init__(self, mountinfo: str) -> None:
        self._mounts = _parse_mounts(mountinfo)
        self.lxcfs_files = tuple(sorted(path for path, kind in self._mounts.items() if kind == _LXCFS))
        """Mount points under /proc and /sys that lxcfs provides."""

    def covers(self, path: str) -> bool:
        """Return whether this file (without a leading slash) shows the container's share."""
        where = "/" + path if self._mounts else ""
        while where:
            if where in self._mounts:
                return self._mounts[where] != ""
            where = where.rpartition("/")[0]
        return False


def read_container_view(tree: Tree) -> ContainerView:
    """Return the view of this process; without /proc/self/mountinfo, no file is filtered."""
    return ContainerView(tree.try_text("proc/self/mountinfo"))


def is_gvisor(tree: Tree) -> bool:
    """Return whether gVisor's kernel in user space makes all of /proc and /sys."""
    return _GVISOR in tree.try_text("proc/version")


def _parse_mounts(mountinfo: str) -> dict[str, str]:
    """Return the filter by mount point under /proc and /sys, "" for the kernel; the last mount hides earlier ones."""
    found: dict[str, str] = {}
    for line in mountinfo.split("\n"):
        before, _, after = line.partition(" - ")
        words = before.split(" ")
        if len(words) > 4 and words[4].startswith(("/proc", "/sys")):
            kind = after.partition(" ")[0]
            is_mask = kind in _MASKS and words[3] in _MASK_ROOTS
            found[words[4]] = "" if kind in _KERNEL or is_mask else kind
    return found if any(found.values()) else {}
