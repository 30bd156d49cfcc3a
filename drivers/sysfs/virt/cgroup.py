"""Limits of the control groups that contain this process, versions 2 and 1.

Limits apply from the process' group up to the root of the hierarchy. A mount of a part of it, or a cgroup namespace,
hides the groups above, which may have limits too, as those of a Kubernetes pod. A mount whose root lies outside the
cgroup namespace (``/..`` in mountinfo), or in another branch, does not show the process' group.
Source: cgroups(7), proc_pid_mountinfo(5), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

from hostinfo.model.domain import Limits

from ...sources import cpulist
from ...sources.tree import source_of
from .namespaces import FIRST_CGROUP_NAMESPACE, FIRST_PID_NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ...sources.tree import Tree

    N = TypeVar("N", int, float)
    Limit = Callable[[Tree, str, bool], tuple[N | None, str]]
    """Reads one limit of a group (tree, directory, whether it is version 2): the limit and the name of its file."""

_DEPTH_LIMIT = 64  # nested groups; far fewer in practice
_WITHHOLDING = ("cpu", "cpuset", "memory")
"""Controllers whose limits withhold a part of the machine."""
_NO_LIMIT = 1 << 60  # "no limit" of version 1 is LONG_MAX rounded down to a page


class Hierarchy:
    """The group of this process in one mounted hierarchy, and its ancestors."""

    __slots__ = ("groups", "is_hidden", "is_part", "is_v2")

    def __init__(self, groups: list[str], is_v2: bool, is_hidden: bool = False, is_part: bool = False) -> None:
        self.groups = groups
        """Directories, that of the process first; if that is hidden, an ancestor or none."""
        self.is_v2 = is_v2
        self.is_hidden = is_hidden
        """Whether the mount does not show the process' group."""
        self.is_part = is_part
        """Whether the mount shows a part of the hierarchy only, so that the limits of the groups above are unknown."""


class GroupLimits:
    """The limits that are visible, and why others may exist."""

    __slots__ = ("hidden", "limits", "sources", "withholds")

    def __init__(self, limits: Limits, sources: dict[str, str], hidden: str, *, withholds: bool) -> None:
        self.limits = limits
        self.withholds = withholds
        """Whether a limit withholds CPUs or memory; not one of the process' own system service (systemd.service(5))."""
        self.sources = sources
        """The file of each limit."""
        self.hidden = hidden
        """Why the limits of this process may not be visible; empty: all are."""


def read_limits(tree: Tree, online: int) -> GroupLimits:
    """Return the limits; ``online`` is the set of online CPUs. ReadError: a file cannot be read."""
    memberships = tree.text("proc/self/cgroup")
    found = parse_hierarchies(memberships, tree.text("proc/self/mountinfo"))
    reader = _LimitReader(tree, found)
    limits = reader.limits(online)
    above = _above_own_service(tree, found)
    others = limits if above is found else _LimitReader(tree, above).limits(online)
    withholds = (others.cpus, others.cpu_numbers, others.memory_bytes) != (None, None, None)
    hidden = _hidden_reason(tree, parse_memberships(memberships), found)
    return GroupLimits(limits, reader.sources, hidden, withholds=withholds)


def _above_own_service(tree: Tree, found: dict[str, Hierarchy]) -> dict[str, Hierarchy]:
    """Return the groups whose limits apply to more than this process' service: without the group that systemd made.

    In another PID namespace, it may be the service that runs a container: nothing is left out.
    """
    own = [hierarchy for hierarchy in found.values() if hierarchy.groups and hierarchy.groups[0].endswith(".service")]
    if not own or tree.link("proc/self/ns/pid") != FIRST_PID_NAMESPACE:
        return found
    return {
        name: Hierarchy(hierarchy.groups[1:], hierarchy.is_v2) if hierarchy in own else hierarchy
        for name, hierarchy in found.items()
    }


def _hidden_reason(tree: Tree, paths: dict[str, str], found: dict[str, Hierarchy]) -> str:
    for controller in _WITHHOLDING:
        path = paths.get(controller, paths.get(""))
        hierarchy = found.get(controller) or found.get("")
        if path is None:  # the kernel has no such controller
            continue
        if hierarchy is None:
            if path != "/" or tree.link("proc/self/ns/cgroup") != FIRST_CGROUP_NAMESPACE:
                return f"the control group {path[:200]} of this process is not mounted ({controller})"
        elif hierarchy.is_hidden:
            return f"the mounted control groups do not show that of this process, {path[:200]} ({controller})"
        elif hierarchy.is_part or _is_below_namespace(tree, hierarchy):
            return f"control groups above the visible ones may have limits too ({controller})"
    return ""


def _is_below_namespace(tree: Tree, hierarchy: Hierarchy) -> bool:
    """Whether the root of the mount is a group of the machine's hierarchy, seen as "/" in a cgroup namespace."""
    if tree.link("proc/self/ns/cgroup") not in (None, FIRST_CGROUP_NAMESPACE):
        return True
    # the root of version 2 has no type
    return hierarchy.is_v2 and tree.exists(f"{hierarchy.groups[-1]}/cgroup.type")


def parse_memberships(text: str) -> dict[str, str]:
    """Return the path of the process' group per controller; "" is version 2."""
    paths: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                paths[controller] = parts[2]
    return paths


def parse_hierarchies(memberships: str, mounts: str) -> dict[str, Hierarchy]:
    """Return the hierarchy per controller; "" is version 2, with the controllers that version 1 does not use."""
    paths = parse_memberships(memberships)
    found: dict[str, Hierarchy] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        mount, filesystem = before.split(" "), after.split(" ")
        if len(mount) < 5 or len(filesystem) < 3 or filesystem[0] not in ("cgroup", "cgroup2"):
            continue
        names = [""] if filesystem[0] == "cgroup2" else [name for name in filesystem[2].split(",") if name in paths]
        for name in names:
            if name in paths and (name not in found or found[name].is_hidden):
                found[name] = _hierarchy(_unescape(mount[3]), _unescape(mount[4]), paths[name], is_v2=name == "")
    return found


def _hierarchy(root: str, mount: str, path: str, *, is_v2: bool) -> Hierarchy:
    """Return the directories from the group up to the mount point.

    A root of ``/..`` is an ancestor of all groups in this namespace: its limits apply too.
    """
    base = mount.strip("/")
    is_part = root != "/"
    if not is_part:
        inner = path
    elif path == root or path.startswith(root + "/"):
        inner = path[len(root) :]
    else:
        return Hierarchy([base] if root.startswith("/..") else [], is_v2, is_hidden=True)
    parts = [part for part in inner.split("/") if part]
    if ".." in parts:
        return Hierarchy([], is_v2, is_hidden=True)
    groups = ["/".join([base, *parts[:depth]]) for depth in range(min(len(parts), _DEPTH_LIMIT), -1, -1)]
    return Hierarchy(groups, is_v2, is_part=is_part)


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

    def limits(self, online: int) -> Limits:
        return Limits(
            cpus=self.lowest("cpus", "cpu", _quota),
            cpu_numbers=self.cpu_numbers(online),
            memory_bytes=self.lowest("memory_bytes", "memory", _memory),
            swap_bytes=self.lowest("swap_bytes", "memory", _swap),
            processes=self.lowest("processes", "pids", _processes),
        )

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
