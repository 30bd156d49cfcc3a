"""The driver ``libvirt-test``: libvirt's mock hypervisor, ``test:///default``, for trials without a machine."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver import Driver, Monitor

NAME = "libvirt-test"
_DEFAULT_URI = "test:///default"


def require(uri: str) -> None:
    """Raise Unavailable without libvirt's Python binding."""
    from ..sources.libvirt.binding import require_binding

    require_binding(uri)


def open_driver(uri: str | None) -> Driver | None:
    """Open the mock host."""
    from ..sources.libvirt.client import LibvirtClient
    from .remote import build_driver

    return build_driver(NAME, LibvirtClient(uri or _DEFAULT_URI), is_xen=False)


def open_monitors(uri: str | None) -> tuple[Callable[[], Monitor], ...]:
    """Return the monitor of the mock host's domains and networks."""
    from ..sources.libvirt.monitor import monitors

    return monitors(uri or _DEFAULT_URI, {"guests", "network"})
