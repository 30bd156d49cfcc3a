"""Check the arguments of a method call against the schema."""

from collections.abc import Mapping
from uuid import UUID

from ..schema.members import DataType, SchemaMethod, SchemaProperty
from ..wire.errors import InvalidArgument, QmfError, quote_short
from ..wire.types import Map, Value
from ..wire.validation import as_uuid


def check_arguments(method: SchemaMethod, arguments: Mapping[str, Value]) -> Map:
    """Return the arguments in the types of the schema; InvalidArgument names the first that does not match.

    All inputs that are not optional are required, and no others are allowed.
    """
    inputs = method.inputs()
    for name in arguments:
        if name not in inputs:
            raise InvalidArgument(f"{method.name}: unknown argument {quote_short(name)}")
    checked: Map = {}
    for name, schema in inputs.items():
        if name in arguments:
            checked[name] = _convert(method, schema, arguments[name])
        elif not schema.is_optional:
            raise InvalidArgument(f"{method.name}: the argument {name} is missing")
    return checked


def _convert(method: SchemaMethod, schema: SchemaProperty, value: Value) -> Value:
    if value is None and schema.is_optional:
        return None
    try:
        converted = as_uuid(value, schema.name) if schema.type is DataType.UUID else value
    except QmfError:
        converted = value
    if not _is_of_type(schema.type, converted):
        raise InvalidArgument(f"{method.name}: the argument {schema.name} must be TYPE_{schema.type.name}")
    return float(converted) if schema.type is DataType.FLOAT and isinstance(converted, int) else converted


def _is_of_type(kind: DataType, value: Value) -> bool:
    match kind:
        case DataType.VOID:
            return value is None
        case DataType.BOOL:
            return isinstance(value, bool)
        case DataType.INT:
            return isinstance(value, int) and not isinstance(value, bool)
        case DataType.FLOAT:
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**1000
        case DataType.STRING:
            return isinstance(value, str)
        case DataType.MAP:
            return isinstance(value, dict)
        case DataType.LIST:
            return isinstance(value, list)
        case DataType.UUID:
            return isinstance(value, UUID)
