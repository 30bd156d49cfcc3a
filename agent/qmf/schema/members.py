"""Members of a class: properties, and methods with their arguments (qmf/SchemaProperty.cpp, qmf/SchemaMethod.cpp)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self, TypeVar

from ..wire.errors import Malformed, quote_short
from ..wire.types import Map, Value
from ..wire.validation import as_list, as_map, as_text, text_or_empty

_E = TypeVar("_E", bound=IntEnum)


class DataType(IntEnum):
    """The types of QMF v2; the numbers enter the schema hash."""

    VOID = 1
    BOOL = 2
    INT = 3
    FLOAT = 4
    STRING = 5
    MAP = 6
    LIST = 7
    UUID = 8


class Access(IntEnum):
    """Whether a property is set at creation (RC), writable (RW) or read-only (RO)."""

    RC = 1
    RW = 2
    RO = 3


class Direction(IntEnum):
    """Whether an argument is input, output or both."""

    I = 1  # noqa: E741  the protocol's spelling
    O = 2  # noqa: E741
    IO = 3


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
    xml_type: str = ""  # the type in schema.xml, with its width ("uint64"); empty: the widest of `type`
    references: str = ""  # "package:class" that a reference points to
    is_statistic: bool = False  # a <statistic> in schema.xml; v2 has only properties

    def to_map(self) -> Map:
        """Return the map for a message body."""
        result: Map = {"_name": self.name, "_type": "TYPE_" + self.type.name, "_access": self.access.name}
        result["_dir"] = self.direction.name
        optional: Map = {"_unit": self.unit, "_desc": self.description, "_index": self.is_index}
        optional |= {"_subtype": self.subtype, "_optional": self.is_optional, "_references": self.references}
        return result | {key: value for key, value in optional.items() if value}

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse a property or argument of a C++ or Java peer; Malformed without a name or a known type."""
        source = as_map(value, "schema property")
        return cls(
            name=as_text(source.get("_name"), "_name"),
            type=_parse_enum(DataType, source.get("_type"), "_type", prefix="TYPE_"),
            access=_parse_enum(Access, source.get("_access", "RO"), "_access"),
            direction=_parse_enum(Direction, source.get("_dir", "I"), "_dir"),
            is_index=bool(source.get("_index")),
            is_optional=bool(source.get("_optional")),
            unit=text_or_empty(source.get("_unit")),
            description=text_or_empty(source.get("_desc")),
            subtype=text_or_empty(source.get("_subtype")),
            references=text_or_empty(source.get("_references")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaMethod:
    """A method of a class; each argument has a direction."""

    name: str
    description: str = ""
    arguments: tuple[SchemaProperty, ...] = ()

    def inputs(self) -> dict[str, SchemaProperty]:
        """Return the input arguments, by name."""
        return {item.name: item for item in self.arguments if item.direction & Direction.I}

    def outputs(self) -> dict[str, SchemaProperty]:
        """Return the output arguments, by name."""
        return {item.name: item for item in self.arguments if item.direction & Direction.O}

    def to_map(self) -> Map:
        """Return the map for a message body."""
        result: Map = {"_name": self.name, "_arguments": [item.to_map() for item in self.arguments]}
        return result | ({"_desc": self.description} if self.description else {})

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse a method; Malformed without a name."""
        source = as_map(value, "schema method")
        arguments = as_list(source.get("_arguments", []), "_arguments")
        return cls(
            name=as_text(source.get("_name"), "_name"),
            description=text_or_empty(source.get("_desc")),
            arguments=tuple(map(SchemaProperty.from_map, arguments)),
        )


def _parse_enum(enum: type[_E], value: Value, what: str, prefix: str = "") -> _E:
    text = as_text(value, what)
    try:
        return enum[text.removeprefix(prefix)]
    except KeyError:
        raise Malformed(f"{what}: unknown value {quote_short(text)}") from None
