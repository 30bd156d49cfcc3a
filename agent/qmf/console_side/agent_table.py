"""The agents that a console knows, from their heartbeats and locate responses.

Pure state: the clock is an argument, in nanoseconds of one monotonic clock. The table is bounded, because anybody who
may publish on the exchange can invent agents.

             first announcement: ADDED
    unknown ───────────────────────────▶ known ──┐ announcement: REFRESHED, RESTARTED or SCHEMA_CHANGED
       ▲                                  │  ▲   │ any other message: touch()
       └── expire(): 3 heartbeats missed ─┘  └───┘
       announcement while the table is full: IGNORED
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..wire.types import Map
from .agent_messages import AgentAnnouncement

MAX_AGENTS = 200_000
MISSED_HEARTBEATS = 3
"""Number of heartbeats that an agent may miss before it counts as lost."""
MIN_INTERVAL_S, MAX_INTERVAL_S = 10, 3_600
NS_PER_SECOND = 10**9


class AgentTransition(Enum):
    """What an announcement changed."""

    ADDED = "added"
    RESTARTED = "restarted"
    SCHEMA_CHANGED = "schema changed"
    REFRESHED = "refreshed"
    IGNORED = "ignored"  # the table is full


@dataclass(slots=True)
class Agent:
    """A known agent, as last announced."""

    announcement: AgentAnnouncement
    last_seen_ns: int

    @property
    def name(self) -> str:
        """The agent's name, `vendor:product:instance`; also its key on the direct exchange."""
        return self.announcement.agent

    @property
    def attributes(self) -> Map:
        """The attributes that the agent announced; locate requests filter by them."""
        return self.announcement.attributes

    @property
    def epoch(self) -> int:
        """A number that changes when the agent restarts."""
        return self.announcement.epoch

    @property
    def capability(self) -> int:
        """From 1 on, the agent answers v2 schema queries and evaluates predicates."""
        return self.announcement.capability

    @property
    def expires_ns(self) -> int:
        """When the agent counts as lost unless it sends another message."""
        interval = max(MIN_INTERVAL_S, min(self.announcement.interval_s, MAX_INTERVAL_S))
        return self.last_seen_ns + MISSED_HEARTBEATS * interval * NS_PER_SECOND


class AgentTable:
    """The agents that a console knows, by name."""

    def __init__(self, *, max_agents: int = MAX_AGENTS) -> None:
        self._max_agents = max_agents
        self._agents: dict[str, Agent] = {}

    def __len__(self) -> int:
        return len(self._agents)

    def __iter__(self) -> Iterator[Agent]:
        return iter(list(self._agents.values()))

    def get(self, name: str) -> Agent | None:
        """Return the agent of this name; None if it is unknown."""
        return self._agents.get(name)

    def update(self, announcement: AgentAnnouncement, now_ns: int) -> AgentTransition:
        """Apply a heartbeat or locate response; return what it changed."""
        agent = self._agents.get(announcement.agent)
        if agent is None:
            if len(self._agents) >= self._max_agents:
                return AgentTransition.IGNORED
            self._agents[announcement.agent] = Agent(announcement, now_ns)
            return AgentTransition.ADDED
        previous, agent.announcement, agent.last_seen_ns = agent.announcement, announcement, now_ns
        if previous.epoch != announcement.epoch:
            return AgentTransition.RESTARTED
        if announcement.schema_updated > previous.schema_updated:
            return AgentTransition.SCHEMA_CHANGED
        return AgentTransition.REFRESHED

    def touch(self, name: str, now_ns: int) -> None:
        """Note that an agent sent any other message, which shows that it is alive."""
        agent = self._agents.get(name)
        if agent is not None:
            agent.last_seen_ns = now_ns

    def expire(self, now_ns: int) -> list[Agent]:
        """Remove the agents that missed three heartbeats; return them."""
        lost = [agent for agent in self._agents.values() if agent.expires_ns <= now_ns]
        for agent in lost:
            del self._agents[agent.name]
        return lost
