"""The requests of a console that wait for their responses, by correlation id.

Pure state, bounded, because anybody who may publish on the exchange can invent responses.

                             QueryPart that is not the last
                               ┌──────┐
    register()                 ▼      │
    ──────────▶ waiting ───────┴──────┘
                   │  the last QueryPart ───────────────────────────────▶ complete, result None
                   │  MethodResult, SubscribeResponse, SchemaV1, Failure ▶ complete, with this result
                   │  fail() ───────────────────────────────────────────▶ complete, result Failure
                   │  a part is missing, or there are too many items ───▶ complete, result Failure
                   └─ cancel() ─────────────────────────────────────────▶ forgotten

Messages that belong to no waiting request, or that another agent sent, change nothing.
"""

from dataclasses import dataclass, field
from random import SystemRandom

from ..wire.errors import TooLarge
from .agent_messages import (
    AgentAnnouncement,
    AgentMessage,
    Failure,
    Indication,
    Item,
    MethodResult,
    QueryPart,
    SchemaV1,
    SubscribeResponse,
)

MAX_PENDING = 200_000
MAX_ITEMS = 2_000_000


@dataclass(slots=True)
class PendingRequest:
    """A request and what was received for it so far."""

    correlation: str
    agent: str  # empty: any agent may answer
    items: list[Item] = field(default_factory=list)
    dropped: int = 0  # items that could not be parsed
    parts: int = 0  # parts of a query response received
    result: MethodResult | Failure | SubscribeResponse | SchemaV1 | None = None


class PendingRequests:
    """The waiting requests of one console."""

    def __init__(self, *, max_requests: int = MAX_PENDING, max_items: int = MAX_ITEMS) -> None:
        self._max_requests = max_requests
        self._max_items = max_items
        self._requests: dict[str, PendingRequest] = {}
        self._next = SystemRandom().randrange(1, 2**31)  # unpredictable, so that responses cannot be forged blindly

    def __len__(self) -> int:
        return len(self._requests)

    def register(self, agent: str) -> PendingRequest:
        """Return a new request to an agent, with a correlation id of its own; TooLarge if too many are waiting."""
        if len(self._requests) >= self._max_requests:
            raise TooLarge("console: too many pending requests")
        while str(self._next) in self._requests:
            self._advance()
        request = PendingRequest(str(self._next), agent)
        self._advance()
        self._requests[request.correlation] = request
        return request

    def complete(self, message: AgentMessage) -> PendingRequest | None:
        """Add a message to the request that it belongs to; return the request if that completes it."""
        if isinstance(message, AgentAnnouncement | Indication):
            return None
        request = self._requests.get(message.correlation or "")
        if request is None or request.agent not in ("", message.agent):
            return None
        if isinstance(message, QueryPart):
            if not self._add_part(request, message):
                return None
        else:
            request.result = message
        del self._requests[request.correlation]
        return request

    def fail(self, correlation: str, text: str) -> PendingRequest | None:
        """Complete the request with this correlation id with a failure that no agent sent; return it if it waits."""
        request = self._requests.pop(correlation, None)
        if request is not None:
            request.result = Failure(agent=request.agent, correlation=correlation, code=0, text=text, values={})
        return request

    def cancel(self, request: PendingRequest) -> None:
        """Forget a request; later responses to it are ignored."""
        self._requests.pop(request.correlation, None)

    def _add_part(self, request: PendingRequest, part: QueryPart) -> bool:
        """Add a part; return whether the request is complete."""
        request.items += part.items
        request.dropped += part.dropped
        request.parts += 1
        if len(request.items) > self._max_items:
            request.items.clear()
            text = f"console: more than {self._max_items} items in one response"
        elif part.is_last and part.number > request.parts:
            text = f"console: {part.number - request.parts} of {part.number} parts of the response were lost in transit"
        else:
            return part.is_last
        request.result = Failure(agent=part.agent, correlation=part.correlation, code=0, text=text, values={})
        return True

    def _advance(self) -> None:
        self._next = self._next % (2**32 - 1) + 1
