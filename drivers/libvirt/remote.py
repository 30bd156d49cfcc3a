"""The table of a host that its libvirt daemon alone tells of: nothing local is mixed in."""

from functools import partial

from hostinfo.driver import Driver

from ..xen.statistics import Ended
from . import guests, host, links, system
from .daemon import Daemon, Replies


def table(name: str, daemon: Daemon | Replies, *, is_xen: bool) -> Driver:
    """Every group that libvirt can tell; Unavailable where the daemon can't be reached."""
    daemon.renew()
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
        why_not={"domain": why},
        renew=daemon.renew,
        close=daemon.close,
    )
