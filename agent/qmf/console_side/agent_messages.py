"""Messages of agents, as values: what `parse_agent_message` makes of them."""

from dataclasses import dataclass

from ..schema.objects import DataObject, Event, ObjectId
from ..schema.schema_class import SchemaClass
from ..schema.schema_id import SchemaId
from ..wire.types import Map

Item = DataObject | Event | ObjectId | SchemaClass | SchemaId
"""One item of a list body; `qmf.content` says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FromAgent:
    """The part that all messages of agents share."""

    agent: str  # name of the sender, "broker" for qpidd's built-in agent
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnnouncement(FromAgent):
    """A heartbeat or a locate response."""

    attributes: Map
    is_locate_response: bool
    timestamp: int  # ns since the epoch, by the agent's clock
    epoch: int  # changes when the agent restarts
    schema_updated: int  # ns since the epoch; grows when the agent's schema changes
    interval_s: int  # between two heartbeats
    capability: int  # from 1 on, the agent answers v2 schema queries and evaluates predicates


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPart(FromAgent):
    """One part of a query response."""

    content: str  # one of `Content`
    items: tuple[Item, ...]
    dropped: int  # items that could not be parsed
    is_last: bool
    number: int = 0  # position among the parts, from 1; 0: the agent does not count them


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication(FromAgent):
    """Objects or events that an agent publishes; with a correlation they belong to a subscription."""

    content: str  # one of `Content`
    items: tuple[Item, ...]
    dropped: int  # items that could not be parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult(FromAgent):
    """The output arguments of a method."""

    arguments: Map


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(FromAgent):
    """An `_exception`: why the agent did not carry out a request."""

    code: int  # see `ErrorCode`
    text: str
    values: Map  # everything in the exception, the code and the text included


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeResponse(FromAgent):
    """What the agent granted to a subscription or a refresh."""

    subscription_id: str
    duration_s: int
    interval_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaV1(FromAgent):
    """A schema in the form of QMFv1."""

    sequence: int  # copied from the request
    schema: SchemaClass


AgentMessage = AgentAnnouncement | QueryPart | Indication | MethodResult | Failure | SubscribeResponse | SchemaV1
