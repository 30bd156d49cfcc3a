"""Parse the messages of agents.

Agents differ, and a console must understand each of them:

- C++ agents send strings as binary, no times, and no severity in the routing key;
- old agents use other names for some attributes;
- qpidd's built-in agent is called `broker`.

A message that cannot be understood is dropped. In a list, only the item that cannot be understood is dropped, and
counted.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ..schema.objects import DataObject, Event, ObjectId
from ..schema.schema_class import SchemaClass
from ..schema.schema_id import SchemaId
from ..schema.v1 import SCHEMA_RESPONSE_MAGIC, decode_schema
from ..wire.errors import ErrorCode, QmfError
from ..wire.limits import RESPONSE_LIMITS, Limits
from ..wire.message import CONTENT_KEY, PART_KEY, PARTIAL_KEY, Content, Message, Opcode
from ..wire.types import Map, Value
from ..wire.validation import as_list, as_map, as_text
from .agent_messages import (
    AgentAnnouncement,
    AgentMessage,
    Failure,
    Indication,
    Item,
    MethodResult,
    QueryPart,
    SchemaV1,
    SubscribeResponse,
)

_T = TypeVar("_T")
_OLD_NAMES = {"epoch": "_epoch", "timestamp": "_timestamp", "heartbeat_interval": "_heartbeat_interval"}


def parse_agent_message(message: Message, limits: Limits = RESPONSE_LIMITS) -> AgentMessage | None:
    """Parse a message of an agent; None if it is anything else. Never raises, whatever the message holds."""
    try:
        return _parse(message, limits)
    except (QmfError, ValueError, TypeError, OverflowError):
        return None


def _parse(message: Message, limits: Limits) -> AgentMessage | None:
    agent, correlation = message.agent, message.correlation
    if agent is None:
        return None
    raw = message.binary_body
    if raw is not None and raw.startswith(SCHEMA_RESPONSE_MAGIC):
        sequence, schema = decode_schema(raw, limits)
        return SchemaV1(agent=agent, correlation=str(sequence), sequence=sequence, schema=schema)
    value = message.decode_body(limits)
    match message.opcode:
        case Opcode.HEARTBEAT | Opcode.LOCATE_RESPONSE as opcode:
            return _announcement(agent, correlation, as_map(value, "agent"), opcode == Opcode.LOCATE_RESPONSE)
        case Opcode.QUERY_RESPONSE:
            return _query_part(message, agent, correlation, value)
        case Opcode.DATA_INDICATION:
            content = message.property_text(CONTENT_KEY) or Content.DATA
            items, dropped = _items(content, as_list(value, "indication"))
            return Indication(agent=agent, correlation=correlation, content=content, items=items, dropped=dropped)
        case Opcode.METHOD_RESPONSE:
            arguments = as_map(as_map(value, "method response").get("_arguments") or {}, "_arguments")
            return MethodResult(agent=agent, correlation=correlation, arguments=arguments)
        case Opcode.EXCEPTION:
            return _failure(agent, correlation, as_map(value, "exception"))
        case Opcode.SUBSCRIBE_RESPONSE:
            return _subscribe_response(agent, correlation, as_map(value, "subscribe response"))
    return None


def _announcement(agent: str, correlation: str | None, body: Map, is_locate_response: bool) -> AgentAnnouncement:
    values = as_map(body.get("_values", body), "_values")
    attributes = {_OLD_NAMES.get(name, name): value for name, value in values.items()}
    return AgentAnnouncement(
        agent=agent,
        correlation=correlation,
        attributes=attributes,
        is_locate_response=is_locate_response,
        timestamp=_uint64(attributes, "_timestamp"),
        epoch=_uint64(attributes, "_epoch"),
        schema_updated=_uint64(attributes, "_schema_updated"),
        interval_s=_uint64(attributes, "_heartbeat_interval"),
        capability=_uint64(attributes, "qmf.agent_capability"),
    )


def _query_part(message: Message, agent: str, correlation: str | None, value: Value) -> QueryPart:
    content = message.property_text(CONTENT_KEY) or Content.DATA
    items, dropped = _items(content, as_list(value, "query response"))
    return QueryPart(
        agent=agent,
        correlation=correlation,
        content=content,
        items=items,
        dropped=dropped,
        is_last=PARTIAL_KEY not in message.properties,
        number=_uint64(message.properties, PART_KEY),
    )


def _items(content: str, values: list[Value]) -> tuple[tuple[Item, ...], int]:
    """Parse the items of a list; return them and how many were dropped."""
    match content:
        case Content.DATA:
            return _parse_each(DataObject.from_map, values)
        case Content.EVENT:
            return _parse_each(Event.from_map, values)
        case Content.SCHEMA:
            return _parse_each(SchemaClass.from_map, values)
        case Content.SCHEMA_ID:
            return _parse_each(SchemaId.from_map, values)
        case Content.OBJECT_ID:
            return _parse_each(ObjectId.from_map, values)
    return (), len(values)


def _parse_each(parse: Callable[[object], _T], values: list[Value]) -> tuple[tuple[_T, ...], int]:
    items: list[_T] = []
    for value in values:
        try:
            items.append(parse(value))
        except QmfError:
            continue
    return tuple(items), len(values) - len(items)


def _failure(agent: str, correlation: str | None, body: Map) -> Failure:
    """Parse an exception; Java agents nest its values in a second `_values`, and C++ agents send no code."""
    values = as_map(body.get("_values") or {}, "_values")
    inner = values.get("_values")
    values = inner if isinstance(inner, dict) else values
    text = values.get("error_text")
    return Failure(
        agent=agent,
        correlation=correlation,
        code=_uint64(values, "error_code", ErrorCode.EXCEPTION),
        text=text if isinstance(text, str) else "the agent gave no reason",
        values=values,
    )


def _subscribe_response(agent: str, correlation: str | None, body: Map) -> SubscribeResponse | Failure:
    if "_values" in body or "_subscription_id" not in body:
        return _failure(agent, correlation, body)
    return SubscribeResponse(
        agent=agent,
        correlation=correlation,
        subscription_id=as_text(body["_subscription_id"], "_subscription_id"),
        duration_s=_uint64(body, "_duration"),
        interval_ms=_uint64(body, "_interval"),
    )


def _uint64(source: Mapping[str, object], key: str, default: int = 0) -> int:
    """Return an unsigned number, also from its decimal text; the default for anything else."""
    value = source.get(key)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64 else default
