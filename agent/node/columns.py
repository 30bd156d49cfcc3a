"""Properties of a QMF class from the fields of the model's dataclasses.

A property is called as its field, in lowerCamelCase and without the unit, which has a place of its own in the schema;
its description is the field's. Fields of a dataclass inside become properties under a prefix. What is absent here has
no entry in an object's values, so that a predicate on it is false.
"""

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
class Column:
    """A property, and where its value stands in the model."""

    property: SchemaProperty
    path: tuple[str, ...]

    def value(self, item: object) -> object:
        """The value, as it travels; None where it is absent."""
        for name in self.path:
            item = getattr(item, name)
            if item is None:
                return None
        return travelling(item)


def columns(
    model: type,
    *,
    prefix: str = "",
    names: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    index: Collection[str] = (),
    is_statistic: bool = False,
) -> tuple[Column, ...]:
    """The columns of a dataclass but for lists of dataclasses.

    ``names`` (field -> property), ``without`` and ``index`` (the properties that tell objects apart) are dotted for
    fields of a dataclass inside.
    """
    found: list[Column] = []
    docs = docs_of(model)
    for field, annotation in introspect.fields(model).items():
        inner = introspect.model(annotation)
        if field in without or (inner is not None and (introspect.item(annotation) is not None or inner is model)):
            continue
        if inner is not None:
            below = columns(
                inner,
                prefix=prefix + field + "_",
                names=_inside(field, names or {}),
                without=_inside(field, dict.fromkeys(without, "")),
                is_statistic=is_statistic,
            )
            found += [Column(property=one.property, path=(field, *one.path)) for one in below]
            continue
        name, unit = _name(prefix + field)
        kind, xml_type = _type(annotation)
        described = SchemaProperty(
            name=(names or {}).get(field, name),
            type=kind,
            xml_type=xml_type,
            unit=unit,
            description=docs.get(field, "").replace("None: ", "absent: "),
            is_index=field in index,
            is_optional=field not in index,
            is_statistic=is_statistic and field not in index,
        )
        found.append(Column(property=described, path=(field,)))
    return tuple(found)


def values(item: object, of: Collection[Column]) -> dict[str, object]:
    """The values of one object, by property; what is absent is left out."""
    told = ((column.property.name, column.value(item)) for column in of)
    return {name: value for name, value in told if value is not None and value not in ([], {})}


def travelling(value: object) -> object:
    """A plain value of the model as QMF carries it; a number that is not finite is no value."""
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is int:
        return ULong(value) if 0 <= value < 2**64 else value  # type: ignore[operator, arg-type]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, tuple | list):
        return [travelling(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): travelling(entry) for key, entry in value.items()}
    return str(value)


def _inside(field: str, dotted: Mapping[str, str]) -> dict[str, str]:
    start = field + "."
    return {name[len(start) :]: value for name, value in dotted.items() if name.startswith(start)}


def _name(field: str) -> tuple[str, str]:
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
