"""The QMFv1 schema request `AM2S` and its answer `AM2s`, which Python consoles ask v2 agents for.

qmf.console and qpid-tool never send a v2 schema query; without this answer they show no object and no event of an agent
(qmf/AgentSession.cpp handleV1SchemaRequest, Schema.cpp asV1Content, management/python/lib/qmf/console.py). The body
stands in a data section, without QMF properties but `qmf.agent`.
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

_CODES = {
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
    code: (kind, "") for kind, code in _CODES.items() if kind is not DataType.VOID
}
_TYPES |= {code: kind for kind, code in _SUBTYPE_CODES.items()}
_TYPES |= dict.fromkeys((1, 2, 3, 4, 16, 17, 18), (DataType.INT, ""))
_TYPES |= {6: (DataType.STRING, ""), 12: (DataType.FLOAT, ""), 22: (DataType.LIST, "")}


@dataclass(frozen=True, slots=True)
class SchemaRequestV1:
    """A request for one schema by its full key."""

    sequence: int
    schema_id: SchemaId  # without kind: the request has none

    def encode(self) -> bytes:
        """Give the body of the request."""
        return SCHEMA_REQUEST_MAGIC + struct.pack("!I", self.sequence) + _key(self.schema_id)

    @classmethod
    def decode(cls, data: bytes, limits: Limits) -> Self:
        """Read a request; Malformed or TooLarge, whatever the bytes."""
        reader = MapReader(data, limits)
        if reader.take(4) != SCHEMA_REQUEST_MAGIC:
            raise Malformed("QMFv1: not a schema request")
        return cls(reader.number(4), _read_key(reader, None))


def encode_schema(schema: SchemaClass, sequence: int) -> bytes:
    """Give the body of the answer; ValueError never, long texts go as binary like everywhere."""
    head = SCHEMA_RESPONSE_MAGIC + struct.pack("!IB", sequence, schema.kind) + _key(schema.id)
    if schema.kind is SchemaKind.EVENT:
        arguments = [_encode(_argument(item, None)) for item in schema.properties]
        return head + struct.pack("!H", len(arguments)) + b"".join(arguments)
    parts = [head, struct.pack("!HHH", len(schema.properties), 0, len(schema.methods))]
    parts += [_encode(_property(item)) for item in schema.properties]
    for method in schema.methods:
        parts.append(
            _encode({"name": method.name, "argCount": UShort(len(method.arguments)), "desc": method.description})
        )
        parts += [_encode(_argument(item, item.direction)) for item in method.arguments]
    return b"".join(parts)


def decode_schema(data: bytes, limits: Limits) -> tuple[int, SchemaClass]:
    """Read an answer: its sequence number and schema; Malformed or TooLarge, whatever the bytes."""
    reader = MapReader(data, limits)
    if reader.take(4) != SCHEMA_RESPONSE_MAGIC:
        raise Malformed("QMFv1: not a schema answer")
    sequence = reader.number(4)
    kind = SchemaKind.EVENT if reader.number(1) == SchemaKind.EVENT else SchemaKind.DATA
    schema_id = _read_key(reader, kind)
    methods: list[SchemaMethod] = []
    if kind is SchemaKind.EVENT:
        properties = [_read_property(reader.take_map()) for _ in range(reader.number(2))]
    else:
        counts = [reader.number(2) for _ in range(3)]
        properties = [_read_property(reader.take_map()) for _ in range(counts[0])]
        properties += [_read_property(reader.take_map(), is_statistic=True) for _ in range(counts[1])]
        methods = [_read_method(reader) for _ in range(counts[2])]
    return sequence, SchemaClass(
        package=schema_id.package,
        name=schema_id.name,
        kind=kind,
        properties=tuple(properties),
        methods=tuple(methods),
        given_hash=schema_id.hash,
    )


def _key(schema_id: SchemaId) -> bytes:
    parts = b""
    for text in (schema_id.package, schema_id.name):
        data = text.encode("utf-8", "replace")
        if len(data) > 255:
            raise Malformed("QMFv1: a class name over 255 bytes")
        parts += bytes((len(data),)) + data
    return parts + (schema_id.hash or UUID(int=0)).bytes


def _read_key(reader: MapReader, kind: SchemaKind | None) -> SchemaId:
    package, name = reader.str8(), reader.str8()
    digest = UUID(bytes=reader.take(16))
    return SchemaId(package, name, kind, digest if digest.int else None)


def _encode(entries: Map) -> bytes:
    return encode_map(sanitise_map({key: value for key, value in entries.items() if value != ""}))


def _code(item: SchemaProperty) -> UByte:
    return UByte(_SUBTYPE_CODES.get((item.type, item.subtype), _CODES[item.type]))


def _property(item: SchemaProperty) -> Map:
    entries: Map = {"name": item.name, "type": _code(item), "access": UByte(item.access)}
    entries |= {"index": UByte(item.is_index), "optional": UByte(item.is_optional)}
    return entries | {"unit": item.unit, "desc": item.description}


def _argument(item: SchemaProperty, direction: Direction | None) -> Map:
    entries: Map = {"name": item.name, "type": _code(item), "unit": item.unit, "desc": item.description}
    return entries | {"dir": direction.name if direction else ""}


def _read_method(reader: MapReader) -> SchemaMethod:
    entries = reader.take_map()
    count = as_int(entries.get("argCount"), "argCount")
    if not 0 <= count <= reader.nodes:
        raise Malformed("QMFv1: argCount out of range")
    arguments = tuple(_read_property(reader.take_map()) for _ in range(count))
    return SchemaMethod(name=_text(entries, "name"), description=_text(entries, "desc"), arguments=arguments)


def _read_property(entries: Map, *, is_statistic: bool = False) -> SchemaProperty:
    code = as_int(entries.get("type"), "type")
    if code not in _TYPES:
        raise Malformed(f"QMFv1: unknown type code {code % 1000}")
    data_type, subtype = _TYPES[code]
    access = as_int(entries.get("access", Access.RO), "access")
    way = _text(entries, "dir").upper() or "I"
    return SchemaProperty(
        name=_text(entries, "name"),
        type=data_type,
        subtype=subtype,
        access=Access(access) if access in (1, 2, 3) else Access.RO,
        is_index=bool(entries.get("index")),
        is_optional=bool(entries.get("optional")),
        unit=_text(entries, "unit"),
        description=_text(entries, "desc"),
        direction=Direction[way] if way in Direction.__members__ else Direction.I,
        is_statistic=is_statistic,
    )


def _text(entries: Map, key: str) -> str:
    value = entries.get(key, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else as_text(value, key)
