"""The messages that an agent sends, in their strict form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..schema.objects import DataObject, Event
from ..schema.schema_id import SchemaId, SchemaKind
from ..wire.addresses import DEFAULT_DOMAIN, AgentName, data_key, event_key, heartbeat_key, topic_exchange
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
    Correlation,
    Message,
    Opcode,
)
from ..wire.reply_to import Route
from ..wire.sanitise import sanitise_map
from ..wire.types import Map, UInt, ULong, Value

RESPONSE, INDICATION = "response", "indication"
CAPABILITY = 1  # "answers v2 schema queries, evaluates predicates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an agent is; the same attributes travel in its heartbeats and locate answers, and are what locate filters."""

    name: AgentName
    attributes: Mapping[str, object] = field(default_factory=dict)  # own ones: hostname, uuid, …
    epoch: int = 1  # uint32 that changes with each start of the agent
    schema_updated: int = 0  # ns since the epoch: consoles ask for the schemas again when it grows
    heartbeat_seconds: int = 10
    direct_subject: str = ""  # a routable key on the topic exchange, if the agent binds one
    domain: str = DEFAULT_DOMAIN

    def as_attributes(self, now_ns: int) -> Map:
        """Give all attributes, with the protocol's own."""
        result = sanitise_map(self.attributes)
        result |= {"_vendor": self.name.vendor, "_product": self.name.product, "_instance": self.name.instance}
        result |= {"_name": str(self.name), "_timestamp": ULong(now_ns), "_epoch": UInt(self.epoch % 2**32)}
        result |= {"_heartbeat_interval": UInt(self.heartbeat_seconds), "_schema_updated": ULong(self.schema_updated)}
        result["qmf.agent_capability"] = UInt(CAPABILITY)
        if self.direct_subject:
            result["_direct_subject"] = self.direct_subject
        return result


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where the answer to one request goes, and what it must carry back."""

    route: Route
    correlation_id: Correlation = None


def heartbeat(identity: Identity, now_ns: int) -> Message:
    """Give the heartbeat; it lives for two intervals."""
    return _indication(
        identity,
        Opcode.HEARTBEAT,
        heartbeat_key(identity.name),
        {"_values": identity.as_attributes(now_ns)},
        ttl_ms=2_000 * identity.heartbeat_seconds,
    )


def event_indication(identity: Identity, event: Event, *, ttl_ms: int = 60_000) -> Message:
    """Give an event for whoever listens."""
    schema_id = event.schema_id or SchemaId("", "", SchemaKind.EVENT)
    subject = event_key(identity.name, schema_id.package, schema_id.name, event.severity)
    body: list[Value] = [event.to_map()]
    return _indication(identity, Opcode.DATA_INDICATION, subject, body, content=Content.EVENT, ttl_ms=ttl_ms)


def data_indications(
    identity: Identity, objects: Iterable[DataObject], *, ttl_ms: int = 20_000, chunk: int = CHUNK_OBJECTS
) -> Iterator[Message]:
    """Give objects for whoever listens, by class and in parts; each part stands for itself."""
    by_class: dict[tuple[str, str], list[DataObject]] = {}
    for item in objects:
        schema_id = item.schema_id or SchemaId("", "")
        by_class.setdefault((schema_id.package, schema_id.name), []).append(item)
    for (package, name), items in by_class.items():
        subject = data_key(identity.name, package, name)
        for part, _ in split((item.to_map() for item in items), objects=chunk):
            yield _indication(identity, Opcode.DATA_INDICATION, subject, part, content=Content.DATA, ttl_ms=ttl_ms)


def locate_response(identity: Identity, reply: ReplyTo, now_ns: int) -> Message:
    """Give the answer to a locate request: the same as a heartbeat."""
    body: Map = {"_values": identity.as_attributes(now_ns)}
    return _answer(identity, reply, Opcode.LOCATE_RESPONSE, body, method=INDICATION)


def query_responses(
    identity: Identity,
    reply: ReplyTo,
    content: str,
    items: Iterable[Map],
    *,
    chunk: int = CHUNK_OBJECTS,
    size: int = CHUNK_BYTES,
) -> Iterator[Message]:
    """Give the answer to a query in parts; all but the last are marked `partial`, and if there are several, counted."""
    for number, (part, is_last) in enumerate(split(items, objects=chunk, size=size), 1):
        extra: dict[str, object] = {CONTENT_KEY: content}
        if not is_last:
            extra[PARTIAL_KEY] = ""
        if number > 1 or not is_last:
            extra[PART_KEY] = UInt(number)
        yield _answer(identity, reply, Opcode.QUERY_RESPONSE, part, extra=extra)


def subscription_indications(
    identity: Identity, reply: ReplyTo, objects: Iterable[DataObject], *, chunk: int = CHUNK_OBJECTS
) -> Iterator[Message]:
    """Give what changed to one subscriber, in parts; each part stands for itself."""
    for part, _ in split((item.to_map() for item in objects), objects=chunk):
        extra = {CONTENT_KEY: Content.DATA}
        yield _answer(identity, reply, Opcode.DATA_INDICATION, part, method=INDICATION, extra=extra)


def subscribe_response(
    identity: Identity, reply: ReplyTo, subscription_id: str, duration_s: int, interval_ms: int
) -> Message:
    """Give the answer to a subscription or its refreshing, with what was granted."""
    body: Map = {"_subscription_id": subscription_id, "_duration": ULong(duration_s), "_interval": ULong(interval_ms)}
    return _answer(identity, reply, Opcode.SUBSCRIBE_RESPONSE, body)


def method_response(identity: Identity, reply: ReplyTo, arguments: Mapping[str, object]) -> Message:
    """Give the output arguments of a method."""
    body: Map = {"_arguments": sanitise_map(arguments)}
    return _answer(identity, reply, Opcode.METHOD_RESPONSE, body)


def exception(identity: Identity, reply: ReplyTo, error: QmfError) -> Message:
    """Give the reason why a request is not done."""
    body = sanitise_map(error.to_map())
    return _answer(identity, reply, Opcode.EXCEPTION, body, extra={CONTENT_KEY: Content.DATA})


def schema_v1_response(identity: Identity, reply: ReplyTo, body: bytes) -> Message:
    """Give the QMFv1 form of a schema; its body in a data section, and no property but the agent."""
    return Message(
        address=reply.route.node,
        subject=reply.route.key,
        properties={AGENT_KEY: str(identity.name)},
        body=body,
        is_data=True,
    )


def _properties(identity: Identity, opcode: str, method: str) -> dict[str, object]:
    return {METHOD_KEY: method, OPCODE_KEY: opcode, AGENT_KEY: str(identity.name), APP_ID_KEY: APP_ID}


def _answer(
    identity: Identity,
    reply: ReplyTo,
    opcode: str,
    body: Map | list[Value],
    *,
    method: str = RESPONSE,
    extra: Mapping[str, object] | None = None,
) -> Message:
    return Message(
        address=reply.route.node,
        subject=reply.route.key,
        correlation_id=reply.correlation_id,
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
