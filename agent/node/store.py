"""The agent's objects: made from each reading of a group, with when they came, changed and went.

A group that can't be told any more keeps its objects and their last values, with the reason in their ``errors``: a
machine's processors do not vanish because a daemon does. What could not be read of a group that was told is absent, and
its reason stands in the errors of ovirtNode (and of the object, where the problem is one object's).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from errno import ECONNRESET, ETIMEDOUT

from hostinfo import DriverError, GroupResult, HostInfoError, ReadError, Unavailable

from ..qmf import DataObject, ObjectId, SchemaClass, SchemaId
from .classes import CLASSES, OVIRT_NODE
from .events import EVENTS, Happened, between
from .objects import NODE_NAME, items, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Value = object  # the protocol library wants a method of that name
_CONNECTED_DRIVERS = "libvirt"
"""How the names of drivers begin whose connection can be lost; to make hypercalls may be forbidden, no more."""


class NodeStore:
    """A store for the protocol library; one thread at a time."""

    def __init__(self, agent: str, about: Mapping[str, _Value]) -> None:
        """``about``: what the agent itself knows of ovirtNode (uuid, …)."""
        self._agent = agent
        self._about = dict(about)
        self._parts: dict[str, dict[str, _Value]] = {}
        self._errors: dict[str, dict[str, _Value]] = {}
        self._values: dict[str, _Value] = {}
        self._failing: dict[str, dict[str, str]] = {}  # group -> driver -> reason
        self._silent: dict[str, dict[str, str]] = {}  # the same, of those that did not answer at all
        self._broken: dict[str, str] = {}  # driver whose connection broke -> reason
        self._lost: set[str] = set()  # drivers of which hypervisorLost is the last word
        self._objects: dict[str, DataObject] = {}
        self._of_group: dict[str, set[str]] = {}
        self._changed: dict[str, None] = {}
        self._gone: list[DataObject] = []

    # -- what the protocol library asks

    def schemas(self) -> Iterable[SchemaClass]:
        """All classes."""
        return (*CLASSES, *EVENTS.values())

    def objects(self, schema_id: SchemaId | None) -> Iterator[DataObject]:
        """The objects of the classes that the id covers."""
        for one in list(self._objects.values()):
            if schema_id is None or one.schema_id is None or schema_id.covers(one.schema_id):
                yield one

    def object(self, object_id: ObjectId) -> DataObject | None:
        """One object by its name."""
        return self._objects.get(object_id.object_name)

    # -- what the agent tells it

    def changed(self) -> tuple[list[DataObject], list[DataObject]]:
        """What is new or different, and what went, since the last call."""
        changed = [self._objects[name] for name in self._changed if name in self._objects]
        gone, self._gone, self._changed = self._gone, [], {}
        return changed, gone

    def about(self, now_ns: int, **values: _Value) -> None:
        """The agent knows something else of ovirtNode."""
        self._about |= values
        self._make_node(now_ns)

    def take(self, group: str, answer: "GroupResult[Any] | HostInfoError", now_ns: int) -> list[Happened]:
        """A reading of a group; returns what happened since the one before."""
        failed_before = self._failing.get(group, {}).keys()
        happened = list(self._note_drivers(group, answer))
        if isinstance(answer, HostInfoError):
            self._errors[group] = {group: _reason(answer)}
            for name in self._of_group.get(group, ()):
                was = self._objects[name]
                self._put(was.schema_id, name, {**was.values, "errors": dict(self._errors[group])}, now_ns)
        else:
            self._errors[group] = _errors(group, answer)
            self._parts[group] = part(group, answer.value)
            self._take_items(group, answer.value, now_ns)
            if self._failing[group].keys() == failed_before:  # else another driver tells it, in its own way
                happened += between(self._values.get(group), answer.value)
            if group != "statistics":
                self._values[group] = answer.value
        self._make_node(now_ns)
        return happened

    def connection(self, driver: str, error: HostInfoError | None) -> list[Happened]:
        """A driver's own connection broke, or (None) stands now; returns what happened."""
        if error is None:
            self._broken.pop(driver, None)
        else:
            self._broken[driver] = _reason(error)
        return list(self._note_hypervisors())

    def lasting(self) -> list[DataObject]:
        """All objects but the statistics, which are told as they change."""
        return [one for name, one in self._objects.items() if name not in self._of_group.get("statistics", ())]

    def trouble(self, key: str, why: str | None) -> bool:
        """Something is the matter besides the groups' own errors (None: no longer); whether that is news."""
        errors: dict[str, _Value] = {} if why is None else {f"({key})": why}
        is_news = self._errors.get(f"({key})", {}) != errors
        self._errors[f"({key})"] = errors
        return is_news

    def facts(self, group: str) -> _Value:
        """The last value of a group; None: it was never told."""
        return self._values.get(group)

    def _take_items(self, group: str, value: _Value, now_ns: int) -> None:
        names = set()
        for schema, name, values, place in items(group, value, self._agent):
            start = f"{group}.{place}"
            own = {path: why for path, why in self._errors[group].items() if path.startswith(start)}
            self._put(schema.id, name, values | ({"errors": own} if own else {}), now_ns)
            names.add(name)
        for name in self._of_group.get(group, set()) - names:
            self._gone.append(replace(self._objects.pop(name), delete_ts=now_ns))
        self._of_group[group] = names

    def _make_node(self, now_ns: int) -> None:
        values = {name: value for one in self._parts.values() for name, value in one.items()} | self._about
        errors = {path: why for one in self._errors.values() for path, why in one.items()}
        self._put(OVIRT_NODE.id, NODE_NAME, values | ({"errors": errors} if errors else {}), now_ns)

    def _put(self, schema_id: SchemaId | None, name: str, values: Mapping[str, _Value], now_ns: int) -> None:
        was = self._objects.get(name)
        if was is not None and was.values == values:
            return
        self._objects[name] = DataObject(
            object_id=ObjectId(name, self._agent),
            schema_id=schema_id,
            values=values,
            create_ts=was.create_ts if was is not None else now_ns,
            update_ts=now_ns,
        )
        self._changed[name] = None

    def _note_drivers(self, group: str, answer: "GroupResult[Any] | HostInfoError") -> Iterator[Happened]:
        """A driver that failed as a whole at a group, or does no longer; the first reading sets what is normal."""
        failing = _failing(answer, _has_failed)
        self._silent[group] = _failing(answer, _is_silent)
        before, self._failing[group] = self._failing.get(group), failing
        if before is None:
            self._lost.update(self._unreachable())
            return
        for driver, reason in failing.items():
            if driver not in before:
                yield Happened("driverFailed", {"group": group, "driver": driver, "reason": reason})
        for driver in before:
            if driver not in failing:
                yield Happened("driverRecovered", {"group": group, "driver": driver})
        yield from self._note_hypervisors()

    def _note_hypervisors(self) -> Iterator[Happened]:
        """Lost is a daemon whose connection broke or that fails to answer; back, when neither is the case."""
        unreachable = self._unreachable()
        for driver in unreachable.keys() - self._lost:
            yield Happened("hypervisorLost", {"driver": driver, "reason": unreachable[driver]})
        for driver in self._lost - unreachable.keys():
            yield Happened("hypervisorBack", {"driver": driver})
        self._lost = set(unreachable)

    def _unreachable(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for reasons in (*self._silent.values(), self._broken):
            found |= {driver: reason for driver, reason in reasons.items() if driver.startswith(_CONNECTED_DRIVERS)}
        return found


def _has_failed(error: HostInfoError) -> bool:
    return isinstance(error, DriverError)


def _is_silent(error: HostInfoError) -> bool:
    """Whether the driver could not reach what it asks; an answer that makes no sense is one."""
    return isinstance(error, Unavailable) or (isinstance(error, ReadError) and error.errno in (ECONNRESET, ETIMEDOUT))


def _failing(answer: "GroupResult[Any] | HostInfoError", is_one: Callable[[HostInfoError], bool]) -> dict[str, str]:
    """Driver -> why it could not tell the group at all, where the reason is such a one."""
    if isinstance(answer, HostInfoError):
        return dict.fromkeys(answer.drivers, _reason(answer)) if is_one(answer) else {}
    return {
        problem.driver: _reason(problem.error)
        for problem in answer.problems
        if not problem.path and is_one(problem.error)
    }


def _errors(group: str, fact: "GroupResult[Any]") -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for problem in fact.problems:
        path = f"{group}.{problem.path}" if problem.path else f"{group} ({problem.driver})"
        why = _reason(problem.error)
        found[path] = f"{found[path]}; {why}" if path in found else why
    return found


def _reason(error: HostInfoError) -> str:
    return f"{error.kind}: {error}"
