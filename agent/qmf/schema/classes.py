"""Schemas: what classes of objects and events a peer has, and their form as maps (qmf/Schema*.cpp).

A schema's hash only has to change when the schema does. Three incompatible ways to compute it exist; ours is the C++
library's (`schema_hash`). A schema that came from a peer keeps the hash that the peer gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self, TypeVar
from uuid import UUID

from ..wire.errors import Malformed, short
from ..wire.types import Map, UInt, Value
from ..wire.validation import as_int, as_list, as_map, as_text, as_uuid

_E = TypeVar("_E", bound=IntEnum)


class DataType(IntEnum):
    """The types of QMF v2; the numbers go into the hash."""

    VOID = 1
    BOOL = 2
    INT = 3
    FLOAT = 4
    STRING = 5
    MAP = 6
    LIST = 7
    UUID = 8


class Access(IntEnum):
    """Who may set a property, and when."""

    RC = 1
    RW = 2
    RO = 3


class Direction(IntEnum):
    """Which way an argument goes."""

    I = 1  # noqa: E741  the protocol's own spelling
    O = 2  # noqa: E741
    IO = 3


class Kind(IntEnum):
    """What a class describes."""

    DATA = 1
    EVENT = 2


_KIND_NAMES = {Kind.DATA: "_data", Kind.EVENT: "_event"}


@dataclass(frozen=True, slots=True)
class SchemaId:
    """Package and class; an absent kind or hash matches any."""

    package: str
    name: str
    kind: Kind | None = Kind.DATA
    hash: UUID | None = field(default=None, compare=False)

    def to_map(self) -> Map:
        """Give the map for a body."""
        result: Map = {"_package_name": self.package, "_class_name": self.name}
        if self.kind is not None:
            result["_type"] = _KIND_NAMES[self.kind]
        if self.hash is not None:
            result["_hash"] = self.hash
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read an id; a query may leave out anything, which then is empty or None."""
        source = as_map(value, "schema id")
        kind = source.get("_type")
        kinds = {"_data": Kind.DATA, "_event": Kind.EVENT}
        return cls(
            as_text(source.get("_package_name", ""), "_package_name"),
            as_text(source.get("_class_name", ""), "_class_name"),
            kinds.get(kind) if isinstance(kind, str) else None,
            None if source.get("_hash") is None else as_uuid(source["_hash"], "_hash"),
        )

    def covers(self, other: "SchemaId") -> bool:
        """Tell whether this, as a pattern, names the other: empty parts name all, the hash counts if given."""
        return (
            (not self.package or self.package == other.package)
            and (not self.name or self.name == other.name)
            and (self.kind is None or other.kind is None or self.kind == other.kind)
            and (self.hash is None or other.hash is None or self.hash == other.hash)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProperty:
    """A property of a class, or an argument of a method or event."""

    name: str
    type: DataType
    subtype: str = ""  # "timestamp", "duration", "reference", …
    access: Access = Access.RO
    is_index: bool = False
    is_optional: bool = False
    unit: str = ""
    description: str = ""
    direction: Direction = Direction.I
    xml_type: str = ""  # the width, in the words of schema.xml ("uint64"); empty: the widest of `type`
    references: str = ""  # "package:class" of what a reference leads to
    is_statistic: bool = False  # shown apart in schema.xml; v2 has properties only

    def to_map(self) -> Map:
        """Give the map for a body."""
        result: Map = {"_name": self.name, "_type": "TYPE_" + self.type.name, "_access": self.access.name}
        result["_dir"] = self.direction.name
        optional: Map = {"_unit": self.unit, "_desc": self.description, "_index": self.is_index}
        optional |= {"_subtype": self.subtype, "_optional": self.is_optional, "_references": self.references}
        return result | {key: value for key, value in optional.items() if value}

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read a property or argument as C++ and Java peers write it; Malformed without name or known type."""
        source = as_map(value, "schema property")
        return cls(
            name=as_text(source.get("_name"), "_name"),
            type=_member(DataType, source.get("_type"), "_type", prefix="TYPE_"),
            access=_member(Access, source.get("_access", "RO"), "_access"),
            direction=_member(Direction, source.get("_dir", "I"), "_dir"),
            is_index=bool(source.get("_index")),
            is_optional=bool(source.get("_optional")),
            unit=_text(source, "_unit"),
            description=_text(source, "_desc"),
            subtype=_text(source, "_subtype"),
            references=_text(source, "_references"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaMethod:
    """A method of a class; each argument has its direction."""

    name: str
    description: str = ""
    arguments: tuple[SchemaProperty, ...] = ()

    def inputs(self) -> dict[str, SchemaProperty]:
        """Give the arguments that the caller gives, by name."""
        return {item.name: item for item in self.arguments if item.direction & Direction.I}

    def outputs(self) -> dict[str, SchemaProperty]:
        """Give the arguments that come back, by name."""
        return {item.name: item for item in self.arguments if item.direction & Direction.O}

    def to_map(self) -> Map:
        """Give the map for a body."""
        result: Map = {"_name": self.name, "_arguments": [item.to_map() for item in self.arguments]}
        return result | ({"_desc": self.description} if self.description else {})

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read a method; Malformed without a name."""
        source = as_map(value, "schema method")
        arguments = as_list(source.get("_arguments", []), "_arguments")
        return cls(
            name=as_text(source.get("_name"), "_name"),
            description=_text(source, "_desc"),
            arguments=tuple(map(SchemaProperty.from_map, arguments)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaClass:
    """A class of objects or events."""

    package: str
    name: str
    kind: Kind = Kind.DATA
    description: str = ""
    properties: tuple[SchemaProperty, ...] = ()
    methods: tuple[SchemaMethod, ...] = ()
    default_severity: int = 5  # events only: 0 (emerg) to 7 (debug)
    given_hash: UUID | None = None  # the peer's; None: computed
    _id: list[SchemaId] = field(default_factory=list, compare=False, repr=False)

    @property
    def id(self) -> SchemaId:
        """The id with its hash; computed once."""
        if not self._id:
            from .hash import schema_hash

            digest = self.given_hash or schema_hash(self)
            self._id.append(SchemaId(self.package, self.name, self.kind, digest))
        return self._id[0]

    def method(self, name: str) -> SchemaMethod | None:
        """Find a method by its name."""
        return next((method for method in self.methods if method.name == name), None)

    def to_map(self) -> Map:
        """Give the map for a body."""
        result: Map = {"_schema_id": self.id.to_map()}
        if self.description:
            result["_desc"] = self.description
        if self.kind is Kind.EVENT:
            result["_default_severity"] = UInt(self.default_severity)
        result["_properties"] = [item.to_map() for item in self.properties]
        result["_methods"] = [item.to_map() for item in self.methods]
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read a schema; Malformed when its id or one of its parts is unusable."""
        source = as_map(value, "schema")
        schema_id = SchemaId.from_map(source.get("_schema_id"))
        if not schema_id.name:
            raise Malformed("schema: no _class_name")
        return cls(
            package=schema_id.package,
            name=schema_id.name,
            kind=schema_id.kind or Kind.DATA,
            description=_text(source, "_desc"),
            properties=tuple(map(SchemaProperty.from_map, as_list(source.get("_properties", []), "_properties"))),
            methods=tuple(map(SchemaMethod.from_map, as_list(source.get("_methods", []), "_methods"))),
            default_severity=as_int(source.get("_default_severity", 5), "_default_severity"),
            given_hash=schema_id.hash,
        )


def _text(source: Mapping[str, Value], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def _member(enum: type[_E], value: Value, what: str, prefix: str = "") -> _E:
    text = as_text(value, what)
    try:
        return enum[text.removeprefix(prefix)]
    except KeyError:
        raise Malformed(f"{what}: unknown word {short(text)}") from None
