"""SMBIOS structures one by one: /sys/firmware/dmi/entries/TYPE-INSTANCE/raw (drivers/firmware/dmi-sysfs.c).

For trees and kernels without /sys/firmware/dmi/tables (before Linux 4.2). The version of the table is unknown there.
"""

from __future__ import annotations

from .tables import Tables
from .walk import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tree import Tree
    from .walk import Structure

_ENTRIES = "sys/firmware/dmi/entries"
_TYPES = (0, 1, 2, 3, 4, 7, 16, 17)  # those that are decoded
_LIMIT = 64 * 1024


def read_entries(tree: Tree) -> Tables | None:
    """Return the structures that are decoded; None if there are none. ReadError: they are not readable."""
    found: list[tuple[int, int]] = []
    for name in tree.names(_ENTRIES):
        kind, dash, index = name.partition("-")
        if dash and kind.isdecimal() and index.isdecimal() and len(name) < 12 and int(kind) in _TYPES:
            found.append((int(kind), int(index)))
    structures: list[Structure] = []
    problems = []
    known = set(found)
    for number, instance in sorted(found):
        if instance and (number, instance - 1) not in known:
            problems.append(f"no entry {number}-{instance - 1}")
        parsed, _ = walk(tree.data(f"{_ENTRIES}/{number}-{instance}/raw", _LIMIT), None)
        if not parsed:
            problems.append(f"entry {number}-{instance} is truncated")
        structures += parsed[:1]
    if not found:
        return None
    source = f"/{_ENTRIES}/*/raw"
    return Tables(structures, None, tuple(problems), is_complete=not problems, source=source)
