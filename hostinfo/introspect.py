"""The structure of the model, from its records: the fields of a group, their types, the keys of list items.

Paths, JSON, the schema, ``diff`` and the generated pages walk the model with these functions.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import NoneType, UnionType

from hostinfo.groups import GROUPS, TABLE
from hostinfo.record import is_record, record_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ITEM_KEYS: Mapping[str, tuple[str, ...]] = {
    name: key for group in TABLE.values() for name, key in group.item_keys.items()
}
"""Class of list items -> its key: the fields that identify an item."""


_fields: dict[type, dict[str, Any]] = {}


def group_class(group: str) -> type:
    """Return the model's class of a group."""
    module, _, name = TABLE[group].model.rpartition(".")
    found: type = getattr(import_module(module), name)
    return found


def fields(model: type) -> Mapping[str, Any]:
    """Return field -> annotation of a record, in the order of the model."""
    found = _fields.get(model)
    if found is None:
        names = vars(sys.modules[model.__module__])
        found = {name: eval(text, names) for name, text in record_fields(model).items()}  # noqa: S307 - the model's
        _fields[model] = found
    return found


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the types that a value may have, without None."""
    if isinstance(annotation, UnionType):  # X | Y
        return tuple(kind for kind in annotation.__args__ if kind is not NoneType)
    return (annotation,)


def is_optional(annotation: Any) -> bool:
    """Whether a value may be None."""
    return alternatives(annotation) != (annotation,) and NoneType in annotation.__args__


def item(annotation: Any) -> Any:
    """Return the type of a list's items; None: not a list."""
    for kind in alternatives(annotation):
        if getattr(kind, "__origin__", None) is tuple:
            return kind.__args__[0]
    return None


def values(annotation: Any) -> Any:
    """Return the type of a mapping's values; None: not a mapping."""
    for kind in alternatives(annotation):
        origin = getattr(kind, "__origin__", None)
        if origin is not None and origin is not tuple:
            return kind.__args__[1]
    return None


def model(annotation: Any) -> type | None:
    """Return the record class of a value, or of a list's items; None: neither."""
    within = item(annotation)
    for kind in alternatives(annotation if within is None else within):
        if is_record(kind):
            found: type = kind
            return found
    return None


def paths(depth: int = 2) -> list[str]:
    """Return all paths of at most ``depth`` names, such as ``cpu.model_name``."""
    found = []
    for group in GROUPS:
        found.append(group)
        found += [f"{group}.{path}" for path in _below(group_class(group), depth - 1, ())]
    return found


def _below(cls: type, depth: int, above: tuple[type, ...]) -> list[str]:
    found = []
    for name, annotation in fields(cls).items() if depth else ():
        found.append(name)
        inner = model(annotation)
        if inner is not None and inner not in (cls, *above):
            found += [f"{name}.{path}" for path in _below(inner, depth - 1, (cls, *above))]
    return found
