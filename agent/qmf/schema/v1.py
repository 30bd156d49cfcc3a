"""The QMFv1 schema request `AM2S` and its response `AM2s`, which Python consoles exchange with v2 agents.

qmf.console and qpid-tool never send a v2 schema query. Without this response they show no object and no event of an
agent. The body is in a data section; of the QMF properties, only `qmf.agent` is set.

Read from qmf/AgentSession.cpp (handleV1SchemaRequest), qmf/Schema.cpp (asV1Content) and
management/python/lib/qmf/console.py.
"""

import struct
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from ..wire.errors import Malformed
from ..wire.limits import Limits
from ..wire.map_codec import MapReader, encode_map
from ..wire.sanitise import sanitise_map
from ..wire.types import Map, UByte, UShort
from ..wire.validation import as_int, as_text
from .members import Access, DataType, Direction, SchemaMethod, SchemaProperty
from .schema_class import SchemaClass
from .schema_id import SchemaId, SchemaKind

SCHEMA_REQUEST_MAGIC, SCHEMA_RESPONSE_MAGIC = b"AM2S", b"AM2s"

_TYPE_CODES = {
    DataType.VOID: 1,
    DataType.BOOL: 11,
    DataType.INT: 19,
    DataType.FLOAT: 13,
    DataType.STRING: 7,
    DataType.MAP: 15,
    DataType.LIST: 21,
    DataType.UUID: 14,
}
_SUBTYPE_CODES = {
    (DataType.INT, "timestamp"): 8,
    (DataType.INT, "duration"): 9,
    (DataType.MAP, "reference"): 10,
    (DataType.MAP, "data"): 20,
}
_TYPES: dict[int, tuple[DataType, str]] = {
    code: (kind, "") for kind, code in _TYPE_CODES.items() if kind is not DataType.VOID
}
_TYPES |= {code: kind for kind, code in _SUBTYPE_CODES.items()}
_TYPES |= dict.fromkeys((1, 2, 3, 4, 16, 17, 18), (DataType.INT, ""))
_TYPES |= {6: (DataType.STRING, ""), 12: (DataType.FLOAT, ""), 22: (DataType.LIST, "")}


@dataclass(frozen=True, slots=True)
class SchemaRequestV1:
    """A request for one schema, by package, class and hash."""

    sequence: int
    schema_id: SchemaId  # its kind is None: the request has none

    def encode(self) -> bytes:
        """Return the body of the request."""
        return SCHEMA_REQUEST_MAGIC + struct.pack("!I", self.sequence) + _encode_key(self.schema_id)

    @classmethod
    def decode(cls, data: bytes, limits: Limits) -> Self:
        """Parse a request; Malformed or TooLarge if the data is not acceptable."""
        reader = MapReader(data, limits)
        if reader.read_bytes(4) != SCHEMA_REQUEST_MAGIC:
            raise Malformed("QMFv1: not a schema request")
        return cls(reader.read_uint(4), _read_key(reader, None))


def encode_schema(schema: SchemaClass, sequence: int) -> bytes:
    """Return the body of the response; texts that are too long are sent as binary, see `sanitise`."""
    head = SCHEMA_RESPONSE_MAGIC + struct.pack("!IB", sequence, schema.kind) + _encode_key(schema.id)
    if schema.kind is SchemaKind.EVENT:
        arguments = [_encode_entries(_argument_entries(item, None)) for item in schema.properties]
        return head + struct.pack("!H", len(arguments)) + b"".join(arguments)
    parts = [head, struct.pack("!HHH", len(schema.properties), 0, len(schema.methods))]
    parts += [_encode_entries(_property_entries(item)) for item in schema.properties]
    for method in schema.methods:
        count = UShort(len(method.arguments))
        parts.append(_encode_entries({"name": method.name, "argCount": count, "desc": method.description}))
        parts += [_encode_entries(_argument_entries(item, item.direction)) for item in method.arguments]
    return b"".join(parts)


def decode_schema(data: bytes, limits: Limits) -> tuple[int, SchemaClass]:
    """Parse a response to its sequence number and schema; Malformed or TooLarge if the data is not acceptable."""
    reader = MapReader(data, limits)
    if reader.read_bytes(4) != SCHEMA_RESPONSE_MAGIC:
        raise Malformed("QMFv1: not a schema response")
    sequence = reader.read_uint(4)
    kind = SchemaKind.EVENT if reader.read_uint(1) == SchemaKind.EVENT else SchemaKind.DATA
    schema_id = _read_key(reader, kind)
    methods: list[SchemaMethod] = []
    if kind is SchemaKind.EVENT:
        properties = [_read_property(reader.read_map()) for _ in range(reader.read_uint(2))]
    else:
        counts = [reader.read_uint(2) for _ in range(3)]
        properties = [_read_property(reader.read_map()) for _ in range(counts[0])]
        properties += [_read_property(reader.read_map(), is_statistic=True) for _ in range(counts[1])]
        methods = [_read_method(reader) for _ in range(counts[2])]
    return sequence, SchemaClass(
        package=schema_id.package,
        name=schema_id.name,
        kind=kind,
        properties=tuple(properties),
        methods=tuple(methods),
        given_hash=schema_id.hash,
    )


def _encode_key(schema_id: SchemaId) -> bytes:
    parts = b""
    for text in (schema_id.package, schema_id.name):
        data = text.encode("utf-8", "replace")
        if len(data) > 255:
            raise Malformed("QMFv1: a class name over 255 bytes")
        parts += bytes((len(data),)) + data
    return parts + (schema_id.hash or UUID(int=0)).bytes


def _read_key(reader: MapReader, kind: SchemaKind | None) -> SchemaId:
    package, name = reader.read_str8(), reader.read_str8()
    digest = UUID(bytes=reader.read_bytes(16))
    return SchemaId(package, name, kind, digest if digest.int else None)


def _encode_entries(entries: Map) -> bytes:
    return encode_map(sanitise_map({key: value for key, value in entries.items() if value != ""}))


def _type_code(item: SchemaProperty) -> UByte:
    return UByte(_SUBTYPE_CODES.get((item.type, item.subtype), _TYPE_CODES[item.type]))


def _property_entries(item: SchemaProperty) -> Map:
    entries: Map = {"name": item.name, "type": _type_code(item), "access": UByte(item.access)}
    entries |= {"index": UByte(item.is_index), "optional": UByte(item.is_optional)}
    return entries | {"unit": item.unit, "desc": item.description}


def _argument_entries(item: SchemaProperty, direction: Direction | None) -> Map:
    entries: Map = {"name": item.name, "type": _type_code(item), "unit": item.unit, "desc": item.description}
    return entries | {"dir": direction.name if direction else ""}


def _read_method(reader: MapReader) -> SchemaMethod:
    entries = reader.read_map()
    count = as_int(entries.get("argCount"), "argCount")
    if not 0 <= count <= reader.nodes:
        raise Malformed("QMFv1: argCount out of range")
    arguments = tuple(_read_property(reader.read_map()) for _ in range(count))
    return SchemaMethod(name=_text(entries, "name"), description=_text(entries, "desc"), arguments=arguments)


def _read_property(entries: Map, *, is_statistic: bool = False) -> SchemaProperty:
    code = as_int(entries.get("type"), "type")
    if code not in _TYPES:
        raise Malformed(f"QMFv1: unknown type code {code % 1000}")
    data_type, subtype = _TYPES[code]
    access = as_int(entries.get("access", Access.RO), "access")
    direction = _text(entries, "dir").upper() or "I"
    return SchemaProperty(
        name=_text(entries, "name"),
        type=data_type,
        subtype=subtype,
        access=Access(access) if access in (1, 2, 3) else Access.RO,
        is_index=bool(entries.get("index")),
        is_optional=bool(entries.get("optional")),
        unit=_text(entries, "unit"),
        description=_text(entries, "desc"),
        direction=Direction[direction] if direction in Direction.__members__ else Direction.I,
        is_statistic=is_statistic,
    )


def _text(entries: Map, key: str) -> str:
    value = entries.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else as_text(value, key)
