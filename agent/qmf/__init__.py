"""QMF v2, the protocol of the Qpid Management Framework, as pure values and functions: no I/O, no AMQP library.

Folders, each importing only those to its right: `agent_side`, `console_side` -> `query` -> `schema` -> `wire`.

A transport only has to carry `Message` values; `wire.message` has their mapping to AMQP 1.0. Integers of a fixed width
are instances of small int subclasses; `AMQP_NAMES` has the AMQP primitive type of each.

An agent::

    identity = Identity(name=AgentName("example.org", "hostinfo", machine_id), attributes={"uuid": uuid}, epoch=3)
    responder = Responder(identity=identity, store=store, call_method=call_method, on_error=log)

    def on_message(received):                       # from qmf.default.direct, key str(identity.name),
        for response in responder.handle(to_message(received), time_ns()):       # and from ...topic, key console.#
            send(response.address, response)        # with its subject, correlation_id, ttl_ms, properties and body

    def on_timer():
        send_to_topic(heartbeat(identity, time_ns()))                            # every 10 s and after connecting
        for message in data_indications(identity, store.changed()): send_to_topic(message)
        for message in responder.publish_due(time_ns()): send(message.address, message)

A console::

    agents, pending = AgentTable(), PendingRequests()
    build = RequestBuilder("qmf.default.topic/direct-console.ID")
    send(build.locate(["eq", "hostname", ["quote", "node1"]]))
    request = pending.register("example.org:hostinfo:…")
    send(build.query(request.agent, Query.from_text("{class:processor}"), request.correlation))

    def on_message(received):
        match parse_agent_message(to_message(received)):                         # None: not from an agent
            case AgentAnnouncement() as announcement: agents.update(announcement, monotonic_ns())
            case Indication() as indication: show(indication.agent, indication.items)
            case response if response and (done := pending.complete(response)): show(done.items or done.result)

`to_message` and `send` belong to the transport. Messages are sent strictly in form and within `wire.limits`. They are
received tolerantly, but within bounds: nothing in a message makes `Responder.handle` or `parse_agent_message` raise.
The protocol has no complete specification; each module names the public source that it was read from.
"""

from .agent_side.identity import Identity
from .agent_side.interfaces import CallMethod, MethodCall, ReadPolicy, Store
from .agent_side.messages import data_indications, event_indication, heartbeat
from .agent_side.responder import Responder
from .agent_side.subscriptions import Subscriptions
from .console_side.agent_messages import (
    AgentAnnouncement,
    AgentMessage,
    Failure,
    Indication,
    MethodResult,
    QueryPart,
    SchemaV1,
    SubscribeResponse,
)
from .console_side.agent_table import Agent, AgentTable, AgentTransition
from .console_side.message_parser import parse_agent_message
from .console_side.pending_requests import PendingRequest, PendingRequests
from .console_side.requests import RequestBuilder
from .query.predicate import Predicate
from .query.query import Query
from .query.query_syntax import parse_list, parse_map
from .schema.members import Access, DataType, Direction, SchemaMethod, SchemaProperty
from .schema.objects import DataObject, Event, ObjectId, reference
from .schema.schema_class import SchemaClass
from .schema.schema_id import SchemaId, SchemaKind
from .schema.xml_format import schema_xml
from .wire.addresses import AgentName, direct_exchange, topic_exchange
from .wire.errors import ErrorCode, Forbidden, InvalidArgument, Malformed, NotFound, NotSupported, QmfError, TooLarge
from .wire.limits import REQUEST_LIMITS, RESPONSE_LIMITS, Limits
from .wire.message import Content, Message, Opcode
from .wire.reply_to import ReplyTo, Route, check_reply_to, parse_address
from .wire.sanitise import sanitise
from .wire.topic import TopicPattern, TopicTable
from .wire.types import AMQP_NAMES, Byte, Float32, Int, Long, Map, Short, UByte, UInt, ULong, UShort, Value

__all__ = [
    "AMQP_NAMES",
    "REQUEST_LIMITS",
    "RESPONSE_LIMITS",
    "Access",
    "Agent",
    "AgentAnnouncement",
    "AgentMessage",
    "AgentName",
    "AgentTable",
    "AgentTransition",
    "Byte",
    "CallMethod",
    "Content",
    "DataObject",
    "DataType",
    "Direction",
    "ErrorCode",
    "Event",
    "Failure",
    "Float32",
    "Forbidden",
    "Identity",
    "Indication",
    "Int",
    "InvalidArgument",
    "Limits",
    "Long",
    "Malformed",
    "Map",
    "Message",
    "MethodCall",
    "MethodResult",
    "NotFound",
    "NotSupported",
    "ObjectId",
    "Opcode",
    "PendingRequest",
    "PendingRequests",
    "Predicate",
    "QmfError",
    "Query",
    "QueryPart",
    "ReadPolicy",
    "ReplyTo",
    "RequestBuilder",
    "Responder",
    "Route",
    "SchemaClass",
    "SchemaId",
    "SchemaKind",
    "SchemaMethod",
    "SchemaProperty",
    "SchemaV1",
    "Short",
    "Store",
    "SubscribeResponse",
    "Subscriptions",
    "TooLarge",
    "TopicPattern",
    "TopicTable",
    "UByte",
    "UInt",
    "ULong",
    "UShort",
    "Value",
    "check_reply_to",
    "data_indications",
    "direct_exchange",
    "event_indication",
    "heartbeat",
    "parse_address",
    "parse_agent_message",
    "parse_list",
    "parse_map",
    "reference",
    "sanitise",
    "schema_xml",
    "topic_exchange",
]
