"""The reason for absent fields where /proc or /sys is not mounted, as in some containers and chroots."""

from __future__ import annotations

from hostinfo.errors import ReadError, Unsupported
from hostinfo.fact import Problem
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.tree import Tree

_FIRMWARE = (
    "hardware_uuid", "manufacturer", "product", "version", "serial", "sku", "family", "board", "chassis", "bios",
)  # fmt: skip
FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "system": {"proc": ("hostname", "boot_id", "architecture", "kernel_release"), "sys": _FIRMWARE},
    "hypervisor": {
        "proc": ("role", "type", "version", "guest_of", "is_virtual_machine", "container"),
        "sys": ("role", "type", "can_host_guests", "version", "guest_of", "is_virtual_machine"),
    },
    "cpu": {
        "proc": (
            "vendor_id", "model_name", "family", "model", "stepping", "revision", "microcode", "cpuid_level", "flags",
            "usable_flags", "bugs", "current_frequency_hz", "address_bits_physical", "address_bits_virtual",
        ),
        "sys": (
            "mitigations", "min_frequency_hz", "max_frequency_hz", "caches", "kinds", "sockets", "cores",
            "threads_per_core", "processors",
        ),
    },
    "network": {"proc": ("routes",), "sys": ("links",)},
    "memory": {
        "proc": ("total_bytes", "available_bytes", "free_bytes", "swap", "page_bytes"),
        "sys": (
            "total_bytes", "free_bytes", "huge_pages", "installed_bytes", "maximum_bytes", "slots",
            "error_correction", "dimms",
        ),
    },
    "numa": {"proc": (), "sys": ("nodes",)},
    "domain": {
        "proc": ("online_cpus", "memory_bytes", "limits", "is_whole_machine"),
        "sys": ("online_cpus", "uuid", "guest_type"),
    },
    "statistics": {
        "proc": (
            "uptime_seconds", "load", "cpu", "cpus", "memory", "processes", "pressure", "disks", "volumes", "links",
        ),
        "sys": ("links", "volumes"),
    },
}  # fmt: skip
"""Fields by group, and by the file system that they are read from."""


def missing_mounts(tree: Tree) -> tuple[str, ...]:
    """Return which of proc and sys are absent or empty."""
    return tuple(name for name in ("proc", "sys") if not _has_entries(tree, name))


def _has_entries(tree: Tree, name: str) -> bool:
    try:
        return bool(tree.names(name))
    except ReadError:  # there, but not readable: the files' own errors say so
        return True


def add_reasons(
    group: str, result: GroupResult[Any], mounts: tuple[str, ...], fields: RequestedFields
) -> GroupResult[Any]:
    """Return the result with a reason for each absent field that these file systems have."""
    known = {problem.path.partition(".")[0] for problem in result.problems}
    problems = list(result.problems)
    for mount in mounts:
        for field in FIELDS.get(group, {}).get(mount, ()):
            is_absent = getattr(result.value, field) in (None, (), {})
            if is_absent and field not in known and (fields is None or field in fields):
                known.add(field)
                error = Unsupported(f"/{mount}", "is not mounted")
                problems.append(Problem(path=field, error=error, driver="sysfs"))
    return replace(result, problems=tuple(problems))
