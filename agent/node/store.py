"""The agent's objects, created from each read of a group, with their times of creation, update and deletion.

When a group can no longer be read, its objects keep their last values and get the reason in their ``errors``:
processors do not vanish because a daemon stopped. A field that could not be read is absent; its reason is in the errors
of ovirtNode, and of the object that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hostinfo import GroupResult, HostInfoError
from hostinfo.groups import TABLE

from ..qmf import DataObject, ObjectId, SchemaClass, SchemaId
from .classes import CLASSES, OVIRT_NODE
from .driver_health import DriverHealth, reason_of
from .events import EVENTS, PendingEvent, diff_events
from .objects import NODE_NAME, node_values, objects_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Value = object  # the protocol library requires a method of that name


class NodeStore:
    """A ``Store`` for the protocol library; one thread at a time."""

    def __init__(self, agent: str, properties: Mapping[str, _Value]) -> None:
        """``properties``: those of ovirtNode that the agent itself sets, such as its uuid."""
        self._agent = agent
        self._properties = dict(properties)
        self._node_values: dict[str, dict[str, _Value]] = {}  # group -> its properties of ovirtNode
        self._errors: dict[str, dict[str, _Value]] = {}
        self._values: dict[str, _Value] = {}  # group -> last value
        self._drivers = DriverHealth()
        self._objects: dict[str, DataObject] = {}
        self._names_of_group: dict[str, set[str]] = {}
        self._changed: dict[str, None] = {}
        self._deleted: list[DataObject] = []

    # -- read by the protocol library

    def schemas(self) -> Iterable[SchemaClass]:
        """Return all classes and events."""
        return (*CLASSES, *EVENTS.values())

    def objects(self, schema_id: SchemaId | None) -> Iterator[DataObject]:
        """Return the objects of the classes that the id matches; None: all."""
        for one in list(self._objects.values()):
            if schema_id is None or one.schema_id is None or schema_id.covers(one.schema_id):
                yield one

    def object(self, object_id: ObjectId) -> DataObject | None:
        """Return the object with this name."""
        return self._objects.get(object_id.object_name)

    # -- updated by the agent

    def update(self, group: str, result: GroupResult[Any] | HostInfoError, now_ns: int) -> list[PendingEvent]:
        """Store the result of reading a group; return the events since the previous one."""
        failed_before = self._drivers.failing(group)
        events = self._drivers.update(group, result)
        if isinstance(result, HostInfoError):
            self._errors[group] = {group: reason_of(result)}
            for name in self._names_of_group.get(group, ()):
                before = self._objects[name]
                self._put(before.schema_id, name, {**before.values, "errors": dict(self._errors[group])}, now_ns)
        else:
            self._errors[group] = _errors(group, result)
            self._node_values[group] = node_values(group, result.value)
            self._update_objects(group, result.value, now_ns)
            if self._drivers.failing(group) == failed_before:  # another driver's different view is no event
                events += diff_events(self._values.get(group), result.value)
            if not TABLE[group].is_volatile:
                self._values[group] = result.value
        self._update_node(now_ns)
        return events

    def update_connection(self, driver: str, error: HostInfoError | None) -> list[PendingEvent]:
        """Note that a driver's connection was lost, or (None) established; return the events."""
        return self._drivers.update_connection(driver, error)

    def set_property(self, now_ns: int, **values: _Value) -> None:
        """Set properties of ovirtNode."""
        self._properties |= values
        self._update_node(now_ns)

    def set_warning(self, key: str, text: str | None, now_ns: int) -> bool:
        """Set or (None) clear a warning in ovirtNode's errors, under ``(key)``; return whether that is a change."""
        errors: dict[str, _Value] = {} if text is None else {f"({key})": text}
        if self._errors.get(f"({key})", {}) == errors:
            return False
        self._errors[f"({key})"] = errors
        self._update_node(now_ns)
        return True

    def take_changes(self) -> tuple[list[DataObject], list[DataObject]]:
        """Return the objects that were added or changed, and those that were deleted, since the last call."""
        changed = [self._objects[name] for name in self._changed if name in self._objects]
        deleted, self._deleted, self._changed = self._deleted, [], {}
        return changed, deleted

    def persistent_objects(self) -> list[DataObject]:
        """Return all objects except statistics, which are published whenever they change."""
        statistics = {
            name for group, names in self._names_of_group.items() if TABLE[group].is_volatile for name in names
        }
        return [one for name, one in self._objects.items() if name not in statistics]

    def last_value(self, group: str) -> _Value:
        """Return the last value of a group; None: it was never read."""
        return self._values.get(group)

    def _update_objects(self, group: str, value: _Value, now_ns: int) -> None:
        names = set()
        for schema, name, values, path in objects_of(group, value, self._agent):
            prefix = f"{group}.{path}"
            errors = {where: reason for where, reason in self._errors[group].items() if where.startswith(prefix)}
            self._put(schema.id, name, values | ({"errors": errors} if errors else {}), now_ns)
            names.add(name)
        for name in self._names_of_group.get(group, set()) - names:
            self._deleted.append(replace(self._objects.pop(name), delete_ts=now_ns))
        self._names_of_group[group] = names

    def _update_node(self, now_ns: int) -> None:
        values = {name: value for one in self._node_values.values() for name, value in one.items()} | self._properties
        errors = {path: reason for one in self._errors.values() for path, reason in one.items()}
        self._put(OVIRT_NODE.id, NODE_NAME, values | ({"errors": errors} if errors else {}), now_ns)

    def _put(self, schema_id: SchemaId | None, name: str, values: Mapping[str, _Value], now_ns: int) -> None:
        before = self._objects.get(name)
        if before is not None and before.values == values:
            return
        self._objects[name] = DataObject(
            object_id=ObjectId(name, self._agent),
            schema_id=schema_id,
            values=values,
            create_ts=before.create_ts if before is not None else now_ns,
            update_ts=now_ns,
        )
        self._changed[name] = None


def _errors(group: str, result: GroupResult[Any]) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for problem in (*result.failed_drivers, *result.problems):
        path = f"{group}.{problem.path}" if problem.path else f"{group} ({problem.driver})"
        reason = reason_of(problem.error)
        found[path] = f"{found[path]}; {reason}" if path in found else reason
    return found
