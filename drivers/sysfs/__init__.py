"""The driver ``sysfs``: /proc, /sys, rtnetlink and the firmware's tables of this machine, or a tree of files."""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module

from hostinfo.driver import Driver
from hostinfo.errors import Unavailable
from hostinfo.record import replace

from ..sources.container_view import is_gvisor
from ..sources.local import root_of, sources_of
from ..sources.xen_role import DOM0, PV_DOMU, read_role
from .absent_fields import add_reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hostinfo.driver import Monitor, RequestedFields
    from hostinfo.fact import GroupResult

    from ..sources.sources import Sources

GROUPS = ("system", "hypervisor", "domain", "cpu", "memory", "numa", "network", "statistics")
_MACHINE = ("cpu", "memory", "numa")
_DOMU = "a Xen domU sees its own share (domain), and not the machine"
_GVISOR = "gVisor's kernel shows the share of its sandbox (domain), and not the machine"
_DOM0 = "a Dom0 sees its own share (domain); Xen reports the machine to root and through libvirtd"


def require(uri: str) -> None:
    """Raise Unavailable if the directory that the URI names is no root of a host."""
    tree = sources_of(uri).tree
    if not tree.is_dir(""):
        raise Unavailable(uri, "no such directory")
    if not (tree.is_dir("proc") or tree.is_dir("sys")):
        raise Unavailable(uri, "it contains neither proc nor sys")


def open_driver(uri: str | None) -> Driver | None:
    """Open the running kernel for None and ``sysfs:///``, a tree of files for ``sysfs:///DIR``."""
    if root_of(uri) == "/":
        return build_driver(sources_of(uri), monitors=(_open_network_monitor, _open_device_monitor))
    return build_driver(sources_of(uri))


def build_driver(sources: Sources, monitors: tuple[Callable[[], Monitor], ...] = ()) -> Driver | None:
    """Return the table for these sources; None if they have neither /proc nor /sys.

    In a Xen domain and in a sandbox of gVisor the kernel does not see the machine, so the groups about it are left out.
    """
    if not (sources.tree.is_dir("proc") or sources.tree.is_dir("sys")):
        return None
    role = read_role(sources.tree)
    unsupported_reasons = dict.fromkeys(_MACHINE, _DOM0 if role == DOM0 else _DOMU) if role in (DOM0, PV_DOMU) else {}
    if role is None and is_gvisor(sources.tree):
        unsupported_reasons = dict.fromkeys(_MACHINE, _GVISOR)
    readers: dict[str, Any] = {
        group: partial(_read, group, "read", sources) for group in GROUPS if group not in unsupported_reasons
    }
    statistics = "read_in_dom0" if role == DOM0 else "read"
    readers["statistics"] = partial(_with_interval, partial(_read, "statistics", statistics, sources), [])
    return Driver(name="sysfs", unsupported_reasons=unsupported_reasons, monitors=monitors, **readers)


def _with_interval(
    read: Callable[[RequestedFields], GroupResult[Any]], last: list[float], fields: RequestedFields
) -> GroupResult[Any]:
    """Add the time since the last reading of the statistics, which is kept in ``last``."""
    result = read(fields)
    now = time.monotonic()
    if last:
        value = replace(result.value, interval_seconds=now - last[0])
        result = replace(result, value=value, sources={**result.sources, "interval_seconds": "clock"})
    last[:] = [now]
    return result


def _read(module: str, function: str, sources: Sources, fields: RequestedFields) -> GroupResult[Any]:
    """Read a group with a module that is imported only now, because start-up time counts."""
    reader = import_module(f".{module}", __package__)
    return add_reasons(getattr(reader, function)(sources, fields), reader.FILES, sources.tree, fields)


def _open_network_monitor() -> Monitor:
    from ..sources.netlink.monitor import open_network_monitor

    return open_network_monitor()


def _open_device_monitor() -> Monitor:
    from ..sources.netlink.monitor import open_device_monitor

    return open_device_monitor()
