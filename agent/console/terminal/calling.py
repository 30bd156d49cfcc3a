"""The command that acts: call a method of an object of one node."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

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
from ..answers import Answer
from ..nodes import labels
from ..predicates import value_of
from .session import Session, class_id, query_of
from .table import ID, NODE
from .values import class_name, plain

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def call(session: Session, target: str, arguments: Sequence[str], where: Sequence[str]) -> int:
    """Call CLASS.METHOD of the one object there is, or that `where` leaves; METHOD alone has no object."""
    class_part, _, method_name = target.rpartition(".")
    texts = _pairs(arguments)
    agents = session.agents()
    names = labels(agents)
    told: list[dict[str, object]] = []
    answers: list[Answer] = []
    for agent in agents:
        item = _object(session, agent, class_part, where) if class_part else None
        if class_part and item is None and len(agents) > 1:
            continue  # several agents of one host: the one that has the class is meant
        method = _method(session, agent, item, class_part, method_name)
        values = _typed(texts, method)
        object_id = item.object_id if item is not None else None
        answer = session.console.call(agent, object_id, method_name, values, session.seconds)
        answers.append(answer)
        if answer.arguments is not None:
            told.append({"node": names[answer.agent], "agent": answer.agent} | _record(item, answer.arguments))
    if not answers and agents:
        raise NotFound(f"no object of class {quote_short(class_part)}")
    if session.screen.is_json:
        session.screen.records(told)
    elif told:
        session.screen.rows([{NODE: one["node"], ID: one["id"], **_map(one["values"])} for one in told])
    return session.settle(answers, agents, is_empty=not told)


def _record(item: DataObject | None, arguments: Mapping[str, Value]) -> dict[str, object]:
    object_id = item.object_id if item is not None else None
    return {
        "class": class_name(item.schema_id) if item is not None else None,
        "id": object_id.object_name if object_id is not None else None,
        "values": plain(arguments),
    }


def _map(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _object(session: Session, agent: Agent, name: str, where: Sequence[str]) -> DataObject | None:
    answer = session.console.query([agent], query_of(name, where), session.seconds)[0]
    if answer.failure is not None:
        raise NotFound(f"{answer.agent}: {answer.failure.text}")
    if not answer.is_complete:
        raise NotFound(f"{answer.agent} did not answer in {session.seconds:g} s; nothing was called")
    if len(answer.objects) > 1:
        some = ", ".join(item.object_id.object_name for item in answer.objects[:5] if item.object_id is not None)
        raise InvalidArgument(
            f"{len(answer.objects)} objects of class {quote_short(name)} ({some}, …): choose with --where"
        )
    return answer.objects[0] if answer.objects else None


def _method(
    session: Session, agent: Agent, item: DataObject | None, name: str, method_name: str
) -> SchemaMethod | None:
    """Find what the agent says of the method; None where it says nothing, then it is called on trust."""
    if agent.capability < 1:
        answer = session.console.schemas(agent, [class_id(name).name] if name else (), session.seconds)
    else:
        schema_id = item.schema_id if item is not None and item.schema_id is not None else class_id(name)
        if not schema_id.name:
            return None
        wanted = SchemaId(schema_id.package, schema_id.name, None)
        answer = session.console.query([agent], Query(what="SCHEMA", schema_id=wanted), session.seconds)[0]
    classes = [one for one in answer.items if isinstance(one, SchemaClass)]
    if not classes:
        return None
    found = next((method for one in classes if (method := one.method(method_name)) is not None), None)
    if found is None:
        known = ", ".join(sorted({method.name for one in classes for method in one.methods})) or "none"
        raise InvalidArgument(f"{quote_short(name)} has no method {quote_short(method_name)}; it has: {known}")
    return found


def _pairs(arguments: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for argument in arguments:
        name, is_there, value = argument.partition("=")
        if not is_there or not name or name in found:
            raise Malformed(f"arguments are NAME=VALUE, each once, not {quote_short(argument)}")
        found[name] = value
    return found


def _typed(texts: Mapping[str, str], method: SchemaMethod | None) -> dict[str, object]:
    if method is None:
        return {name: value_of(text) for name, text in texts.items()}
    inputs = method.inputs()
    for name in texts:
        if name not in inputs:
            known = ", ".join(inputs) or "none"
            raise InvalidArgument(f"{method.name} has no argument {quote_short(name)}; it takes: {known}")
    return {name: _value(text, inputs[name]) for name, text in texts.items()}


def _value(text: str, argument: SchemaProperty) -> Value:
    try:
        match argument.type:
            case DataType.BOOL:
                return _TRUTH[text.lower()]
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
        raise InvalidArgument(f"{argument.name}={quote_short(text)}: no {argument.type.name.lower()}") from None
    return text
