"""One QMF message, as a value that a transport maps to and from AMQP 1.0.

| field | AMQP 1.0 |
|---|---|
| `address` | target of the link (or `to` where an anonymous relay is used): exchange or queue |
| `subject` | properties.subject: the routing key; None when `address` is a queue |
| `reply_to`, `correlation_id`, `content_type`, `user_id` | properties, `user_id` as bytes |
| `ttl_ms` | header.ttl |
| `properties` | application properties; `x-amqp-0-10.app-id` is always among those that we send |
| `body` | a map or list in an amqp-value section; bytes when `is_data` |
| `is_data` | the body stands in a data section |

What a transport gives is its own: no view into memory of a library. AMQP arrays are lists there, symbols text,
integers of any width plain ints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from .limits import Limits
from .map_codec import decode_list, decode_map, encode_list, encode_map
from .types import Map, Value
from .validation import loose_text, validate

APP_ID_KEY, APP_ID = "x-amqp-0-10.app-id", "qmf2"
OPCODE_KEY = "qmf.opcode"
AGENT_KEY = "qmf.agent"
CONTENT_KEY = "qmf.content"
METHOD_KEY = "method"
PARTIAL_KEY = "partial"
PART_KEY = "hostinfo.part"
"""Our own: which part of an answer this is, from 1. A queue on the way that drops one says nothing of it."""

CONTENT_MAP, CONTENT_LIST = "amqp/map", "amqp/list"
AGENT_NAME_CHARACTERS = 1024


class Opcode:
    """What a message is for; the value of the property `qmf.opcode`."""

    LOCATE_REQUEST = "_agent_locate_request"
    LOCATE_RESPONSE = "_agent_locate_response"
    HEARTBEAT = "_agent_heartbeat_indication"
    QUERY_REQUEST = "_query_request"
    QUERY_RESPONSE = "_query_response"
    DATA_INDICATION = "_data_indication"
    METHOD_REQUEST = "_method_request"
    METHOD_RESPONSE = "_method_response"
    EXCEPTION = "_exception"
    SUBSCRIBE_REQUEST = "_subscribe_request"
    SUBSCRIBE_RESPONSE = "_subscribe_response"
    SUBSCRIBE_REFRESH = "_subscribe_refresh_indication"
    SUBSCRIBE_CANCEL = "_subscribe_cancel_indication"


class Content:
    """What a list body holds; the value of the property `qmf.content`."""

    DATA = "_data"
    EVENT = "_event"
    SCHEMA = "_schema"
    SCHEMA_ID = "_schema_id"
    OBJECT_ID = "_object_id"


Correlation = str | bytes | int | UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to send, or one received: then every field but `body` is as the transport read it."""

    address: str = ""
    subject: str | None = None
    reply_to: str | None = None
    correlation_id: Correlation = None
    content_type: str | None = None
    ttl_ms: int | None = None
    user_id: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    is_data: bool = False

    def header(self, name: str) -> str | None:
        """Give an application property as text, whether it came as string, symbol or binary."""
        return loose_text(self.properties.get(name), AGENT_NAME_CHARACTERS)

    @property
    def opcode(self) -> str | None:
        """What the message is for."""
        return self.header(OPCODE_KEY)

    @property
    def agent(self) -> str | None:
        """Who sent it, for a message of an agent."""
        return self.header(AGENT_KEY)

    @property
    def correlation(self) -> str | None:
        """The correlation id as text, to compare; None for none and for what nobody honest sends."""
        value = self.correlation_id
        if isinstance(value, int | UUID) and not isinstance(value, bool):
            return str(value) if not isinstance(value, int) or abs(value) < 2**64 else None
        return loose_text(value)

    @property
    def raw(self) -> bytes | None:
        """Give the body when it is binary."""
        return bytes(self.body) if isinstance(self.body, bytes | bytearray | memoryview) else None

    @property
    def is_0_10(self) -> bool:
        """Tell whether the body is a map or list in 0-10 encoding in a data section (the C++ library over 1.0)."""
        return self.raw is not None and self.content_type in (CONTENT_MAP, CONTENT_LIST)

    def value(self, limits: Limits) -> Value:
        """Read the body within the limits; Malformed or TooLarge."""
        data = self.raw
        if data is not None and self.is_0_10:
            if not data:
                return {} if self.content_type == CONTENT_MAP else []
            decode = decode_map if self.content_type == CONTENT_MAP else decode_list
            return validate(decode(data, limits), limits)
        return validate(self.body, limits)


def encode_0_10(message: Message) -> Message:
    """Give the same message with its map or list as 0-10 bytes, to answer a peer in kind."""
    if isinstance(message.body, dict):
        body: Map = message.body
        return replace(message, body=encode_map(body), is_data=True)
    if isinstance(message.body, list):
        return replace(message, body=encode_list(message.body), is_data=True)
    return message
