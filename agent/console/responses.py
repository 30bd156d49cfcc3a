"""What a console returns to its user: responses and notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..qmf import Agent, DataObject, Failure, Indication, Map, SubscribeResponse
from ..qmf.console_side.agent_messages import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The response of one agent to one request, as far as it was received before the deadline."""

    agent: str
    """Name of the agent."""
    items: tuple[Item, ...] = ()
    """Objects, ids or schemas, depending on the request; of an incomplete response, the parts that were received."""
    arguments: Map | None = None
    """Output arguments of a method."""
    failure: Failure | None = None
    """Why the agent did not carry out the request."""
    subscribed: SubscribeResponse | None = None
    """What the agent granted to a subscription."""
    is_complete: bool = False
    """The agent responded, even if with a failure; False: the deadline passed before."""
    dropped: int = 0
    """Number of items that could not be parsed."""

    @property
    def objects(self) -> tuple[DataObject, ...]:
        """The items that are objects."""
        return tuple(item for item in self.items if isinstance(item, DataObject))

    @property
    def is_success(self) -> bool:
        """Whether the response is complete, without failure or dropped items."""
        return self.is_complete and self.failure is None and not self.dropped


class AgentState(StrEnum):
    """What changed about an agent."""

    ADDED = "added"
    RESTARTED = "restarted"
    SCHEMA_CHANGED = "schema changed"
    REFRESHED = "refreshed"
    """It sent a heartbeat without changes."""
    LOST = "lost"
    """It missed three heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChange:
    """An agent was added, changed, refreshed or lost."""

    agent: Agent
    state: AgentState


Notification = AgentChange | Indication
"""What listeners receive: changes of agents, and the events and objects that agents publish."""


class UpdateKind(StrEnum):
    """What happened to an object."""

    ADDED = "added"
    """Also each object that exists when a subscription begins."""
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A change of one object that a subscription covers."""

    agent: str
    kind: UpdateKind
    item: DataObject
    changed: Mapping[str, object] = field(default_factory=dict)
    """The changed properties with their new values (None: no longer there); all properties of an added object."""
