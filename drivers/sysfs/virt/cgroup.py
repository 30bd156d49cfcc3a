"""Limits of the control groups that contain this process, versions 2 and 1.

Limits apply from the process' group up to the root of the mount; groups above that root are not visible.
Source: cgroups(7), proc_pid_mountinfo(5), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

from hostinfo.errors import ReadError
from hostinfo.model.domain import Limits

from ...sources import cpulist
from ...sources.tree import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ...sources.tree import Tree

    N = TypeVar("N", int, float)
    Limit = Callable[[Tree, str, bool], tuple[N | None, str]]
    """Reads one limit of a group (tree, directory, whether it is version 2): the limit and the name of its file."""

_DEPTH_LIMIT = 64  # nested groups; far fewer in practice
_NO_LIMIT = 1 << 60  # "no limit" of version 1 is LONG_MAX rounded down to a page


class Hierarchy:
    """The group of this process in one mounted hierarchy, and its ancestors."""

    __slots__ = ("groups", "is_v2")

    def __init__(self, groups: list[str], is_v2: bool) -> None:
        self.groups = groups
        """Directories, that of the process first."""
        self.is_v2 = is_v2


def read_limits(tree: Tree, online: int) -> tuple[Limits, dict[str, str]] | None:
    """Return the limits and the file of each; ``online`` is the set of online CPUs.

    None if the group of this process is unknown. ReadError: a limit cannot be read.
    """
    try:
        memberships = tree.text("proc/self/cgroup")
        mounts = tree.text("proc/self/mountinfo")
    except ReadError:
        return None
    found = parse_hierarchies(memberships, mounts)
    reader = _LimitReader(tree, found)
    limits = Limits(
        cpus=reader.lowest("cpus", "cpu", _quota),
        cpu_numbers=reader.cpu_numbers(online),
        memory_bytes=reader.lowest("memory_bytes", "memory", _memory),
        swap_bytes=reader.lowest("swap_bytes", "memory", _swap),
        processes=reader.lowest("processes", "pids", _processes),
    )
    return limits, reader.sources


def parse_hierarchies(memberships: str, mounts: str) -> dict[str, Hierarchy]:
    """Return the hierarchy per controller; "" is version 2, with the controllers that version 1 does not use."""
    paths: dict[str, str] = {}
    for line in memberships.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                paths[controller] = parts[2]
    found: dict[str, Hierarchy] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        mount, filesystem = before.split(" "), after.split(" ")
        if len(mount) < 5 or len(filesystem) < 3 or filesystem[0] not in ("cgroup", "cgroup2"):
            continue
        names = [""] if filesystem[0] == "cgroup2" else [name for name in filesystem[2].split(",") if name in paths]
        for name in names:
            if name in paths and name not in found:
                groups = _groups(_unescape(mount[3]), _unescape(mount[4]), paths[name])
                found[name] = Hierarchy(groups, is_v2=name == "")
    return found


def _groups(root: str, mount: str, path: str) -> list[str]:
    """Return the directories from the group up to the mount point; a group outside the mount counts as its root."""
    if root == "/":
        inner = path
    elif path == root or path.startswith(root + "/"):
        inner = path[len(root) :]
    else:
        inner = ""
    parts = [part for part in inner.split("/") if part]
    if ".." in parts:
        parts = []
    base = mount.strip("/")
    return ["/".join([base, *parts[:depth]]) for depth in range(min(len(parts), _DEPTH_LIMIT), -1, -1)]


def _unescape(text: str) -> str:
    """Decode the octal escapes of mountinfo: space, tab, newline and backslash."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text


class _LimitReader:
    def __init__(self, tree: Tree, hierarchies: dict[str, Hierarchy]) -> None:
        self.tree = tree
        self.hierarchies = hierarchies
        self.sources: dict[str, str] = {}

    def _hierarchy(self, controller: str) -> Hierarchy | None:
        return self.hierarchies.get(controller) or self.hierarchies.get("")

    def lowest(self, field: str, controller: str, read: Limit[N]) -> N | None:
        """Return the lowest limit from this group up to the root."""
        hierarchy = self._hierarchy(controller)
        lowest = None
        for group in hierarchy.groups if hierarchy else ():
            limit, name = read(self.tree, group, hierarchy is not None and hierarchy.is_v2)
            if limit is not None and (lowest is None or limit < lowest):
                lowest = limit
                self.sources[field] = source_of(f"{group}/{name}")
        return lowest

    def cpu_numbers(self, online: int) -> tuple[int, ...] | None:
        """Return the CPUs of the cpuset; None if it has all. The effective set includes the parents' limits."""
        hierarchy = self._hierarchy("cpuset")
        if hierarchy is None:
            return None
        names = ("cpuset.cpus.effective",) if hierarchy.is_v2 else ("cpuset.effective_cpus", "cpuset.cpus")
        for group in hierarchy.groups:
            for name in names:
                text = self.tree.attribute(f"{group}/{name}")
                if text is not None:
                    allowed = cpulist.parse_list(text, source_of(f"{group}/{name}"))
                    if not allowed or not online & ~allowed:
                        return None
                    self.sources["cpu_numbers"] = source_of(f"{group}/{name}")
                    return cpulist.members(allowed)
        return None


def _quota(tree: Tree, group: str, is_v2: bool) -> tuple[float | None, str]:
    if is_v2:
        words = (tree.attribute(f"{group}/cpu.max") or "").split()
        quota, period = (_parse_limit(words[0]), _parse_limit(words[1])) if len(words) == 2 else (None, None)
        name = "cpu.max"
    else:
        quota = tree.number(f"{group}/cpu.cfs_quota_us")
        period = tree.number(f"{group}/cpu.cfs_period_us") if quota else None
        name = "cpu.cfs_quota_us"
    return (quota / period if quota and period else None), name


def _memory(tree: Tree, group: str, is_v2: bool) -> tuple[int | None, str]:
    name = "memory.max" if is_v2 else "memory.limit_in_bytes"
    limit = _parse_limit(tree.attribute(f"{group}/{name}") or "")
    return (limit if limit is not None and limit < _NO_LIMIT else None), name


def _swap(tree: Tree, group: str, is_v2: bool) -> tuple[int | None, str]:
    if is_v2:
        return _parse_limit(tree.attribute(f"{group}/memory.swap.max") or ""), "memory.swap.max"
    name = "memory.memsw.limit_in_bytes"  # memory and swap together
    both = _parse_limit(tree.attribute(f"{group}/{name}") or "")
    memory, _ = _memory(tree, group, is_v2)
    if both is None or memory is None or both >= _NO_LIMIT:
        return None, name
    return max(both - memory, 0), name


def _processes(tree: Tree, group: str, _is_v2: bool) -> tuple[int | None, str]:
    return _parse_limit(tree.attribute(f"{group}/pids.max") or ""), "pids.max"


def _parse_limit(text: str) -> int | None:
    """Return the number; None for "max", a negative number or other text."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else None
