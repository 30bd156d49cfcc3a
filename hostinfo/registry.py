"""From a URI, or from what this machine shows, to the drivers that may answer, best first.

Built-in drivers stand in a constant: reading entry points costs 30 ms. Third-party drivers come by the entry-point
group ``hostinfo.drivers`` (name: the URI scheme, value: an ``factories`` function), looked up only for a scheme that is
not built in.
"""

import os
from functools import partial
from importlib import import_module

from hostinfo.driver import Driver, DriverFactory
from hostinfo.errors import Unavailable
from hostinfo.groups import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hostinfo.driver import Monitor

ALL = frozenset(GROUPS)
_MACHINE = frozenset({"system", "cpu", "memory", "numa", "guests", "statistics"})
BUILT_IN: "tuple[tuple[str, tuple[str, ...], str, str | None, frozenset[str]], ...]" = (
    # name, URI schemes, module; path that must be there for it to be probed (None: never), groups it is opened for
    ("libvirt-xen", ("xen",), "hostinfo.drivers.dom0.libvirt", "/sys/hypervisor/type", _MACHINE),
    ("xen", (), "hostinfo.drivers.dom0.hypercall", "/sys/hypervisor/type", _MACHINE),
    ("sysfs", ("sysfs",), "hostinfo.drivers.sysfs", "/", ALL),
    ("libvirt-kvm", ("qemu",), "hostinfo.drivers.libvirt.kvm", "/sys/class/misc/kvm", frozenset({"guests"})),
    ("libvirt-test", ("test",), "hostinfo.drivers.libvirt.test", None, ALL),
    ("recorded", ("recorded",), "hostinfo.drivers.recorded", None, ALL),
)
"""In the order in which they are asked when no URI is given; none is imported before a group needs it."""


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """The drivers for a URI, or for this machine, best first; Unavailable where no driver knows the scheme."""
    if uri is None:
        return tuple(_probe())
    scheme = uri.partition(":")[0]
    driver = scheme.partition("+")[0]
    for _, schemes, module, _, _ in BUILT_IN:
        if driver in schemes:
            named = _load(module)(uri)
            return named + tuple(_probe(except_for=named)) if _is_local_libvirt(uri) else named
    return _third_party(scheme)(uri)


def _probe(except_for: tuple[DriverFactory, ...] = ()) -> "Iterator[DriverFactory]":
    taken = {factory.name for factory in except_for}
    for name, _, module, path, groups in BUILT_IN:
        if name not in taken and path is not None and os.path.exists(path):
            monitors = partial(_monitors_probed, module)
            yield DriverFactory(name=name, open=partial(_open_probed, module), groups=groups, monitors=monitors)


def _open_probed(module: str) -> "Driver | None":
    (factory,) = _load(module)(None)
    return factory.open()


def _monitors_probed(module: str) -> "tuple[Callable[[], Monitor], ...]":
    (factory,) = _load(module)(None)
    return factory.monitors() if factory.monitors is not None else ()


def _is_local_libvirt(uri: str) -> bool:
    """Whether a libvirt URI names this machine's daemon, so that the kernel beside it tells of the same machine."""
    scheme, _, rest = uri.partition("://")
    return scheme in ("xen", "qemu") and rest.startswith("/")


def _load(module: str) -> "Callable[[str | None], tuple[DriverFactory, ...]]":
    return import_module(module).factories  # type: ignore[no-any-return]


def _third_party(scheme: str) -> "Callable[[str | None], tuple[DriverFactory, ...]]":
    from importlib.metadata import entry_points

    for entry in entry_points(group="hostinfo.drivers", name=scheme):
        return entry.load()  # type: ignore[no-any-return]
    known = ", ".join(sorted(scheme for _, schemes, _, _, _ in BUILT_IN for scheme in schemes))
    raise Unavailable(scheme, f"no driver for this URI scheme; built in are {known}")
