"""libvirt's QEMU driver, ``qemu:///system`` and remote: one table.

On a KVM host the kernel tells the truth of the machine, so when this machine is probed libvirt is asked for the guests
only, and not waited for otherwise. Where the URI names libvirt, it tells all that it can; of this machine, all but
what the kernel beside it knows better.
"""

import os
from functools import partial

from hostinfo.driver import Driver, DriverFactory
from hostinfo.record import replace

from ..sources.libvirt.client import Daemon, Replies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver import Monitor

NAME = "libvirt-kvm"
LOCAL_URI = "qemu:///system"
SOCKETS = ("/run/libvirt/virtqemud-sock-ro", "/run/libvirt/libvirt-sock-ro")
TOLD_BETTER_BY_THE_KERNEL = frozenset({"cpu", "network"})
"""Of this machine: libvirt names neither the model nor the addresses and routes."""
GROUPS = frozenset({"system", "hypervisor", "cpu", "memory", "numa", "network", "guests", "statistics"})


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """The guests of this machine for None; all that the daemon tells for ``qemu:///system`` and remote URIs."""
    if uri is None:
        return (DriverFactory(name=NAME, open=_open_probed, groups=frozenset({"guests"}), monitors=_monitors_probed),)
    groups = GROUPS - TOLD_BETTER_BY_THE_KERNEL if uri.startswith("qemu:///") else GROUPS
    return (replace(factory(Daemon(uri)), groups=groups, monitors=partial(_monitors, uri)),)


def factory(daemon: Daemon | Replies) -> DriverFactory:
    """For a URI that names libvirt: all that it can tell."""
    return DriverFactory(name=NAME, open=partial(_open, daemon), groups=GROUPS)


def guests_opener(daemon: Daemon | Replies) -> DriverFactory:
    """For the probe: only what the kernel can't tell."""
    return DriverFactory(name=NAME, open=partial(_open_guests, daemon), groups=frozenset({"guests"}))


def _open_probed() -> Driver | None:
    """Looks for the daemon's socket before libvirt is imported: that costs more than all other facts together."""
    return _open_guests(Daemon(LOCAL_URI)) if has_daemon() else _absent()


def _monitors_probed() -> "tuple[Callable[[], Monitor], ...]":
    """Also where no daemon is there: one may come. Without its binding there would be nothing to hear it with."""
    from ..sources.libvirt.monitor import is_installed, monitors

    if not has_daemon() and not is_installed():
        return ()
    return monitors(LOCAL_URI, {"guests"}, SOCKETS)


def _monitors(uri: str) -> "tuple[Callable[[], Monitor], ...]":
    from ..sources.libvirt.monitor import monitors

    return monitors(uri, GROUPS, SOCKETS)


def has_daemon() -> bool:
    """Whether a daemon of this machine can be reached, if only by its socket being there."""
    return any(os.path.exists(socket) for socket in SOCKETS)


def absent_opener() -> DriverFactory:
    """For a machine without a daemon: the reason why nobody tells its guests."""
    return DriverFactory(name=NAME, open=_absent, groups=frozenset({"guests"}))


def _absent() -> Driver:
    return Driver(
        name=NAME, unsupported_reasons={"guests": f"no libvirt daemon runs here (neither {' nor '.join(SOCKETS)})"}
    )


def _open(daemon: Daemon | Replies) -> Driver | None:
    from . import remote

    return remote.table(NAME, daemon, is_xen=False)


def _open_guests(daemon: Daemon | Replies) -> Driver | None:
    from . import guests, host

    daemon.start_snapshot()
    daemon.ask("type")
    node = host.Host(NAME, daemon.ask, is_xen=False)
    return Driver(
        name=NAME, guests=partial(guests.read_guests, node), start_snapshot=daemon.start_snapshot, close=daemon.close
    )
