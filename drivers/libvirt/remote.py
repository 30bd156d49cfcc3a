"""The table of a host that is known only through its libvirt daemon: nothing local is mixed in."""

from __future__ import annotations

from functools import partial

from hostinfo.driver import Driver

from ..sources.hypercall.domain_exits import DomainExitTracker
from .absent_fields import read_with_reasons
from .cpu import read_cpu
from .guests import read_guests
from .host import LibvirtHost
from .hypervisor import read_hypervisor
from .memory import read_memory
from .network import read_network
from .numa import read_numa
from .statistics import read_statistics
from .system import read_system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..sources.libvirt.client import LibvirtClient, ReplayClient

GROUPS = frozenset({"system", "hypervisor", "cpu", "memory", "numa", "network", "guests", "statistics"})


def build_driver(name: str, client: LibvirtClient | ReplayClient, *, is_xen: bool) -> Driver:
    """Return every group that libvirt reports; Unavailable if the daemon cannot be reached."""
    client.start_snapshot()
    client.call("type")
    host = LibvirtHost(name, client.call, is_xen=is_xen)
    readers: dict[str, Any] = {
        "system": partial(read_system, host),
        "hypervisor": partial(read_hypervisor, host),
        "cpu": partial(read_cpu, host),
        "memory": partial(read_memory, host),
        "numa": partial(read_numa, host),
        "network": partial(read_network, host),
        "guests": partial(read_guests, host),
        "statistics": partial(read_statistics, host, DomainExitTracker()),
    }
    with_reasons: dict[str, Any] = {group: partial(read_with_reasons, name, read) for group, read in readers.items()}
    return Driver(
        name=name,
        **with_reasons,
        unsupported_reasons={"domain": "libvirt does not report it for a remote host"},
        start_snapshot=client.start_snapshot,
        close=client.close,
    )
