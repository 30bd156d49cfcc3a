"""The table of a host that its libvirt daemon alone tells of: nothing local is mixed in."""

from functools import partial

from hostinfo.driver import Driver

from ..dom0.statistics import Ended
from ..sources.libvirt.client import Daemon, Replies
from . import guests, host, links, system


def table(name: str, daemon: Daemon | Replies, *, is_xen: bool) -> Driver:
    """Every group that libvirt can tell; Unavailable where the daemon can't be reached."""
    daemon.start_snapshot()
    daemon.ask("type")
    node = host.Host(name, daemon.ask, is_xen=is_xen)
    why = "libvirt does not tell it of a remote host"
    return Driver(
        name=name,
        system=partial(system.read_system, node),
        hypervisor=partial(system.read_hypervisor, node),
        cpu=partial(host.read_cpu, node),
        memory=partial(host.read_memory, node),
        numa=partial(host.read_numa, node),
        network=partial(links.read_network, node),
        guests=partial(guests.read_guests, node),
        statistics=partial(guests.read_statistics, node, ended=Ended()),
        unsupported_reasons={"domain": why},
        start_snapshot=daemon.start_snapshot,
        close=daemon.close,
    )
