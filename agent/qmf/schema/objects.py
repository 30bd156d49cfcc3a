"""Objects, their ids, and events, and their form as maps.

Read from qmf/Data.cpp, qmf/DataAddr.cpp and qpid/management/ManagementAgent.cpp.
"""

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
    """Which object: the agent, the object's name there, and the agent's epoch where the object dies with it."""

    object_name: str
    agent_name: str = ""  # empty: the agent that is asked, or that answered
    agent_epoch: int = 0  # 0: the object's name survives a restart of the agent

    def to_map(self) -> Map:
        """Give the map for a body."""
        result: Map = {"_object_name": self.object_name}
        if self.agent_name:
            result["_agent_name"] = self.agent_name
        if self.agent_epoch:
            result["_agent_epoch"] = UInt(self.agent_epoch)
        return result

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read an id; Malformed without a name."""
        source = as_map(value, "object id")
        agent = source.get("_agent_name")
        return cls(
            as_text(source.get("_object_name"), "_object_name"),
            agent if isinstance(agent, str) else "",
            _number(source, "_agent_epoch"),
        )

    def same_object(self, other: "ObjectId") -> bool:
        """Compare as an agent does among its own: an absent agent name or epoch matches any."""
        return (
            self.object_name == other.object_name
            and (not self.agent_name or not other.agent_name or self.agent_name == other.agent_name)
            and (not self.agent_epoch or not other.agent_epoch or self.agent_epoch == other.agent_epoch)
        )


def reference(target: ObjectId) -> Map:
    """Give the value of a property that refers to another object: TYPE_MAP with subtype `reference`."""
    return target.to_map()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataObject:
    """An object as an agent tells it: its values, and when it came, changed and went.

    Times are ns since the epoch; 0: not told.
    """

    object_id: ObjectId | None = None
    schema_id: SchemaId | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    subtypes: Mapping[str, str] = field(default_factory=dict)
    create_ts: int = 0
    update_ts: int = 0
    delete_ts: int = 0  # not 0: the object is gone

    def to_map(self) -> Map:
        """Give the map for a body, made safe to send."""
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
        """Read an object; anything but the values may be absent, C++ agents send no times."""
        source = as_map(value, "object")
        subtypes = source.get("_subtypes")
        return cls(
            object_id=ObjectId.from_map(source["_object_id"]) if source.get("_object_id") is not None else None,
            schema_id=SchemaId.from_map(source["_schema_id"]) if source.get("_schema_id") is not None else None,
            values=as_map(source.get("_values", {}), "_values"),
            subtypes=_texts(subtypes) if isinstance(subtypes, dict) else {},
            create_ts=_number(source, "_create_ts"),
            update_ts=_number(source, "_update_ts"),
            delete_ts=_number(source, "_delete_ts"),
        )

    @property
    def is_deleted(self) -> bool:
        """Tell whether the object is gone."""
        return self.delete_ts != 0

    def lookup(self, name: str) -> tuple[bool, object]:
        """Find what a predicate names: a value, else a part of the ids as Java agents allow; (found, value)."""
        if name in self.values:
            return True, self.values[name]
        for part in (self.object_id, self.schema_id):
            entries = part.to_map() if part is not None else {}
            if name in entries:
                return True, entries[name]
        return False, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at `timestamp` (ns since the epoch), of severity 0 (emerg) to 7 (debug)."""

    schema_id: SchemaId | None
    values: Mapping[str, object] = field(default_factory=dict)
    timestamp: int = 0
    severity: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.severity <= 7:
            raise Malformed("event: the severity is not between 0 and 7")

    def to_map(self) -> Map:
        """Give the map for a body, made safe to send."""
        result: Map = {"_values": sanitise_map(self.values)}
        if self.schema_id is not None:
            result["_schema_id"] = sanitise_map(self.schema_id.to_map())
        return result | {"_timestamp": ULong(self.timestamp), "_severity": UByte(self.severity)}

    @classmethod
    def from_map(cls, value: object) -> Self:
        """Read an event; an absent severity is notice, as C++ consoles take it."""
        source = as_map(value, "event")
        return cls(
            schema_id=SchemaId.from_map(source["_schema_id"]) if source.get("_schema_id") is not None else None,
            values=as_map(source.get("_values", {}), "_values"),
            timestamp=_number(source, "_timestamp"),
            severity=_number(source, "_severity", 5),
        )


def _number(source: Map, key: str, default: int = 0) -> int:
    value = source.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
        return default
    return value


def _texts(source: Map) -> dict[str, str]:
    return {key: value for key, value in source.items() if isinstance(value, str)}
