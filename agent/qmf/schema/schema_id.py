"""Schema ids: package, class, kind and hash (qmf/SchemaId.cpp)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self
from uuid import UUID

from ..wire.types import Map
from ..wire.validation import as_map, as_text, as_uuid


class SchemaKind(IntEnum):
    """What the instances of a class are."""

    DATA = 1
    EVENT = 2


_TYPE_NAMES = {SchemaKind.DATA: "_data", SchemaKind.EVENT: "_event"}
_KINDS = {name: kind for kind, name in _TYPE_NAMES.items()}


@dataclass(frozen=True, slots=True)
class SchemaId:
    """The name of a class, within its package. As a pattern, an absent part matches any."""

    package: str
    name: str
    kind: SchemaKind | None = SchemaKind.DATA
    hash: UUID | None = field(default=None, compare=False)

    def to_map(self) -> Map:
        """Return the map for a message body."""
        result: Map = {"_package_name": self.package, "_class_name": self.name}
        if self.kind is not None:
            result["_type"] = _TYPE_NAMES[self.kind]
        if self.hash is not None:
            result["_hash"] = self.hash
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse an id; a part that is absent, as a query may leave out any, becomes empty or None."""
        source = as_map(value, "schema id")
        kind = source.get("_type")
        return cls(
            as_text(source.get("_package_name", ""), "_package_name"),
            as_text(source.get("_class_name", ""), "_class_name"),
            _KINDS.get(kind) if isinstance(kind, str) else None,
            None if source.get("_hash") is None else as_uuid(source["_hash"], "_hash"),
        )

    def covers(self, other: SchemaId) -> bool:
        """Return whether this id, as a pattern, matches the other; hashes are compared if both are present."""
        return (
            (not self.package or self.package == other.package)
            and (not self.name or self.name == other.name)
            and (self.kind is None or other.kind is None or self.kind == other.kind)
            and (self.hash is None or other.hash is None or self.hash == other.hash)
        )
