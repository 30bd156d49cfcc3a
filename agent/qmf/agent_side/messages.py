"""Build the messages that an agent sends."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from uuid import uuid4

from ..schema.objects import DataObject, Event
from ..schema.schema_id import SchemaId, SchemaKind
from ..wire.addresses import data_key, event_key, heartbeat_key, topic_exchange
from ..wire.chunking import split
from ..wire.errors import QmfError
from ..wire.limits import CHUNK_BYTES, CHUNK_OBJECTS
from ..wire.message import (
    AGENT_KEY,
    APP_ID,
    APP_ID_KEY,
    CONTENT_KEY,
    CONTENT_LIST,
    CONTENT_MAP,
    METHOD_KEY,
    OPCODE_KEY,
    PART_KEY,
    PARTIAL_KEY,
    Content,
    Message,
    Opcode,
)
from ..wire.reply_to import ReplyTo
from ..wire.sanitise import sanitise_map
from ..wire.types import Map, UInt, ULong, Value
from .identity import Identity

RESPONSE, INDICATION = "response", "indication"


def heartbeat(identity: Identity, now_ns: int) -> Message:
    """Build the heartbeat; it expires after two intervals."""
    return _indication(
        identity,
        Opcode.HEARTBEAT,
        heartbeat_key(identity.name),
        {"_values": identity.to_attributes(now_ns)},
        ttl_ms=2_000 * identity.heartbeat_seconds,
    )


def event_indication(identity: Identity, event: Event, *, ttl_ms: int = 60_000) -> Message:
    """Build the indication of an event; its id lets consoles drop it when they receive it again."""
    schema_id = event.schema_id or SchemaId("", "", SchemaKind.EVENT)
    subject = event_key(identity.name, schema_id.package, schema_id.name, event.severity)
    body: list[Value] = [event.to_map()]
    message = _indication(identity, Opcode.DATA_INDICATION, subject, body, content=Content.EVENT, ttl_ms=ttl_ms)
    return replace(message, message_id=str(uuid4()))


def data_indications(
    identity: Identity, objects: Iterable[DataObject], *, ttl_ms: int = 20_000, chunk: int = CHUNK_OBJECTS
) -> Iterator[Message]:
    """Build indications of objects, by class and in parts; each part is complete in itself."""
    by_class: dict[tuple[str, str], list[DataObject]] = {}
    for item in objects:
        schema_id = item.schema_id or SchemaId("", "")
        by_class.setdefault((schema_id.package, schema_id.name), []).append(item)
    for (package, name), items in by_class.items():
        subject = data_key(identity.name, package, name)
        for part, _ in split((item.to_map() for item in items), objects=chunk):
            yield _indication(identity, Opcode.DATA_INDICATION, subject, part, content=Content.DATA, ttl_ms=ttl_ms)


def locate_response(identity: Identity, reply_to: ReplyTo, now_ns: int) -> Message:
    """Build the response to a locate request; its body is that of a heartbeat."""
    body: Map = {"_values": identity.to_attributes(now_ns)}
    return _response(identity, reply_to, Opcode.LOCATE_RESPONSE, body, method=INDICATION)


def query_responses(
    identity: Identity,
    reply_to: ReplyTo,
    content: str,
    items: Iterable[Map],
    *,
    chunk: int = CHUNK_OBJECTS,
    size: int = CHUNK_BYTES,
) -> Iterator[Message]:
    """Build the response to a query, in parts: all but the last are marked `partial`, and two or more are numbered."""
    for number, (part, is_last) in enumerate(split(items, objects=chunk, size=size), 1):
        extra: dict[str, object] = {CONTENT_KEY: content}
        if not is_last:
            extra[PARTIAL_KEY] = ""
        if number > 1 or not is_last:
            extra[PART_KEY] = UInt(number)
        yield _response(identity, reply_to, Opcode.QUERY_RESPONSE, part, extra=extra)


def subscription_indications(
    identity: Identity, reply_to: ReplyTo, objects: Iterable[DataObject], *, chunk: int = CHUNK_OBJECTS
) -> Iterator[Message]:
    """Build the indications of changed objects to one subscriber; each part is complete in itself."""
    for part, _ in split((item.to_map() for item in objects), objects=chunk):
        extra = {CONTENT_KEY: Content.DATA}
        yield _response(identity, reply_to, Opcode.DATA_INDICATION, part, method=INDICATION, extra=extra)


def subscribe_response(
    identity: Identity, reply_to: ReplyTo, subscription_id: str, duration_s: int, interval_ms: int
) -> Message:
    """Build the response to a subscribe or refresh request, with the duration and interval that were granted."""
    body: Map = {"_subscription_id": subscription_id, "_duration": ULong(duration_s), "_interval": ULong(interval_ms)}
    return _response(identity, reply_to, Opcode.SUBSCRIBE_RESPONSE, body)


def method_response(identity: Identity, reply_to: ReplyTo, arguments: Mapping[str, object]) -> Message:
    """Build the response to a method call, with its output arguments."""
    body: Map = {"_arguments": sanitise_map(arguments)}
    return _response(identity, reply_to, Opcode.METHOD_RESPONSE, body)


def exception(identity: Identity, reply_to: ReplyTo, error: QmfError) -> Message:
    """Build the `_exception` that reports why a request failed."""
    body = sanitise_map(error.to_map())
    return _response(identity, reply_to, Opcode.EXCEPTION, body, extra={CONTENT_KEY: Content.DATA})


def schema_v1_response(identity: Identity, reply_to: ReplyTo, body: bytes) -> Message:
    """Build the QMFv1 response with a schema; its body is in a data section, its only property is the agent."""
    return Message(
        address=reply_to.route.node,
        subject=reply_to.route.key,
        properties={AGENT_KEY: str(identity.name)},
        body=body,
        is_data=True,
    )


def _properties(identity: Identity, opcode: str, method: str) -> dict[str, object]:
    return {METHOD_KEY: method, OPCODE_KEY: opcode, AGENT_KEY: str(identity.name), APP_ID_KEY: APP_ID}


def _response(
    identity: Identity,
    reply_to: ReplyTo,
    opcode: str,
    body: Map | list[Value],
    *,
    method: str = RESPONSE,
    extra: Mapping[str, object] | None = None,
) -> Message:
    return Message(
        address=reply_to.route.node,
        subject=reply_to.route.key,
        correlation_id=reply_to.correlation_id,
        content_type=CONTENT_MAP if isinstance(body, dict) else CONTENT_LIST,
        properties=_properties(identity, opcode, method) | dict(extra or {}),
        body=body,
    )


def _indication(
    identity: Identity, opcode: str, subject: str, body: Map | list[Value], *, ttl_ms: int, content: str = ""
) -> Message:
    return Message(
        address=topic_exchange(identity.domain),
        subject=subject,
        content_type=CONTENT_MAP if isinstance(body, dict) else CONTENT_LIST,
        ttl_ms=ttl_ms,
        properties=_properties(identity, opcode, INDICATION) | ({CONTENT_KEY: content} if content else {}),
        body=body,
    )
