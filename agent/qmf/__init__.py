"""QMF v2, the Qpid Management Framework's protocol, as pure values and functions: no input and output, no AMQP library.

A transport carries `Message` values (see `message` for their mapping to AMQP 1.0) and asks for nothing else. Widths of
integers are small int subclasses; `AMQP_NAMES` tells the transport which AMQP primitive each one is.

An agent::

    identity = Identity(name=AgentName("example.org", "hostinfo", machine_id), attributes={"uuid": uuid}, epoch=3)
    responder = Responder(identity=identity, store=store, methods=call_method, on_fault=log)

    def on_message(received):                       # from qmf.default.direct key str(identity.name),
        for answer in responder.handle(to_message(received), time_ns()):         # and ...topic key console.#
            send(answer.address, answer)            # subject, correlation_id, ttl_ms, properties, body as they stand

    def on_timer():
        send_to_topic(heartbeat(identity, time_ns()))                            # each 10 s and after connecting
        for message in data_indications(identity, store.changed()): send_to_topic(message)
        for message in responder.publish_due(time_ns()): send(message.address, message)

A console::

    agents, pending, requests = AgentTable(), Pending(), Requests("qmf.default.topic/direct-console.ID")
    send(requests.locate(["eq", "hostname", ["quote", "node1"]]))
    request = pending.expect("example.org:hostinfo:…", deadline_ns)
    send(requests.query(request.agent, Query.from_text("{class:processor}"), request.correlation))

    def on_message(received):
        match read(to_message(received)):           # None: not for a console
            case AgentSeen() as seen: agents.see(seen, monotonic_ns())
            case Indication() as told: show(told.agent, told.items)
            case answer if answer and (done := pending.take(answer)): show(done.items or done.result)

`to_message` and `send` are the transport's. Messages are only ever sent in their strict form and within the limits of
`limits`; what is received is read tolerantly and within bounds, and nothing in it can raise out of `Responder.handle`
or `read`. The protocol was never written down whole: each module names the public source that it was read from.
"""

from .agent_side.interfaces import MethodCall, Methods, Policy, Store
from .agent_side.messages import Identity, Reply, data_indications, event_indication, heartbeat
from .agent_side.responder import Responder
from .agent_side.subscriptions import Subscriptions
from .console_side.requests import Requests
from .console_side.responses import (
    AgentSeen,
    Failure,
    Indication,
    MethodResult,
    QueryPart,
    Received,
    SchemaV1,
    Subscribed,
    read,
)
from .console_side.state import Agent, AgentTable, Change, Pending, Request
from .query.predicate import Predicate
from .query.query import Query
from .query.query_syntax import parse_list, parse_map
from .schema.classes import Access, DataType, Direction, Kind, SchemaClass, SchemaId, SchemaMethod, SchemaProperty
from .schema.objects import DataObject, Event, ObjectId, reference
from .schema.xml_format import schema_xml
from .wire.addresses import AgentName, direct_exchange, topic_exchange
from .wire.errors import ErrorCode, Forbidden, InvalidArgument, Malformed, NotFound, NotSupported, QmfError, TooLarge
from .wire.limits import REPLY_LIMITS, REQUEST_LIMITS, Limits
from .wire.message import Content, Message, Opcode
from .wire.reply_to import Route, allowed_reply, split_address
from .wire.sanitise import sanitise
from .wire.topic import TopicPattern, TopicTable
from .wire.types import AMQP_NAMES, Byte, Float32, Int, Long, Map, Short, UByte, UInt, ULong, UShort, Value

__all__ = [
    "AMQP_NAMES",
    "REPLY_LIMITS",
    "REQUEST_LIMITS",
    "Access",
    "Agent",
    "AgentName",
    "AgentSeen",
    "AgentTable",
    "Byte",
    "Change",
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
    "Kind",
    "Limits",
    "Long",
    "Malformed",
    "Map",
    "Message",
    "MethodCall",
    "MethodResult",
    "Methods",
    "NotFound",
    "NotSupported",
    "ObjectId",
    "Opcode",
    "Pending",
    "Policy",
    "Predicate",
    "QmfError",
    "Query",
    "QueryPart",
    "Received",
    "Reply",
    "Request",
    "Requests",
    "Responder",
    "Route",
    "SchemaClass",
    "SchemaId",
    "SchemaMethod",
    "SchemaProperty",
    "SchemaV1",
    "Short",
    "Store",
    "Subscribed",
    "Subscriptions",
    "TooLarge",
    "TopicPattern",
    "TopicTable",
    "UByte",
    "UInt",
    "ULong",
    "UShort",
    "Value",
    "allowed_reply",
    "data_indications",
    "direct_exchange",
    "event_indication",
    "heartbeat",
    "parse_list",
    "parse_map",
    "read",
    "reference",
    "sanitise",
    "schema_xml",
    "split_address",
    "topic_exchange",
]
