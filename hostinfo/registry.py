"""The table of drivers, and which of them read a host: from its URI, or from what this machine shows.

No module of a built-in driver is imported before the driver is needed. Drivers of other distributions are added by
``third_party.py``.
"""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module

from hostinfo.driver_factory import DriverFactory, RecordingHooks
from hostinfo.errors import Unavailable
from hostinfo.third_party import load_rows, unloadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

_RECORDED = "recorded"
"""The scheme of recordings, which stand for all drivers that were recorded."""


def _later(module: str, function: str) -> Callable[..., Any]:
    """Return a function that imports its module when it is called."""
    return partial(_call, f"hostinfo.drivers.{module}", function)


def _call(module: str, function: str, *arguments: object) -> Any:
    return getattr(import_module(module), function)(*arguments)


def _exists(path: str) -> Callable[[], bool]:
    return partial(os.path.exists, path)


def _hooks(module: str, folder: str, scrub: Callable[..., bytes] | None = None) -> RecordingHooks:
    return RecordingHooks(
        folder=folder, record=_later(module, "record_driver"), replay=_later(module, "replay_driver"), scrub=scrub
    )


_LIBVIRT = frozenset({"system", "hypervisor", "cpu", "memory", "numa", "network", "guests", "statistics"})
_DOM0_LIBVIRT = _LIBVIRT - {"hypervisor", "network"}

BUILT_IN: tuple[DriverFactory, ...] = (
    DriverFactory(
        name="libvirt-xen",
        schemes=("xen",),
        probe=_exists("/sys/hypervisor/type"),
        groups=_LIBVIRT,
        probed_groups=_DOM0_LIBVIRT,
        local_groups=_DOM0_LIBVIRT,
        require=_later("dom0.libvirt", "require"),
        open=_later("dom0.libvirt", "open_driver"),
        monitors=_later("dom0.libvirt", "open_monitors"),
        recording=_hooks("dom0.libvirt", "libvirt"),
    ),
    DriverFactory(
        name="xen",
        probe=_exists("/sys/hypervisor/type"),
        groups=frozenset({"cpu", "memory", "numa", "statistics"}),
        open=_later("dom0.hypercall", "open_driver"),
        recording=_hooks("dom0.hypercall", "xen", scrub=_later("sources.hypercall.recording", "scrub_reply")),
    ),
    DriverFactory(
        name="dom0-firmware",
        schemes=("sysfs",),
        probe=_exists("/sys/hypervisor/type"),
        groups=frozenset({"cpu", "memory"}),
        open=_later("dom0.firmware", "open_driver"),
        build=_later("dom0.firmware", "build_driver"),
    ),
    DriverFactory(
        name="sysfs",
        schemes=("sysfs",),
        probe=_exists("/"),
        require=_later("sysfs", "require"),
        open=_later("sysfs", "open_driver"),
        build=_later("sysfs", "build_driver"),
    ),
    DriverFactory(
        name="libvirt-kvm",
        schemes=("qemu",),
        probe=_exists("/sys/class/misc/kvm"),
        groups=_LIBVIRT,
        probed_groups=frozenset({"guests"}),
        local_groups=_LIBVIRT - {"cpu", "network"},  # the kernel knows the model name, the addresses and routes as well
        require=_later("libvirt.kvm", "require"),
        open=_later("libvirt.kvm", "open_driver"),
        monitors=_later("libvirt.kvm", "open_monitors"),
        recording=_hooks("libvirt.kvm", "libvirt"),
    ),
    DriverFactory(
        name="libvirt-test",
        schemes=("test",),
        require=_later("libvirt.test", "require"),
        open=_later("libvirt.test", "open_driver"),
        monitors=_later("libvirt.test", "open_monitors"),
    ),
)
"""In order of preference when no URI is given."""


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """Return the drivers for a URI, or for this machine, in order of preference.

    Raises Unavailable if no driver supports the scheme, the URI names no host, or this machine is not what it names.
    """
    if uri is None:
        return tuple(_probed(rows()))
    scheme = uri.partition(":")[0]
    if scheme == _RECORDED:
        replayed: tuple[DriverFactory, ...] = _later("recorded", "replay_factories")(uri, rows)
        return replayed
    if scheme == "sysfs" and not uri.startswith("sysfs:///"):  # an empty shell variable must not read this machine
        raise Unavailable(uri, "write sysfs:/// for this machine, or sysfs:///DIR for another root")
    named = _named(uri, scheme)
    for row in named:
        if row.require is not None:
            row.require(uri)
    if not any(row.is_local(uri) for row in named):
        return named
    names = {row.name for row in named}
    return (*named, *(row for row in _probed(rows()) if row.name not in names))


def rows(names: Collection[str] | None = None) -> tuple[DriverFactory, ...]:
    """Return the whole table: built-in drivers and those of other distributions, in order of preference.

    ``names``: drivers that are needed; other distributions are searched only if one of these is not built in.
    """
    table = list(BUILT_IN)
    built_in = {row.name for row in BUILT_IN}
    if names is None or not built_in.issuperset(names):
        for row in load_rows(built_in):
            places = [place for place, other in enumerate(table) if other.name == row.before]
            table.insert(places[0] if places else len(table), row)
    return tuple(table)


def recordable_rows(uri: str | None) -> tuple[DriverFactory, ...]:
    """Return the drivers that a machine is recorded with; for a recording, which is scrubbed, all that there are."""
    return rows() if uri is not None and uri.startswith(f"{_RECORDED}:") else factories(uri)


def is_this_host(uri: str | None) -> bool:
    """Whether a URI is certain to name the host that this program runs on."""
    if uri is None or uri == "sysfs:///":
        return True
    scheme, _, path = uri.partition("://")
    # A query may name another socket, and that may be forwarded from another host.
    return scheme in ("xen", "qemu") and path.startswith("/") and "?" not in path


def _probed(table: tuple[DriverFactory, ...]) -> Iterator[DriverFactory]:
    for row in table:
        try:
            is_found = row.load_error is not None or (row.probe is not None and row.probe())
        except Exception as error:  # of another distribution
            yield unloadable(row.name, f"its probe failed: {type(error).__name__}: {error}")
        else:
            if is_found:
                yield row.for_uri(None)


def _named(uri: str, scheme: str) -> tuple[DriverFactory, ...]:
    driver = scheme.partition("+")[0]
    found = [row for row in BUILT_IN if driver in row.schemes]
    if not found:
        others = load_rows({row.name for row in BUILT_IN})
        found = [row for row in others if scheme in row.schemes or driver in row.schemes]
        if not found:
            known = sorted({_RECORDED, *(scheme for row in (*BUILT_IN, *others) for scheme in row.schemes)})
            errors = [f"; {row.load_error}" for row in others if row.load_error is not None]
            if not uri:
                raise Unavailable("URI", f"it is empty; leave it out for this machine, or use {', '.join(known)}")
            raise Unavailable(scheme, f"no driver for this URI scheme; known are {', '.join(known)}{''.join(errors)}")
    return tuple(row.for_uri(uri) for row in found)
