"""The driver ``libvirt-xen``: libvirt's Xen driver, ``xen:///system`` and remote.

In the Dom0 itself libvirt reports the location of each CPU, the free memory and the domains. What it lacks there
(vendor, brand, signature, caches, flags) is read by hypercalls if they are allowed, else from the firmware and what Xen
passes through to the Dom0. A remote Dom0 is known only through its libvirt daemon.
"""

from __future__ import annotations

from functools import partial

from hostinfo.driver import Driver
from hostinfo.errors import Unavailable

from ..sources.xen_role import DOM0, read_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver import Monitor
    from hostinfo.driver_factory import DriverFactory, ReplyStore

    from ..sources.hypercall.connect import OpenHypercalls
    from ..sources.libvirt.client import LibvirtClient, ReplayClient
    from ..sources.libvirt.recording import RecordedDaemon
    from ..sources.sources import Sources

NAME = "libvirt-xen"
LOCAL_URI = "xen:///system"
SOCKETS = ("/run/libvirt/virtxend-sock-ro", "/run/libvirt/libvirt-sock-ro")


def require(uri: str) -> None:
    """Raise Unavailable unless this machine is a Dom0 if the URI names this one, and libvirt's binding is installed."""
    from ..sources.libvirt.binding import require_binding
    from ..sources.local import local_sources

    role = read_role(local_sources().tree) if _is_local(uri) else DOM0
    if role is None:
        raise Unavailable(uri, "this machine does not run on Xen")
    if role != DOM0:
        raise Unavailable(uri, "this machine is a Xen guest; only the Dom0 can report the host")
    require_binding(uri)


def open_driver(uri: str | None) -> Driver | None:
    """Open this Dom0 for None and ``xen:///system``, another one for ``xen+ssh://HOST/system`` and the like."""
    from ..sources.hypercall.connect import open_privcmd
    from ..sources.libvirt.client import LibvirtClient
    from ..sources.local import local_sources

    client = LibvirtClient(uri or LOCAL_URI)
    return build_driver(local_sources(), client, open_privcmd) if _is_local(uri) else _build_remote(client)


def open_monitors(uri: str | None) -> tuple[Callable[[], Monitor], ...]:
    """Return the monitor of the daemon; of this machine only in a Dom0."""
    from ..sources.local import local_sources

    return monitors_of(uri, local_sources())


def monitors_of(uri: str | None, local: Sources) -> tuple[Callable[[], Monitor], ...]:
    """Return the monitor of the URI's daemon, where ``local`` are the sources of this machine."""
    if _is_local(uri) and read_role(local.tree) != DOM0:
        return ()
    from ..libvirt.remote import GROUPS
    from ..sources.libvirt.monitor import monitors

    groups = GROUPS - {"hypervisor", "network"} if _is_local(uri) else GROUPS
    return monitors(uri or LOCAL_URI, groups, SOCKETS, is_xen=True)


def record_driver(
    factory: DriverFactory, uri: str | None, store: ReplyStore, sources: Sources | None
) -> DriverFactory | None:
    """Record the daemon of this Dom0 or of another one, and in this Dom0 the hypercalls."""
    from ..sources.hypercall.connect import open_privcmd
    from ..sources.hypercall.recording import record_hypercalls
    from ..sources.libvirt.recording import RecordedDaemon, record_client

    is_dom0 = sources is not None and read_role(sources.tree) == DOM0
    if not (is_dom0 if uri is None else uri.startswith("xen")):
        return None
    daemon = RecordedDaemon(uri or LOCAL_URI, is_probed=uri is None)
    daemon.record(store)
    client = record_client(store, uri or LOCAL_URI)
    return _recorded(factory, daemon, client, sources, record_hypercalls(store, open_privcmd))


def replay_driver(factory: DriverFactory, store: ReplyStore, sources: Sources) -> DriverFactory | None:
    """Replay a recorded daemon of Xen."""
    from ..sources.hypercall.recording import replay_hypercalls
    from ..sources.libvirt.recording import RecordedDaemon, replay_client

    daemon = RecordedDaemon.replay(store)
    if daemon.uri is None or not daemon.uri.startswith("xen"):
        return None
    return _recorded(factory, daemon, replay_client(store), sources, replay_hypercalls(store))


def _recorded(
    factory: DriverFactory,
    daemon: RecordedDaemon,
    client: ReplayClient,
    sources: Sources | None,
    connect: OpenHypercalls,
) -> DriverFactory:
    if sources is not None and _is_local(daemon.uri):
        uri = None if daemon.is_probed else daemon.uri
        return factory.for_recording(uri, partial(build_driver, sources, client, connect))
    return factory.for_recording(daemon.uri, partial(_build_remote, client))


def build_driver(sources: Sources, client: LibvirtClient | ReplayClient, connect: OpenHypercalls) -> Driver | None:
    """Return the table for a Dom0; None elsewhere, Unavailable if its daemon cannot be reached."""
    if read_role(sources.tree) != DOM0:
        return None
    from ..libvirt.guests import read_guests
    from ..libvirt.host import LibvirtHost
    from ..libvirt.numa import read_numa
    from ..sources.hypercall.domain_exits import DomainExitTracker
    from . import libvirt_groups

    client.start_snapshot()
    client.call("type")  # fails here, once, if there is no daemon
    host = LibvirtHost(NAME, client.call, is_xen=True)
    return Driver(
        name=NAME,
        system=partial(libvirt_groups.read_system, sources, host),
        cpu=partial(libvirt_groups.read_cpu, sources, host, connect),
        memory=partial(libvirt_groups.read_memory, sources, host, connect),
        numa=partial(read_numa, host),
        guests=partial(read_guests, host),
        statistics=partial(libvirt_groups.read_statistics, sources, host, DomainExitTracker()),
        start_snapshot=client.start_snapshot,
        close=client.close,
    )


def _build_remote(client: LibvirtClient | ReplayClient) -> Driver:
    from ..libvirt.remote import build_driver

    return build_driver(NAME, client, is_xen=True)


def _is_local(uri: str | None) -> bool:
    return uri is None or uri.startswith("xen:///")
