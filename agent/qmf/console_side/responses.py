"""Reading on the console's side: a message from an agent becomes one of these values, or None.

Agents differ, and a console must live with each: C++ agents send binary strings, no times and no severity in the key,
old ones other names for the attributes; qpidd's own agent calls itself `broker`. What cannot be understood is dropped;
an item of a list that cannot be is dropped alone and counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..schema.classes import SchemaClass, SchemaId
from ..schema.objects import DataObject, Event, ObjectId
from ..schema.v1 import RESPONSE as RESPONSE_V1
from ..schema.v1 import decode_schema
from ..wire.errors import ErrorCode, QmfError
from ..wire.limits import REPLY_LIMITS, Limits
from ..wire.message import CONTENT_KEY, PART_KEY, PARTIAL_KEY, Content, Message, Opcode
from ..wire.types import Map, Value
from ..wire.validation import as_list, as_map, as_text

Item = DataObject | Event | ObjectId | SchemaClass | SchemaId
_T = TypeVar("_T")
_OLD_NAMES = {"epoch": "_epoch", "timestamp": "_timestamp", "heartbeat_interval": "_heartbeat_interval"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FromAgent:
    """What every answer has."""

    agent: str
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSeen(FromAgent):
    """A heartbeat, or the answer to a locate request."""

    attributes: Map
    is_answer: bool
    timestamp: int  # ns since the epoch, by the agent's clock
    epoch: int  # changes when the agent restarts
    schema_updated: int
    interval_s: int
    capability: int  # 1 and up: answers v2 schema queries and evaluates predicates

    @property
    def key(self) -> str:
        """Where requests to this agent go on the direct exchange."""
        return self.agent


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPart(FromAgent):
    """A part of the answer to a query."""

    content: str
    items: tuple[Item, ...]
    dropped: int
    is_last: bool
    number: int = 0  # which part it is, from 1; 0: the agent does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication(FromAgent):
    """Objects or events that an agent tells of itself; with a correlation they belong to a subscription."""

    content: str
    items: tuple[Item, ...]
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult(FromAgent):
    """The output of a method."""

    arguments: Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(FromAgent):
    """An exception: why a request was not done."""

    code: int
    text: str
    values: Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed(FromAgent):
    """The answer to a subscription or its refreshing."""

    subscription_id: str
    duration_s: int
    interval_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaV1(FromAgent):
    """The QMFv1 form of a schema."""

    sequence: int
    schema: SchemaClass


Received = AgentSeen | QueryPart | Indication | MethodResult | Failure | Subscribed | SchemaV1


def read(message: Message, limits: Limits = REPLY_LIMITS) -> Received | None:
    """Understand a message from an agent; None for anything else. Never raises, whatever the message."""
    try:
        return _read(message, limits)
    except (QmfError, ValueError, TypeError, OverflowError):
        return None


def _read(message: Message, limits: Limits) -> Received | None:
    agent, correlation = message.agent, message.correlation
    if agent is None:
        return None
    raw = message.raw
    if raw is not None and raw.startswith(RESPONSE_V1):
        sequence, schema = decode_schema(raw, limits)
        return SchemaV1(agent=agent, correlation=str(sequence), sequence=sequence, schema=schema)
    value = message.value(limits)
    match message.opcode:
        case Opcode.HEARTBEAT | Opcode.LOCATE_RESPONSE as opcode:
            return _seen(agent, correlation, as_map(value, "agent"), opcode == Opcode.LOCATE_RESPONSE)
        case Opcode.QUERY_RESPONSE:
            return _query_part(message, agent, correlation, value)
        case Opcode.DATA_INDICATION:
            content = message.header(CONTENT_KEY) or Content.DATA
            items, dropped = _items(content, as_list(value, "indication"))
            return Indication(agent=agent, correlation=correlation, content=content, items=items, dropped=dropped)
        case Opcode.METHOD_RESPONSE:
            arguments = as_map(as_map(value, "method response").get("_arguments") or {}, "_arguments")
            return MethodResult(agent=agent, correlation=correlation, arguments=arguments)
        case Opcode.EXCEPTION:
            return _failure(agent, correlation, as_map(value, "exception"))
        case Opcode.SUBSCRIBE_RESPONSE:
            return _subscribed(agent, correlation, as_map(value, "subscribe response"))
    return None


def _seen(agent: str, correlation: str | None, body: Map, is_answer: bool) -> AgentSeen:
    values = as_map(body.get("_values", body), "_values")
    attributes = {_OLD_NAMES.get(name, name): value for name, value in values.items()}
    return AgentSeen(
        agent=agent,
        correlation=correlation,
        attributes=attributes,
        is_answer=is_answer,
        timestamp=_number(attributes, "_timestamp"),
        epoch=_number(attributes, "_epoch"),
        schema_updated=_number(attributes, "_schema_updated"),
        interval_s=_number(attributes, "_heartbeat_interval"),
        capability=_number(attributes, "qmf.agent_capability"),
    )


def _query_part(message: Message, agent: str, correlation: str | None, value: Value) -> QueryPart:
    content = message.header(CONTENT_KEY) or Content.DATA
    items, dropped = _items(content, as_list(value, "query response"))
    return QueryPart(
        agent=agent,
        correlation=correlation,
        content=content,
        items=items,
        dropped=dropped,
        is_last=PARTIAL_KEY not in message.properties,
        number=_number(message.properties, PART_KEY),
    )


def _items(content: str, values: list[Value]) -> tuple[tuple[Item, ...], int]:
    match content:
        case Content.DATA:
            return _each(DataObject.from_map, values)
        case Content.EVENT:
            return _each(Event.from_map, values)
        case Content.SCHEMA:
            return _each(SchemaClass.from_map, values)
        case Content.SCHEMA_ID:
            return _each(SchemaId.from_map, values)
        case Content.OBJECT_ID:
            return _each(ObjectId.from_map, values)
    return (), len(values)


def _each(parse: Callable[[object], _T], values: list[Value]) -> tuple[tuple[_T, ...], int]:
    items: list[_T] = []
    for value in values:
        try:
            items.append(parse(value))
        except QmfError:
            continue
    return tuple(items), len(values) - len(items)


def _failure(agent: str, correlation: str | None, body: Map) -> Failure:
    """Read an exception; Java agents put its values into a second `_values`, and C++ ones give no code."""
    values = as_map(body.get("_values") or {}, "_values")
    inner = values.get("_values")
    values = inner if isinstance(inner, dict) else values
    text = values.get("error_text")
    return Failure(
        agent=agent,
        correlation=correlation,
        code=_number(values, "error_code", ErrorCode.EXCEPTION),
        text=text if isinstance(text, str) else "the agent gave no reason",
        values=values,
    )


def _subscribed(agent: str, correlation: str | None, body: Map) -> Subscribed | Failure:
    if "_values" in body or "_subscription_id" not in body:
        return _failure(agent, correlation, body)
    return Subscribed(
        agent=agent,
        correlation=correlation,
        subscription_id=as_text(body["_subscription_id"], "_subscription_id"),
        duration_s=_number(body, "_duration"),
        interval_ms=_number(body, "_interval"),
    )


def _number(source: Mapping[str, object], key: str, default: int = 0) -> int:
    value = source.get(key)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64 else default
