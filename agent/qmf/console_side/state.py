"""What a console remembers: the agents that it has seen, and the requests that wait for answers.

Pure state with the clock as an argument (ns of one clock that never goes back). Everything is bounded, because whoever
may publish on the exchange can invent agents and answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from random import SystemRandom

from ..wire.errors import TooLarge
from .responses import AgentSeen, Failure, Indication, Item, MethodResult, QueryPart, Received, SchemaV1, Subscribed

MAX_AGENTS = 200_000
MAX_PENDING = 200_000
MAX_ITEMS = 2_000_000
AGE_INTERVALS = 3  # heartbeats that may be missed before an agent is taken for lost
MIN_INTERVAL_S, MAX_INTERVAL_S = 10, 3_600
NS = 10**9


class Change(Enum):
    """What a heartbeat meant."""

    ADDED = "added"
    RESTARTED = "restarted"
    SCHEMA_CHANGED = "schema changed"
    REFRESHED = "refreshed"
    IGNORED = "ignored"  # too many agents


@dataclass(slots=True)
class Agent:
    """An agent as last seen."""

    seen: AgentSeen
    last_ns: int

    @property
    def lost_ns(self) -> int:
        """When it counts as lost if nothing more is heard."""
        interval = max(MIN_INTERVAL_S, min(self.seen.interval_s, MAX_INTERVAL_S))
        return self.last_ns + AGE_INTERVALS * interval * NS


class AgentTable:
    """The agents that a console knows."""

    def __init__(self, *, most: int = MAX_AGENTS) -> None:
        self._most = most
        self._agents: dict[str, Agent] = {}

    def __len__(self) -> int:
        return len(self._agents)

    def __iter__(self) -> Iterator[Agent]:
        return iter(list(self._agents.values()))

    def get(self, name: str) -> Agent | None:
        """Find an agent by its name."""
        return self._agents.get(name)

    def see(self, seen: AgentSeen, now_ns: int) -> Change:
        """Take note of a heartbeat or locate answer."""
        known = self._agents.get(seen.agent)
        if known is None:
            if len(self._agents) >= self._most:
                return Change.IGNORED
            self._agents[seen.agent] = Agent(seen, now_ns)
            return Change.ADDED
        before, known.seen, known.last_ns = known.seen, seen, now_ns
        if before.epoch != seen.epoch:
            return Change.RESTARTED
        return Change.SCHEMA_CHANGED if seen.schema_updated > before.schema_updated else Change.REFRESHED

    def touch(self, name: str, now_ns: int) -> None:
        """Take note of any other message of an agent: it lives."""
        known = self._agents.get(name)
        if known is not None:
            known.last_ns = now_ns

    def age(self, now_ns: int) -> list[Agent]:
        """Forget the agents that were not heard for three heartbeats, and give them."""
        lost = [agent for agent in self._agents.values() if agent.lost_ns <= now_ns]
        for agent in lost:
            del self._agents[agent.seen.agent]
        return lost


@dataclass(slots=True)
class Request:
    """A request under way; complete with its last part, or with a result."""

    correlation: str
    agent: str
    deadline_ns: int
    items: list[Item] = field(default_factory=list)
    dropped: int = 0
    parts: int = 0
    result: MethodResult | Failure | Subscribed | SchemaV1 | None = None


class Pending:
    """The requests that wait for answers, by correlation id."""

    def __init__(self, *, most: int = MAX_PENDING, most_items: int = MAX_ITEMS) -> None:
        self._most = most
        self._most_items = most_items
        self._requests: dict[str, Request] = {}
        self._next = SystemRandom().randrange(1, 2**31)  # not to be guessed by who would forge an answer

    def __len__(self) -> int:
        return len(self._requests)

    def expect(self, agent: str, deadline_ns: int) -> Request:
        """Make a correlation id for a request to an agent, and wait for its answer; TooLarge when too many wait."""
        if len(self._requests) >= self._most:
            raise TooLarge("console: too many requests under way")
        while str(self._next) in self._requests:
            self._step()
        request = Request(str(self._next), agent, deadline_ns)
        self._step()
        self._requests[request.correlation] = request
        return request

    def take(self, received: Received) -> Request | None:
        """Add what was received to its request; give the request when that completes it.

        Nothing happens for an answer that nobody waits for, or that another agent than the one asked gives. A request
        whose answer grows over the bound completes as a Failure.
        """
        if isinstance(received, AgentSeen | Indication):
            return None
        request = self._requests.get(received.correlation or "")
        if request is None or request.agent not in ("", received.agent):
            return None
        if isinstance(received, QueryPart):
            if not self._add(request, received):
                return None
        else:
            request.result = received
        del self._requests[request.correlation]
        return request

    def drop(self, request: Request) -> None:
        """Wait for a request no longer."""
        self._requests.pop(request.correlation, None)

    def expire(self, now_ns: int) -> list[Request]:
        """Give up those whose deadline has passed, and give them, with the parts that came."""
        late = [request for request in self._requests.values() if request.deadline_ns <= now_ns]
        for request in late:
            self.drop(request)
        return late

    def _add(self, request: Request, part: QueryPart) -> bool:
        request.items += part.items
        request.dropped += part.dropped
        request.parts += 1
        if len(request.items) > self._most_items:
            request.items.clear()
            text = f"console: more than {self._most_items} items in one answer"
        elif part.is_last and part.number > request.parts:
            text = f"console: {part.number - request.parts} of {part.number} parts of the answer were lost on the way"
        else:
            return part.is_last
        request.result = Failure(agent=part.agent, correlation=part.correlation, code=0, text=text, values={})
        return True

    def _step(self) -> None:
        self._next = self._next % (2**32 - 1) + 1
