"""libvirt's mock hypervisor, ``test:///default``: the same paths without a machine, for trying things out."""

from functools import partial

from hostinfo.driver import Driver, DriverFactory

from ..sources.libvirt.client import Daemon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver import Monitor

NAME = "libvirt-test"


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """The mock host that a ``test:`` URI names; never probed."""
    uri = uri or "test:///default"
    return (DriverFactory(name=NAME, open=partial(_open, Daemon(uri)), monitors=partial(_monitors, uri)),)


def _monitors(uri: str) -> "tuple[Callable[[], Monitor], ...]":
    from ..sources.libvirt.monitor import monitors

    return monitors(uri, {"guests", "network"})


def _open(daemon: Daemon) -> Driver | None:
    from . import remote

    return remote.table(NAME, daemon, is_xen=False)
