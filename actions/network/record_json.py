"""Records as JSON and back, for the journal: keys are the names of the fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from hostinfo.introspect import alternatives, fields, is_optional, item
from hostinfo.record import is_record, record_fields

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Return a record, or a value of a field, as dicts, lists and plain values."""
    if is_record(type(value)):
        return {name: to_json(getattr(value, name)) for name in record_fields(type(value))}
    if isinstance(value, tuple | list):
        return [to_json(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, Enum):
        return value.value
    return value


def from_json(cls: type[T], value: Any) -> T:
    """Return the record of such a dict. ValueError: another class, another version, or damaged."""
    if not isinstance(value, dict):
        raise ValueError(f"{cls.__name__}: not an object")  # noqa: TRY004 - one kind of error for all damage
    annotations = fields(cls)
    if unknown := value.keys() - annotations.keys():
        raise ValueError(f"{cls.__name__}: unknown keys {', '.join(sorted(unknown))}")
    try:
        return cls(**{name: _value(annotations[name], entry) for name, entry in value.items()})
    except TypeError as error:
        raise ValueError(f"{cls.__name__}: {error}") from error


def _value(annotation: Any, value: Any) -> Any:
    if annotation is Any:
        return value
    if value is None:
        if is_optional(annotation):
            return None
        raise ValueError("null where a value is needed")
    within = item(annotation)
    if within is not None:
        if not isinstance(value, list):
            raise ValueError("not a list")
        return tuple(_value(within, entry) for entry in value)
    for kind in alternatives(annotation):
        if isinstance(kind, type) and (is_record(kind) or issubclass(kind, Enum)):
            return from_json(kind, value) if is_record(kind) else kind(value)
    _check_type(annotation, value)
    return value


def _check_type(annotation: Any, value: Any) -> None:
    kinds = tuple(getattr(kind, "__origin__", kind) for kind in alternatives(annotation))
    if float in kinds:
        kinds += (int,)
    if not isinstance(value, kinds):
        raise ValueError(f"{type(value).__name__} where {annotation} is needed")  # noqa: TRY004 - one kind of error
