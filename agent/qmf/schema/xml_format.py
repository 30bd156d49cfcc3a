"""Schemas as XML, `<schema package=…>`, the input of qmf-gen.

Read from managementgen/qmfgen/schema.py and management-types.xml. Event arguments are declared once per package, and
events refer to them by name, so an argument means the same in all events.
"""

from collections.abc import Iterable

from .members import DataType, Direction, SchemaMethod, SchemaProperty
from .schema_class import SchemaClass
from .schema_id import SchemaKind

_TYPES = {
    DataType.BOOL: "bool",
    DataType.INT: "int64",
    DataType.FLOAT: "double",
    DataType.STRING: "lstr",
    DataType.MAP: "map",
    DataType.LIST: "list",
    DataType.UUID: "uuid",
}
_SUBTYPES = {
    (DataType.INT, "timestamp"): "absTime",
    (DataType.INT, "duration"): "deltaTime",
    (DataType.MAP, "reference"): "objId",
}
_SEVERITIES = ("emerg", "alert", "crit", "error", "warn", "notice", "inform", "debug")  # qmf-gen's spelling


def schema_xml(package: str, classes: Iterable[SchemaClass]) -> str:
    """Return the schema.xml of one package; ValueError if the format cannot express it."""
    in_package = [item for item in classes if item.package == package]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', _tag("schema", package=package)]
    for item in in_package:
        if item.kind is SchemaKind.DATA:
            lines += _class(item)
    events = [item for item in in_package if item.kind is SchemaKind.EVENT]
    lines += _event_arguments(events)
    lines += [_event(item) for item in events]
    return "\n".join([*lines, "</schema>", ""])


def xml_type(item: SchemaProperty) -> str:
    """Return the type of a property in schema.xml; ValueError for TYPE_VOID, which the format lacks."""
    name = item.xml_type or _SUBTYPES.get((item.type, item.subtype)) or _TYPES.get(item.type)
    if name is None:
        raise ValueError(f"{item.name}: schema.xml has no type for TYPE_{item.type.name}")
    return name


def _class(schema: SchemaClass) -> list[str]:
    lines = ["", *_comment(schema.description), "  " + _tag("class", name=schema.name)]
    lines += ["    " + (_statistic(item) if item.is_statistic else _property(item)) for item in schema.properties]
    for method in schema.methods:
        lines += _method(method)
    return [*lines, "  </class>"]


def _property(item: SchemaProperty) -> str:
    return _tag(
        "property",
        close=True,
        name=item.name,
        type=xml_type(item),
        references=item.references,
        access=item.access.name,
        index="y" if item.is_index else "",
        optional="y" if item.is_optional and item.access.name != "RC" else "",
        unit=item.unit,
        desc=item.description,
    )


def _statistic(item: SchemaProperty) -> str:
    return _tag("statistic", close=True, name=item.name, type=xml_type(item), unit=item.unit, desc=item.description)


def _method(method: SchemaMethod) -> list[str]:
    opened = _tag("method", close=not method.arguments, name=method.name, desc=method.description)
    arguments = ["      " + _argument(item, item.direction) for item in method.arguments]
    return ["    " + opened, *arguments, *(["    </method>"] if arguments else [])]


def _argument(item: SchemaProperty, direction: Direction | None) -> str:
    return _tag(
        "arg",
        close=True,
        name=item.name,
        dir=direction.name if direction else "",
        type=xml_type(item),
        unit=item.unit,
        desc=item.description,
    )


def _event_arguments(events: list[SchemaClass]) -> list[str]:
    declared: dict[str, str] = {}
    for event in events:
        for item in event.properties:
            line = "    " + _argument(item, None)
            if declared.setdefault(item.name, line) != line:
                raise ValueError(f"{event.name}: the argument {item.name} has another meaning in another event")
    return ["", "  <eventArguments>", *declared.values(), "  </eventArguments>", ""] if declared else []


def _event(event: SchemaClass) -> str:
    arguments = ", ".join(item.name for item in event.properties)
    severity = _SEVERITIES[event.default_severity]
    return "  " + _tag("event", close=True, name=event.name, sev=severity, args=arguments, desc=event.description)


def _comment(text: str) -> list[str]:
    return [f"  <!-- {_escape(text).replace('--', '- -')} -->"] if text else []


def _tag(tag: str, *, close: bool = False, **attributes: str) -> str:
    pairs = "".join(f' {key}="{_escape(value)}"' for key, value in attributes.items() if value)
    return f"<{tag}{pairs}{'/' if close else ''}>"


def _escape(text: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
