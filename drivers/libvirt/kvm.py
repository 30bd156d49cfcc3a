"""The driver ``libvirt-kvm``: libvirt's QEMU driver, ``qemu:///system`` and remote.

On a KVM host the kernel reports the machine itself. When the machine is probed, libvirt is therefore called only for
the guests. If the URI names libvirt, it reports all that it can, except groups that the local kernel reports better:
the registry's table lists them.
"""

from __future__ import annotations

import os
from functools import partial

from hostinfo.driver import Driver

from ..sources.xen_role import DOM0, read_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver import Monitor
    from hostinfo.driver_factory import DriverFactory, ReplyStore

    from ..sources.libvirt.client import LibvirtClient, ReplayClient
    from ..sources.libvirt.recording import RecordedDaemon
    from ..sources.sources import Sources

NAME = "libvirt-kvm"
LOCAL_URI = "qemu:///system"
SOCKETS = ("/run/libvirt/virtqemud-sock-ro", "/run/libvirt/libvirt-sock-ro")


def require(uri: str) -> None:
    """Raise Unavailable without libvirt's Python binding."""
    from ..sources.libvirt.binding import require_binding

    require_binding(uri)


def open_driver(uri: str | None) -> Driver | None:
    """Open this machine's guests for None, the daemon of a ``qemu:`` URI with all its groups otherwise."""
    if uri is None and not has_daemon():  # before libvirt is imported, which costs more than all other facts together
        return _absent()
    from ..sources.libvirt.client import LibvirtClient

    return _guests_only(LibvirtClient(LOCAL_URI)) if uri is None else _all_groups(LibvirtClient(uri))


def open_monitors(uri: str | None) -> tuple[Callable[[], Monitor], ...]:
    """Return the monitor of the daemon, also before it is started; none without libvirt's Python binding."""
    from ..sources.libvirt.binding import is_installed
    from ..sources.libvirt.monitor import monitors
    from .remote import GROUPS

    if uri is not None:
        return monitors(uri, GROUPS, SOCKETS)
    return monitors(LOCAL_URI, {"guests"}, SOCKETS) if has_daemon() or is_installed() else ()


def record_driver(
    factory: DriverFactory, uri: str | None, store: ReplyStore, sources: Sources | None
) -> DriverFactory | None:
    """Record a daemon of QEMU, or that none runs on this machine."""
    from ..sources.libvirt.recording import RecordedDaemon, record_client

    if uri is None and (sources is None or read_role(sources.tree) == DOM0):
        return None  # a Dom0's daemon is Xen's
    if uri is not None and not uri.startswith("qemu"):
        return None
    address = uri or (LOCAL_URI if has_daemon() else None)
    daemon = RecordedDaemon(address, is_probed=uri is None)
    daemon.record(store)
    return _recorded(factory, daemon, record_client(store, address or LOCAL_URI))


def replay_driver(factory: DriverFactory, store: ReplyStore, _sources: Sources) -> DriverFactory | None:
    """Replay a recorded daemon of QEMU, or that there was none."""
    from ..sources.libvirt.recording import RecordedDaemon, replay_client

    daemon = RecordedDaemon.replay(store)
    if daemon.uri is not None and not daemon.uri.startswith("qemu"):
        return None
    return _recorded(factory, daemon, replay_client(store))


def _recorded(factory: DriverFactory, daemon: RecordedDaemon, client: ReplayClient) -> DriverFactory:
    if daemon.uri is None:
        return factory.for_recording(None, _absent)
    if daemon.is_probed:
        return factory.for_recording(None, partial(_guests_only, client))
    return factory.for_recording(daemon.uri, partial(_all_groups, client))


def has_daemon() -> bool:
    """Whether the socket of a local daemon exists."""
    return any(os.path.exists(socket) for socket in SOCKETS)


def _absent() -> Driver:
    why = f"no libvirt daemon runs here (neither {' nor '.join(SOCKETS)})"
    return Driver(name=NAME, unsupported_reasons={"guests": why})


def _all_groups(client: LibvirtClient | ReplayClient) -> Driver:
    from .remote import build_driver

    return build_driver(NAME, client, is_xen=False)


def _guests_only(client: LibvirtClient | ReplayClient) -> Driver:
    from .guests import read_guests
    from .host import LibvirtHost

    client.start_snapshot()
    client.call("type")
    host = LibvirtHost(NAME, client.call, is_xen=False)
    return Driver(
        name=NAME, guests=partial(read_guests, host), start_snapshot=client.start_snapshot, close=client.close
    )
