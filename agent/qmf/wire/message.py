"""A QMF message, as a value that a transport maps to and from AMQP 1.0.

| field | AMQP 1.0 |
|---|---|
| `address` | target of the link (or `to` where an anonymous relay is used): exchange or queue |
| `subject` | properties.subject: the routing key; None if `address` is a queue |
| `message_id`, `reply_to`, `correlation_id`, `content_type`, `user_id` | properties, `user_id` as bytes |
| `ttl_ms` | header.ttl |
| `properties` | application properties; every message sent has `x-amqp-0-10.app-id` |
| `body` | a map or list in an amqp-value section; bytes if `is_data` |
| `is_data` | the body is in a data section |

A message from a transport owns its values: none is a view into memory of the AMQP library. In it, AMQP arrays are
lists, symbols are text, and integers of any width are plain ints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from .limits import Limits
from .map_codec import decode_list, decode_map, encode_list, encode_map
from .types import Map, Value
from .validation import text_or_none, validate

APP_ID_KEY, APP_ID = "x-amqp-0-10.app-id", "qmf2"
OPCODE_KEY = "qmf.opcode"
AGENT_KEY = "qmf.agent"
CONTENT_KEY = "qmf.content"
METHOD_KEY = "method"
PARTIAL_KEY = "partial"
PART_KEY = "hostinfo.part"
"""Extension of this project: a part's number, from 1. A queue that drops a part does not report it."""

CONTENT_MAP, CONTENT_LIST = "amqp/map", "amqp/list"
MAX_HEADER_CHARACTERS = 1024


class Opcode:
    """Values of the property `qmf.opcode`: the purpose of a message."""

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
    """Values of the property `qmf.content`: the type of the items in a list body."""

    DATA = "_data"
    EVENT = "_event"
    SCHEMA = "_schema"
    SCHEMA_ID = "_schema_id"
    OBJECT_ID = "_object_id"


Correlation = str | bytes | int | UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to send, or one received, with the fields as the transport read them: no value is checked yet."""

    address: str = ""
    subject: str | None = None
    reply_to: str | None = None
    correlation_id: Correlation = None
    content_type: str | None = None
    message_id: str | None = None
    """Unique id of a message that is sent again, also over another connection, until the broker took it."""
    ttl_ms: int | None = None
    user_id: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    is_data: bool = False
    receipt: object = field(default=None, repr=False, compare=False)
    """What `Transport.settle` takes once a message of a queue (`TransportOptions.queue`) was processed."""

    def property_text(self, name: str) -> str | None:
        """Return an application property as text, whether it was sent as string, symbol or binary."""
        return text_or_none(self.properties.get(name), MAX_HEADER_CHARACTERS)

    @property
    def opcode(self) -> str | None:
        """The purpose of the message, one of `Opcode`."""
        return self.property_text(OPCODE_KEY)

    @property
    def agent(self) -> str | None:
        """The sender's name, in a message of an agent."""
        return self.property_text(AGENT_KEY)

    @property
    def correlation(self) -> str | None:
        """The correlation id as text, to compare; None if it is absent or of a form that no known peer sends."""
        value = self.correlation_id
        if isinstance(value, int | UUID) and not isinstance(value, bool):
            return str(value) if not isinstance(value, int) or abs(value) < 2**64 else None
        return text_or_none(value)

    @property
    def binary_body(self) -> bytes | None:
        """The body as bytes; None if it is not binary."""
        return bytes(self.body) if isinstance(self.body, bytes | bytearray | memoryview) else None

    @property
    def is_0_10_encoded(self) -> bool:
        """Whether the body is a 0-10 encoded map or list in a data section, as the C++ library sends it over 1.0."""
        return self.binary_body is not None and self.content_type in (CONTENT_MAP, CONTENT_LIST)

    def decode_body(self, limits: Limits) -> Value:
        """Return the decoded and validated body; Malformed or TooLarge if it is not acceptable."""
        data = self.binary_body
        if data is not None and self.is_0_10_encoded:
            if not data:
                return {} if self.content_type == CONTENT_MAP else []
            decode = decode_map if self.content_type == CONTENT_MAP else decode_list
            return validate(decode(data, limits), limits)
        return validate(self.body, limits)


def encode_0_10(message: Message) -> Message:
    """Return the message with its map or list 0-10 encoded, to respond to a peer that sent one."""
    if isinstance(message.body, dict):
        body: Map = message.body
        return replace(message, body=encode_map(body), is_data=True)
    if isinstance(message.body, list):
        return replace(message, body=encode_list(message.body), is_data=True)
    return message
