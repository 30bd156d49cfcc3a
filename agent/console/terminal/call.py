"""The command call: a method of an object of one node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from hostinfo.suggestions import did_you_mean

from ...qmf import (
    Agent,
    DataObject,
    DataType,
    InvalidArgument,
    Malformed,
    NotFound,
    Query,
    SchemaClass,
    SchemaId,
    SchemaMethod,
    SchemaProperty,
    Value,
    parse_list,
    parse_map,
)
from ...qmf.wire.errors import quote_short
from ..agent_selection import node_names
from ..predicates import parse_value
from ..responses import Response
from .checks import check_where, class_hint
from .session import Session, class_id, query_of
from .table import ID, NODE
from .values import class_name, to_builtins

SHOWN_OBJECTS = 5
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def call(session: Session, target: str, arguments: Sequence[str], where: Sequence[str]) -> int:
    """Call CLASS.METHOD of the only object of the class, or of the one that `where` selects; METHOD: of the agent."""
    class_part, _, method_name = target.rpartition(".")
    texts = _parse_arguments(arguments)
    agents = session.agents()
    names = node_names(agents)
    if class_part:
        check_where(session, agents, class_part, where)
    results: list[dict[str, object]] = []
    responses: list[Response] = []
    for agent in agents:
        item = _object(session, agent, class_part, where) if class_part else None
        if class_part and item is None:
            continue  # of several agents on one host, only one may have the class
        method = _method(session, agent, item, class_part, method_name)
        values = _typed(texts, method)
        object_id = item.object_id if item is not None else None
        response = session.console.call(agent, object_id, method_name, values, session.seconds)
        responses.append(response)
        if response.arguments is not None:
            node = {"node": names[response.agent], "agent": response.agent}
            results.append(node | _record(item, response.arguments))
    if not responses and agents:
        raise NotFound(f"no object of class {quote_short(class_part)}{class_hint(session, agents, class_part)}")
    if session.output.is_json:
        session.output.write_records(results)
    elif results:
        session.output.write_rows([{NODE: one["node"], ID: one["id"], **_mapping(one["values"])} for one in results])
    return session.report_failures(responses, agents, is_empty=not results)


def _record(item: DataObject | None, arguments: Mapping[str, Value]) -> dict[str, object]:
    object_id = item.object_id if item is not None else None
    return {
        "class": class_name(item.schema_id) if item is not None else None,
        "id": object_id.object_name if object_id is not None else None,
        "values": to_builtins(arguments),
    }


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _object(session: Session, agent: Agent, name: str, where: Sequence[str]) -> DataObject | None:
    response = session.console.query([agent], query_of(name, where), session.seconds)[0]
    if response.failure is not None:
        raise NotFound(f"{response.agent}: {response.failure.text}")
    if not response.is_complete:
        raise NotFound(f"{response.agent} did not respond within {session.seconds:g} s; nothing was called")
    objects = response.objects
    if len(objects) > 1:
        some = ", ".join(item.object_id.object_name for item in objects[:SHOWN_OBJECTS] if item.object_id is not None)
        raise InvalidArgument(
            f"{len(objects)} objects of class {quote_short(name)} ({some}, …): select one with --where"
        )
    return objects[0] if objects else None


def _method(
    session: Session, agent: Agent, item: DataObject | None, name: str, method_name: str
) -> SchemaMethod | None:
    """The method's schema; None if the agent has none: then the method is called without a check."""
    if agent.capability < 1:
        response = session.console.schemas(agent, [class_id(name).name] if name else (), session.seconds)
    else:
        schema_id = item.schema_id if item is not None and item.schema_id is not None else class_id(name)
        if not schema_id.name:
            return None
        query = Query(what="SCHEMA", schema_id=SchemaId(schema_id.package, schema_id.name, None))
        response = session.console.query([agent], query, session.seconds)[0]
    classes = [one for one in response.items if isinstance(one, SchemaClass)]
    if not classes:
        return None
    found = next((method for one in classes if (method := one.method(method_name)) is not None), None)
    if found is None:
        known = sorted({method.name for one in classes for method in one.methods})
        hint = did_you_mean(method_name, known) if known else ""
        raise InvalidArgument(f"{quote_short(name)} has no method {quote_short(method_name)}{hint}")
    return found


def _parse_arguments(arguments: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name or name in found:
            raise Malformed(f"arguments must be NAME=VALUE, each name once, not {quote_short(argument)}")
        found[name] = value
    return found


def _typed(texts: Mapping[str, str], method: SchemaMethod | None) -> dict[str, object]:
    """The arguments in the types of the schema."""
    if method is None:
        return {name: parse_value(text) for name, text in texts.items()}
    inputs = method.inputs()
    for name in texts:
        if name not in inputs:
            hint = did_you_mean(name, inputs) if inputs else "; it takes none"
            raise InvalidArgument(f"{method.name} has no argument {quote_short(name)}{hint}")
    return {name: _value(text, inputs[name]) for name, text in texts.items()}


def _value(text: str, argument: SchemaProperty) -> Value:
    type_name = argument.type.name.lower()
    try:
        match argument.type:
            case DataType.BOOL:
                return _BOOLEANS[text.lower()]
            case DataType.INT:
                return int(text, 0)
            case DataType.FLOAT:
                return float(text)
            case DataType.UUID:
                return UUID(text)
            case DataType.LIST:
                return parse_list(text)
            case DataType.MAP:
                return parse_map(text)
    except (ValueError, KeyError):
        raise InvalidArgument(f"{argument.name}={quote_short(text)}: not of type {type_name}") from None
    return text
