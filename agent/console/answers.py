"""What a console gives to its user: answers, and news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..qmf import Agent, DataObject, Failure, Map, SubscribeResponse
from ..qmf.console_side.agent_messages import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one agent answered to one request, as far as it came until the deadline."""

    agent: str
    """Name of the agent that was asked."""
    items: tuple[Item, ...] = ()
    """Objects, ids or schemas, whatever was asked for; of an answer that broke off, the parts that came."""
    arguments: Map | None = None
    """Of a method: its output."""
    failure: Failure | None = None
    """Why the agent did not do it."""
    subscribed: SubscribeResponse | None = None
    """Of a subscription: what the agent granted."""
    is_complete: bool = False
    """The agent answered to the end, be it by a failure; False: the deadline came before."""
    dropped: int = 0
    """Items that could not be understood."""

    @property
    def objects(self) -> tuple[DataObject, ...]:
        """Those items that are objects."""
        return tuple(item for item in self.items if isinstance(item, DataObject))

    @property
    def is_good(self) -> bool:
        """Tell whether all that was asked for is here."""
        return self.is_complete and self.failure is None and not self.dropped


class Life(StrEnum):
    """What became of an agent."""

    ADDED = "added"
    RESTARTED = "restarted"
    SCHEMA_CHANGED = "schema changed"
    REFRESHED = "refreshed"
    """A heartbeat like the one before."""
    LOST = "lost"
    """Three heartbeats were missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNews:
    """An agent came, went, or said that it lives."""

    agent: Agent
    life: Life


class Kind(StrEnum):
    """What became of an object."""

    ADDED = "added"
    """Also every object that is there when a subscription begins."""
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """News of one object that a subscription covers."""

    agent: str
    kind: Kind
    item: DataObject
    changed: Mapping[str, object] = field(default_factory=dict)
    """The values that are not as before, with the new ones; of an object that was added, all."""
