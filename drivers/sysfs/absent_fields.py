"""The reason for each absent field: its files are not there, or not mounted, as in some containers, or have no value.

Each module that reads a group lists in ``FILES`` the fields that a whole machine has, and the files they come from.
"""

from __future__ import annotations

from hostinfo.errors import ReadError, Unsupported
from hostinfo.fact import Problem
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.tree import Tree

    Files = Mapping[str, tuple[str, ...]]
    """Paths by field, the preferred one first; "proc" or "sys" alone if a machine may have no value for the field."""


_ALWAYS_THERE = {"proc": "proc/self", "sys": "sys/devices"}


def add_reasons(result: GroupResult[Any], files: Files, tree: Tree, fields: RequestedFields) -> GroupResult[Any]:
    """Return the result with a reason for each requested field that is absent and has none."""
    value = result.value
    absent = [name for name in files if getattr(value, name) in (None, (), {}) and (fields is None or name in fields)]
    if not absent:
        return result
    known = {problem.path.partition(".")[0].partition("[")[0] for problem in result.problems}
    problems = list(result.problems)
    for name in absent:
        if name in known or "" in known:
            continue
        error = _reason(tree, files[name], is_empty=getattr(value, name) is not None)
        if error is not None:
            problems.append(Problem(path=name, error=error, driver="sysfs"))
    return replace(result, problems=tuple(problems))


def _reason(tree: Tree, paths: tuple[str, ...], *, is_empty: bool) -> Unsupported | None:
    """Return why these paths do not provide a field; None: they do, and this machine has none of it."""
    for path in paths:
        mount, _, rest = path.partition("/")
        if mount in _ALWAYS_THERE and not _is_mounted(tree, mount):
            return Unsupported(f"/{mount}", "is not mounted")
        if rest and tree.exists(path):
            return None if is_empty else Unsupported(f"/{path}", "has no value for it")
    files = [f"/{path}" for path in paths if "/" in path]
    if not files:
        return None
    why = ("does not exist", "neither exists")[len(files) - 1] if len(files) < 3 else "none of them exists"
    return Unsupported(", ".join(files), why)


def _is_mounted(tree: Tree, name: str) -> bool:
    if tree.is_dir(_ALWAYS_THERE[name]):
        return True
    try:
        return bool(tree.names(name))  # in a tree of a few files
    except ReadError:  # there, but not readable: the files' own errors say so
        return True
