"""The drivers that a machine is recorded with, and replayed through.

A driver package takes part by a module ``recording.py`` in its folder with

- ``listening(uri, tape, sources) -> tuple[DriverFactory, ...]``: its drivers for this URI (None: this machine), raw questions
  through ``tape.keep``; ``sources`` is the one that is listened to, None where the URI names another machine;
- ``replaying(tape, sources) -> tuple[DriverFactory, ...]``: the same drivers with the questions answered by ``tape.answer``;
  empty where the tape does not hold them (``tape.holds``);
- ``scrub(name, reply, values) -> bytes``, if text that is searched for known secrets, UUIDs, MAC and IP addresses is
  not enough.
"""

from importlib import import_module
from importlib.util import find_spec

from hostinfo.driver import DriverFactory

from ..sources.recorded.recording import Recording
from ..sources.recorded.reply_store import Tape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGES = {"libvirt": "libvirt", "xen": "dom0"}
"""Folder of replies in a recording -> package of the drivers that read them."""
_ORDER = ("libvirt-xen", "xen", "sysfs", "libvirt-kvm")
"""In which a live machine asks them: the registry's, which drivers do not import."""


def listening(uri: str | None, recording: Recording, tape: Tape) -> tuple[DriverFactory, ...]:
    """The drivers of a live machine, listened to."""
    from ..sources.local import local_sources
    from ..sources.sources import Sources
    from ..sources.tree import Tree
    from . import sources as kernels

    scheme, _, rest = (uri or "sysfs:///").partition(":")
    sources = None
    if rest.startswith("///"):  # this machine's, so the kernel beside it tells of the same machine
        from urllib.parse import unquote

        root = "/" + unquote(rest).lstrip("/") if scheme == "sysfs" else "/"
        sources = kernels.listening(local_sources() if root == "/" else Sources(tree=Tree(root)), recording, tape)
    parts = _recorders() if uri is None or scheme != "sysfs" else []
    found = [factory for part in parts for factory in part.listening(uri, tape, sources)]
    if sources is not None:
        found.append(kernels.factory(sources))
    return _sorted(found, _ORDER)


def replaying(recording: Recording, directory: str) -> tuple[DriverFactory, ...]:
    """The drivers of a recorded machine, in the order of the machine that was recorded."""
    from . import sources as kernels

    tape = Tape(recording, directory)
    sources = kernels.recorded(recording, directory)
    held = filter(tape.holds, _PACKAGES)  # a module that is not needed is not imported: start-up counts
    found = [factory for part in _recorders(tuple(held)) for factory in part.replaying(tape, sources)]
    found.append(kernels.factory(sources))
    return _sorted(found, recording.drivers)


def scrubber_of(name: str) -> "Any":
    """The ``scrub`` function of the driver that this reply belongs to; None where it has none."""
    package = name.partition("/")[0]
    parts = _recorders((package,)) if package in _PACKAGES else []
    return getattr(parts[0], "scrub", None) if parts else None


def _recorders(packages: tuple[str, ...] = tuple(_PACKAGES)) -> "list[Any]":
    root = __package__.rpartition(".")[0]
    names = [f"{root}.{_PACKAGES[package]}" for package in packages]
    return [import_module(f"{name}.recording") for name in names if find_spec(name) and find_spec(f"{name}.recording")]


def _sorted(found: list[DriverFactory], order: tuple[str, ...]) -> tuple[DriverFactory, ...]:
    places = {name: place for place, name in enumerate(order)}
    return tuple(sorted(found, key=lambda factory: places.get(factory.name, len(places))))
