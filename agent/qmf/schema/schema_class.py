"""A class of objects or events, and its form as a map (qmf/Schema.cpp).

The hash of a schema only has to change when the schema changes. Three incompatible algorithms exist; agents of this
project use the C++ library's. A schema that was received keeps the hash that the sender computed.
"""

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from ..wire.errors import Malformed
from ..wire.types import Map, UInt
from ..wire.validation import as_int, as_list, as_map, text_or_empty
from .hash import schema_hash
from .members import SchemaMethod, SchemaProperty
from .schema_id import SchemaId, SchemaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaClass:
    """A class of objects or events."""

    package: str
    name: str
    kind: SchemaKind = SchemaKind.DATA
    description: str = ""
    properties: tuple[SchemaProperty, ...] = ()
    methods: tuple[SchemaMethod, ...] = ()
    default_severity: int = 5  # events only: 0 (emerg) to 7 (debug)
    given_hash: UUID | None = None  # the sender's; None: computed
    id: SchemaId = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Compute the id with its hash."""
        digest = self.given_hash or schema_hash(self.kind, self.package, self.name, self.properties, self.methods)
        object.__setattr__(self, "id", SchemaId(self.package, self.name, self.kind, digest))

    def method(self, name: str) -> SchemaMethod | None:
        """Return the method of this name; None if the class has none."""
        return next((method for method in self.methods if method.name == name), None)

    def to_map(self) -> Map:
        """Return the map for a message body."""
        result: Map = {"_schema_id": self.id.to_map()}
        if self.description:
            result["_desc"] = self.description
        if self.kind is SchemaKind.EVENT:
            result["_default_severity"] = UInt(self.default_severity)
        result["_properties"] = [item.to_map() for item in self.properties]
        result["_methods"] = [item.to_map() for item in self.methods]
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse a schema; Malformed if its id or one of its members is unusable."""
        source = as_map(value, "schema")
        schema_id = SchemaId.from_map(source.get("_schema_id"))
        if not schema_id.name:
            raise Malformed("schema: no _class_name")
        return cls(
            package=schema_id.package,
            name=schema_id.name,
            kind=schema_id.kind or SchemaKind.DATA,
            description=text_or_empty(source.get("_desc")),
            properties=tuple(map(SchemaProperty.from_map, as_list(source.get("_properties", []), "_properties"))),
            methods=tuple(map(SchemaMethod.from_map, as_list(source.get("_methods", []), "_methods"))),
            default_severity=as_int(source.get("_default_severity", 5), "_default_severity"),
            given_hash=schema_id.hash,
        )
