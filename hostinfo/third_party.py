"""Drivers of other distributions: the entry points of the group ``hostinfo.drivers``.

A value is a ``DriverFactory`` or a function that returns some. One that cannot be loaded becomes a row with the error.
"""

from __future__ import annotations

from importlib import import_module

from hostinfo.driver_factory import DriverFactory, broken_factory
from hostinfo.entry_points import find_entry_points
from hostinfo.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

ENTRY_POINTS = "hostinfo.drivers"


def load_rows(taken: Collection[str]) -> list[DriverFactory]:
    """Return the rows of all other distributions; ``taken``: names that they cannot have."""
    rows: list[DriverFactory] = []
    names = set(taken)
    for name, value in find_entry_points(ENTRY_POINTS).items():
        try:
            loaded = _load(value)
            if clashes := names.intersection(row.name for row in loaded):
                raise ValueError(f"another driver is named {', '.join(sorted(clashes))}")
        except (Exception, SystemExit) as error:  # whatever a foreign module does must not end the dump
            loaded = [unloadable(name, f"{value} cannot be loaded: {type(error).__name__}: {error}")]
        rows += loaded
        names |= {row.name for row in loaded}
    return rows


def unloadable(name: str, why: str) -> DriverFactory:
    """Return a row in place of a driver that cannot be used."""
    return broken_factory(name, Unavailable(f"driver {name}", why))


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
