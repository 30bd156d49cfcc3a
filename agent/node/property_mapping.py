"""QMF properties from the fields of the model's dataclasses.

A property has the name of its field in lowerCamelCase, without the unit: the schema has a place for that. Its
description is the field's. Fields of a nested dataclass become properties with a prefix. An absent value has no entry
in an object's values, so that a predicate on it is false.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hostinfo import introspect
from hostinfo.field_docs import docs_of

from ..qmf import DataType, SchemaProperty, ULong

UNITS = (
    ("_milliseconds", "ms"),
    ("_seconds", "s"),
    ("_bytes", "B"),
    ("_hz", "Hz"),
    ("_mbps", "Mbit/s"),
    ("_mts", "MT/s"),
    ("_percent", "%"),
)
_TYPES = {bool: (DataType.BOOL, "bool"), int: (DataType.INT, "uint64"), float: (DataType.FLOAT, "double")}


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyMapping:
    """A property, and the path of its value in the model."""

    property: SchemaProperty
    path: tuple[str, ...]

    def value(self, item: object) -> object:
        """Return the value in QMF's types; None if it is absent."""
        for name in self.path:
            item = getattr(item, name)
            if item is None:
                return None
        return to_wire(item)


def map_properties(
    model: type,
    *,
    prefix: str = "",
    names: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    index: Collection[str] = (),
    is_statistic: bool = False,
) -> tuple[PropertyMapping, ...]:
    """Map all fields of a dataclass, except lists of dataclasses.

    ``names`` (field -> property), ``without`` and ``index`` (the key properties) use dots for nested fields.
    """
    mappings: list[PropertyMapping] = []
    docs = docs_of(model)
    for field, annotation in introspect.fields(model).items():
        inner = introspect.model(annotation)
        if field in without or (inner is not None and (introspect.item(annotation) is not None or inner is model)):
            continue
        if inner is not None:
            nested = map_properties(
                inner,
                prefix=prefix + field + "_",
                names=_nested(field, names or {}),
                without=_nested(field, dict.fromkeys(without, "")),
                is_statistic=is_statistic,
            )
            mappings += [PropertyMapping(property=one.property, path=(field, *one.path)) for one in nested]
            continue
        name, unit = _name(prefix + field)
        data_type, xml_type = _type(annotation)
        schema = SchemaProperty(
            name=(names or {}).get(field, name),
            type=data_type,
            xml_type=xml_type,
            unit=unit,
            description=docs.get(field, "").replace("None: ", "absent: "),
            is_index=field in index,
            is_optional=field not in index,
            is_statistic=is_statistic and field not in index,
        )
        mappings.append(PropertyMapping(property=schema, path=(field,)))
    return tuple(mappings)


def values(item: object, mappings: Collection[PropertyMapping]) -> dict[str, object]:
    """Return the values of one object by property, without the absent and empty ones."""
    found = ((mapping.property.name, mapping.value(item)) for mapping in mappings)
    return {name: value for name, value in found if value is not None and value not in ([], {})}


def to_wire(value: object) -> object:
    """Return a value of the model in QMF's types; None for a number that is not finite."""
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is int:
        return ULong(value) if 0 <= value < 2**64 else value  # type: ignore[operator, arg-type]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, tuple | list):
        return [to_wire(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): to_wire(entry) for key, entry in value.items()}
    return str(value)


def _nested(field: str, dotted: Mapping[str, str]) -> dict[str, str]:
    start = field + "."
    return {name[len(start) :]: value for name, value in dotted.items() if name.startswith(start)}


def _name(field: str) -> tuple[str, str]:
    """The property's name and unit."""
    unit = ""
    for suffix, symbol in UNITS:
        if field.endswith(suffix):
            field, unit = field[: -len(suffix)], symbol
            break
    first, *rest = field.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest), unit


def _type(annotation: object) -> tuple[DataType, str]:
    if introspect.item(annotation) is not None:
        return DataType.LIST, "list"
    if introspect.values(annotation) is not None:
        return DataType.MAP, "map"
    return _TYPES.get(introspect.alternatives(annotation)[0], (DataType.STRING, "lstr"))
