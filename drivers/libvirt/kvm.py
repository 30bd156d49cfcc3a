"""libvirt's QEMU driver, ``qemu:///system`` and remote: one table.

On a KVM host the kernel tells the truth of the machine, so when this machine is probed libvirt is asked for the guests
only, and not waited for otherwise. Where the URI names libvirt, it tells all that it can.
"""

from functools import partial

from hostinfo.driver import Driver, Opener

from .daemon import Daemon, Replies

NAME = "libvirt-kvm"
LOCAL_URI = "qemu:///system"
GROUPS = frozenset({"system", "hypervisor", "cpu", "memory", "numa", "network", "guests", "statistics"})


def openers(uri: str | None) -> tuple[Opener, ...]:
    """The guests of this machine for None; all that the daemon tells for ``qemu:///system`` and remote URIs."""
    daemon = Daemon(uri or LOCAL_URI)
    if uri is None:
        return (guests_opener(daemon),)
    return (opener(daemon),)


def opener(daemon: Daemon | Replies) -> Opener:
    """For a URI that names libvirt: all that it can tell."""
    return Opener(name=NAME, open=partial(_open, daemon), groups=GROUPS)


def guests_opener(daemon: Daemon | Replies) -> Opener:
    """For the probe: only what the kernel can't tell."""
    return Opener(name=NAME, open=partial(_open_guests, daemon), groups=frozenset({"guests"}))


def _open(daemon: Daemon | Replies) -> Driver | None:
    from . import remote

    return remote.table(NAME, daemon, is_xen=False)


def _open_guests(daemon: Daemon | Replies) -> Driver | None:
    from . import guests, host

    daemon.renew()
    daemon.ask("type")
    node = host.Host(NAME, daemon.ask, is_xen=False)
    return Driver(name=NAME, guests=partial(guests.read_guests, node), renew=daemon.renew, close=daemon.close)
