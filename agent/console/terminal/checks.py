"""Names of classes, properties and columns that the agents' schemas do not have, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hostinfo.suggestions import did_you_mean

from ...qmf import Agent, DataObject, InvalidArgument, Query, SchemaClass, SchemaId, SchemaKind, Value
from ...qmf.wire.errors import quote_short
from .session import Session, class_id, conditions
from .table import Row, requested_columns

SAMPLE_AGENTS, SAMPLE_SECONDS = 20, 2.0
_LOGICAL = ("and", "or", "not")


def class_hint(session: Session, agents: Sequence[Agent], name: str) -> str:
    """Return the end of a message that there is no object of a class: similar classes, if there is no such class."""
    responses = _query_sample(session, agents, Query(what="SCHEMA_ID"))
    known = {item for item in responses if isinstance(item, SchemaId)}
    named = [item for item in known if class_id(name).covers(item)]
    if named and all(item.kind is SchemaKind.EVENT for item in named):
        return "; it is an event, which `hostinfo console events` shows"
    if not known or named:
        return ""
    names = sorted({item.name for item in known if item.kind is not SchemaKind.EVENT})
    return did_you_mean(class_id(name).name, names)


def check_where(
    session: Session, agents: Sequence[Agent], name: str, where: Sequence[str], objects: Iterable[DataObject] = ()
) -> None:
    """Raise InvalidArgument if a predicate names a property that neither the class nor one of its objects has.

    A wrong name can also select objects, by `!NAME` and `NAME!=VALUE`. Without a schema, no name is wrong.
    """
    used = {one for one in _names(conditions(where)) if not one.startswith("_")}
    if used:
        shown = {one for item in objects for one in item.values}
        used = {one for one in used if one.partition(".")[0] not in shown}
    known = _properties(session, agents, name) if used else []
    for one in sorted(used):
        if known and one.partition(".")[0] not in known:
            raise InvalidArgument(f"class {name} has no property {quote_short(one)}{did_you_mean(one, known)}")


def check_columns(
    session: Session, agents: Sequence[Agent], name: str | None, rows: Sequence[Row], columns: Sequence[str]
) -> None:
    """Raise InvalidArgument if neither a row nor the class (None: the agents themselves) has a requested column."""
    shown = {one.removeprefix("@") for row in rows for one in row}
    missing = [one for one in requested_columns(rows, columns) if one.removeprefix("@") not in shown]
    if not missing:
        return
    known = [*shown, *(_properties(session, agents, name) if name is not None else ())]
    for one in missing:
        if one not in known:
            raise InvalidArgument(f"there is no column {quote_short(one)}{did_you_mean(one, sorted(set(known)))}")


def _properties(session: Session, agents: Sequence[Agent], name: str) -> list[str]:
    pattern = class_id(name)
    query = Query(what="SCHEMA", schema_id=SchemaId(pattern.package, pattern.name, None))
    classes = [item for item in _query_sample(session, agents, query) if isinstance(item, SchemaClass)]
    return list(dict.fromkeys(one.name for item in classes for one in item.properties))


def _query_sample(session: Session, agents: Sequence[Agent], query: Query) -> list[object]:
    """Ask some of the agents that answer such queries; an answer that is missing costs a hint and nothing else."""
    sample = [agent for agent in agents if agent.capability >= 1][:SAMPLE_AGENTS]
    responses = session.console.query(sample, query, min(session.seconds, SAMPLE_SECONDS))
    return [item for response in responses for item in response.items]


def _names(expression: Iterable[Value] | Value) -> Iterator[str]:
    """Yield the names of properties in a predicate: every text that is neither an operator nor quoted."""
    if not isinstance(expression, list) or not expression or expression[0] == "quote":
        return
    for part in expression[1:]:
        if isinstance(part, list):
            yield from _names(part)
        elif isinstance(part, str) and expression[0] not in _LOGICAL:
            yield part
