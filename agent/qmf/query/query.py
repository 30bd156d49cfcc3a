"""Queries: the objects, ids or schemas that a console requests (qmf/Query.cpp)."""

from dataclasses import dataclass, field
from typing import Self

from ..schema.objects import DataObject, ObjectId
from ..schema.schema_id import SchemaId
from ..wire.errors import Malformed, quote_short
from ..wire.sanitise import sanitise
from ..wire.types import Map, Value
from ..wire.validation import as_list, as_map, as_text
from .budget import Budget
from .predicate import Predicate
from .query_syntax import parse_map

TARGETS = ("OBJECT", "OBJECT_ID", "SCHEMA", "SCHEMA_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request for one object by id, or for those of a class that match a predicate."""

    what: str = "OBJECT"
    object_id: ObjectId | None = None
    schema_id: SchemaId | None = None
    where: list[Value] = field(default_factory=list)
    predicate: Predicate = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Parse the predicate; Malformed, NotSupported or TooLarge if it or the target is not acceptable."""
        if self.what not in TARGETS:
            raise Malformed(f"query: invalid _what {quote_short(self.what)}")
        object.__setattr__(self, "predicate", Predicate(self.where))

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse a validated body; Malformed, NotSupported or TooLarge if it is not acceptable."""
        source = as_map(value, "query")
        return cls(
            what=as_text(source.get("_what"), "_what"),
            object_id=ObjectId.from_map(source["_object_id"]) if source.get("_object_id") is not None else None,
            schema_id=SchemaId.from_map(source["_schema_id"]) if source.get("_schema_id") is not None else None,
            where=as_list(source.get("_where") or [], "_where"),
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse `{class:Host, package:'x', where:[..]}`; the keys are those of the C++ console."""
        source = parse_map(text)
        unknown = set(source) - {"class", "package", "where"}
        if unknown:
            raise Malformed(f"query text: unknown key {quote_short(min(unknown))}")
        schema_id = SchemaId(
            as_text(source.get("package", ""), "package"), as_text(source.get("class", ""), "class"), None
        )
        return cls(schema_id=schema_id, where=as_list(source.get("where", []), "where"))

    def to_map(self) -> Map:
        """Return the body of a query request."""
        result: Map = {"_what": self.what}
        if self.object_id is not None:
            result["_object_id"] = self.object_id.to_map()
        if self.schema_id is not None:
            result["_schema_id"] = self.schema_id.to_map()
        if self.where:
            result["_where"] = sanitise(self.where)
        return result

    def matches(self, item: DataObject, budget: Budget | None = None) -> bool:
        """Return whether the query selects an object; TooLarge if the budget is exhausted."""
        if self.object_id is not None:
            return item.object_id is not None and self.object_id.same_object(item.object_id)
        if self.schema_id is not None and (item.schema_id is None or not self.schema_id.covers(item.schema_id)):
            return False
        return self.predicate.matches_lookup(item.lookup, budget or Budget())
