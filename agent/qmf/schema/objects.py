"""Objects, object ids and events, and their form as maps.

Read from qmf/Data.cpp, qmf/DataAddr.cpp and qpid/management/ManagementAgent.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ..wire.errors import Malformed
from ..wire.sanitise import sanitise_map
from ..wire.types import Map, UByte, UInt, ULong
from ..wire.validation import as_map, as_text
from .schema_id import SchemaId


@dataclass(frozen=True, slots=True)
class ObjectId:
    """The name of an object, unique within its agent."""

    object_name: str
    agent_name: str = ""  # empty: the agent that the request is sent to, or that responded
    agent_epoch: int = 0  # not 0: the object lives no longer than this epoch of the agent

    def to_map(self) -> Map:
        """Return the map for a message body."""
        result: Map = {"_object_name": self.object_name}
        if self.agent_name:
            result["_agent_name"] = self.agent_name
        if self.agent_epoch:
            result["_agent_epoch"] = UInt(self.agent_epoch)
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse an id; Malformed without a name."""
        source = as_map(value, "object id")
        agent = source.get("_agent_name")
        return cls(
            as_text(source.get("_object_name"), "_object_name"),
            agent if isinstance(agent, str) else "",
            _uint64(source, "_agent_epoch"),
        )

    def same_object(self, other: ObjectId) -> bool:
        """Return whether both name one object of an agent; an absent agent name or epoch matches any."""
        return (
            self.object_name == other.object_name
            and (not self.agent_name or not other.agent_name or self.agent_name == other.agent_name)
            and (not self.agent_epoch or not other.agent_epoch or self.agent_epoch == other.agent_epoch)
        )


def reference(target: ObjectId) -> Map:
    """Return the value of a property that refers to another object: TYPE_MAP with subtype `reference`."""
    return target.to_map()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataObject:
    """An object as its agent reports it: its values, and when it was created, updated and deleted.

    Times are in ns since the epoch; 0: not reported.
    """

    object_id: ObjectId | None = None
    schema_id: SchemaId | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    subtypes: Mapping[str, str] = field(default_factory=dict)
    create_ts: int = 0
    update_ts: int = 0
    delete_ts: int = 0  # not 0: the object is deleted

    def to_map(self) -> Map:
        """Return the map for a message body, safe to send."""
        result: Map = {"_values": sanitise_map(self.values)}
        if self.object_id is not None:
            result["_object_id"] = sanitise_map(self.object_id.to_map())
        if self.schema_id is not None:
            result["_schema_id"] = self.schema_id.to_map()
        if self.subtypes:
            result["_subtypes"] = sanitise_map(self.subtypes)
        if self.create_ts or self.update_ts or self.delete_ts:
            result["_create_ts"] = ULong(self.create_ts)
            result["_update_ts"] = ULong(self.update_ts)
            result["_delete_ts"] = ULong(self.delete_ts)
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse an object; any part may be absent. C++ agents send no times."""
        source = as_map(value, "object")
        subtypes = source.get("_subtypes")
        return cls(
            object_id=ObjectId.from_map(source["_object_id"]) if source.get("_object_id") is not None else None,
            schema_id=SchemaId.from_map(source["_schema_id"]) if source.get("_schema_id") is not None else None,
            values=as_map(source.get("_values", {}), "_values"),
            subtypes=_text_entries(subtypes) if isinstance(subtypes, dict) else {},
            create_ts=_uint64(source, "_create_ts"),
            update_ts=_uint64(source, "_update_ts"),
            delete_ts=_uint64(source, "_delete_ts"),
        )

    @property
    def is_deleted(self) -> bool:
        """Whether the object is deleted."""
        return self.delete_ts != 0

    def lookup(self, name: str) -> tuple[bool, object]:
        """Return (found, value) of a name in a predicate: a property, else a part of the ids, as in Java agents."""
        if name in self.values:
            return True, self.values[name]
        for part in (self.object_id, self.schema_id):
            entries = part.to_map() if part is not None else {}
            if name in entries:
                return True, entries[name]
        return False, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event, at `timestamp` (ns since the epoch), of severity 0 (emerg) to 7 (debug)."""

    schema_id: SchemaId | None
    values: Mapping[str, object] = field(default_factory=dict)
    timestamp: int = 0
    severity: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.severity <= 7:
            raise Malformed("event: the severity must be between 0 and 7")

    def to_map(self) -> Map:
        """Return the map for a message body, safe to send."""
        result: Map = {"_values": sanitise_map(self.values)}
        if self.schema_id is not None:
            result["_schema_id"] = sanitise_map(self.schema_id.to_map())
        return result | {"_timestamp": ULong(self.timestamp), "_severity": UByte(self.severity)}

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Parse an event; an absent severity means notice, as in C++ consoles."""
        source = as_map(value, "event")
        return cls(
            schema_id=SchemaId.from_map(source["_schema_id"]) if source.get("_schema_id") is not None else None,
            values=as_map(source.get("_values", {}), "_values"),
            timestamp=_uint64(source, "_timestamp"),
            severity=_uint64(source, "_severity", 5),
        )


def _uint64(source: Map, key: str, default: int = 0) -> int:
    value = source.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
        return default
    return value


def _text_entries(source: Map) -> dict[str, str]:
    return {key: value for key, value in source.items() if isinstance(value, str)}
