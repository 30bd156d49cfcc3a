"""The driver that reads the kernel: /proc, /sys, rtnetlink and the firmware's tables."""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module

from hostinfo.driver import Driver, DriverFactory, RequestedFields
from hostinfo.errors import Unavailable
from hostinfo.fact import GroupResult

from ..sources.sources import Sources
from ..sources.tree import Tree
from ..sources.xen_role import DOM0, PV_DOMU, read_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hostinfo.driver import Monitor

GROUPS = ("system", "hypervisor", "domain", "cpu", "memory", "numa", "network", "statistics")
_DOMU = "a Xen domU sees what it was given (domain), and not the machine"
_DOM0 = "a Dom0 sees its own share (domain); run as root, or start libvirtd, to ask the hypervisor"


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """This kernel for None and ``sysfs:///``; the tree under DIR for ``sysfs:///DIR``."""
    root = "/"
    if uri is not None:
        from urllib.parse import unquote

        root = "/" + unquote(uri.partition("://")[2]).lstrip("/")
    return (DriverFactory(name="sysfs", open=partial(_open_root, root), groups=frozenset(GROUPS)),)


def _open_root(root: str) -> Driver | None:
    if root != "/":
        driver = open_driver(Sources(tree=Tree(root)))
        if driver is None:  # it was named, so that it is not for this driver is a mistake
            raise Unavailable(f"sysfs://{root}", "there is neither a proc nor a sys in it")
        return driver
    from ..sources.local import local_sources

    return open_driver(local_sources(), monitors=(_open_network_monitor, _open_device_monitor))


def _open_network_monitor() -> Monitor:
    from ..sources.netlink.monitor import open_network_monitor

    return open_network_monitor()


def _open_device_monitor() -> Monitor:
    from ..sources.netlink.monitor import open_device_monitor

    return open_device_monitor()


def open_driver(sources: Sources, monitors: tuple[Callable[[], Monitor], ...] = ()) -> Driver | None:
    """Open the kernel's view; None where there is neither /proc nor /sys.

    In a Xen domain the groups of the machine are left out, or answered from what is true there.
    """
    if not (sources.tree.is_dir("proc") or sources.tree.is_dir("sys")):
        return None
    read: dict[str, Any] = {group: partial(_read, f".{group}", "read", sources) for group in GROUPS}
    unsupported_reasons: dict[str, str] = {}
    role = read_role(sources.tree)
    if role == DOM0:
        read |= {group: partial(_read, "..dom0.firmware", f"read_{group}", sources) for group in ("cpu", "memory")}
        read["statistics"] = partial(_read, ".statistics", "read_in_dom0", sources)
        unsupported_reasons["numa"] = _DOM0
        del read["numa"]
    elif role == PV_DOMU:
        for group in ("cpu", "memory", "numa"):
            del read[group]
            unsupported_reasons[group] = _DOMU
    read["statistics"] = partial(_with_interval, read["statistics"], [])
    return Driver(name="sysfs", unsupported_reasons=unsupported_reasons, monitors=monitors, **read)


def _with_interval(read: partial[GroupResult[Any]], previous: list[float], fields: RequestedFields) -> GroupResult[Any]:
    """Read the statistics and add the time since the previous call, which ``previous`` stores."""
    from hostinfo.record import replace

    result = read(fields)
    now = time.monotonic()
    if previous:
        result = replace(result, value=replace(result.value, interval_seconds=now - previous[0]))
        result = replace(result, sources={**result.sources, "interval_seconds": "clock"})
    previous[:] = [now]
    return result


def _read(module: str, function: str, sources: Sources, fields: RequestedFields) -> GroupResult[Any]:
    """Read a group with a function of a module that is imported on first use, to keep the start fast."""
    result: GroupResult[Any] = getattr(import_module(module, __package__), function)(sources, fields)
    return result
