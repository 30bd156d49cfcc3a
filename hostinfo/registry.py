"""The table of drivers, and which of them read a host: from its URI, or from what this machine shows.

No driver's module is imported before the driver is needed. Drivers of other distributions come by the entry-point group
``hostinfo.drivers``, whose values are a ``DriverFactory`` or a function that returns some.
"""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module

from hostinfo.driver_factory import DriverFactory, RecordingHooks, broken_factory
from hostinfo.entry_points import find_entry_points
from hostinfo.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

ENTRY_POINTS = "hostinfo.drivers"
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
        open=_later("libvirt.kvm", "open_driver"),
        monitors=_later("libvirt.kvm", "open_monitors"),
        recording=_hooks("libvirt.kvm", "libvirt"),
    ),
    DriverFactory(
        name="libvirt-test",
        schemes=("test",),
        open=_later("libvirt.test", "open_driver"),
        monitors=_later("libvirt.test", "open_monitors"),
    ),
)
"""In order of preference when no URI is given."""


def factories(uri: str | None) -> tuple[DriverFactory, ...]:
    """Return the drivers for a URI, or for this machine, in order of preference.

    Raises Unavailable if no driver supports the scheme.
    """
    if uri is None:
        return tuple(_probed(rows()))
    scheme = uri.partition(":")[0]
    if scheme == _RECORDED:
        replayed: tuple[DriverFactory, ...] = _later("recorded", "replay_factories")(uri, rows)
        return replayed
    named = _named(uri, scheme)
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
        for row in _third_party():
            places = [place for place, other in enumerate(table) if other.name == row.before]
            table.insert(places[0] if places else len(table), row)
    return tuple(table)


def recordable_rows(uri: str | None) -> tuple[DriverFactory, ...]:
    """Return the drivers that a machine is recorded with; for a recording, which is scrubbed, all that there are."""
    return rows() if uri is not None and uri.startswith(f"{_RECORDED}:") else factories(uri)


def _probed(table: tuple[DriverFactory, ...]) -> Iterator[DriverFactory]:
    for row in table:
        try:
            is_found = row.load_error is not None or (row.probe is not None and row.probe())
        except Exception as error:  # of another distribution
            yield _broken(row.name, f"its probe failed: {type(error).__name__}: {error}")
        else:
            if is_found:
                yield row.for_uri(None)


def _named(uri: str, scheme: str) -> tuple[DriverFactory, ...]:
    driver = scheme.partition("+")[0]
    found = [row for row in BUILT_IN if driver in row.schemes]
    if not found:
        others = _third_party()
        found = [row for row in others if scheme in row.schemes or driver in row.schemes]
        if not found:
            known = sorted({_RECORDED, *(scheme for row in (*BUILT_IN, *others) for scheme in row.schemes)})
            errors = [f"; {row.load_error}" for row in others if row.load_error is not None]
            raise Unavailable(scheme, f"no driver for this URI scheme; known are {', '.join(known)}{''.join(errors)}")
    return tuple(row.for_uri(uri) for row in found)


def _third_party() -> list[DriverFactory]:
    found: list[DriverFactory] = []
    taken = {row.name for row in BUILT_IN}
    for name, value in find_entry_points(ENTRY_POINTS).items():
        try:
            loaded = _load(value)
            if clashes := taken.intersection(row.name for row in loaded):
                raise ValueError(f"another driver is named {', '.join(sorted(clashes))}")
        except (Exception, SystemExit) as error:  # whatever a foreign module does must not end the dump
            loaded = [_broken(name, f"{value} cannot be loaded: {type(error).__name__}: {error}")]
        found += loaded
        taken |= {row.name for row in loaded}
    return found


def _load(value: str) -> list[DriverFactory]:
    module, _, attribute = value.partition(":")
    target: Any = import_module(module)
    for name in attribute.split("."):
        target = getattr(target, name)
    loaded = target if isinstance(target, DriverFactory) else target()
    loaded = [loaded] if isinstance(loaded, DriverFactory) else list(loaded)
    if not all(isinstance(row, DriverFactory) for row in loaded):
        raise TypeError(f"{value} is neither a DriverFactory nor a function that returns some")
    return loaded


def _broken(name: str, why: str) -> DriverFactory:
    return broken_factory(name, Unavailable(f"driver {name}", why))
