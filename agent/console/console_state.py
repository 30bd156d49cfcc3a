"""The console's decisions about what agents send, without input, output, threads or clock: messages in, deliveries out.

Time is in nanoseconds of one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..qmf import (
    Agent,
    AgentAnnouncement,
    AgentTable,
    AgentTransition,
    Indication,
    Message,
    PendingRequest,
    PendingRequests,
    SchemaId,
)
from ..qmf.console_side.agent_messages import AgentMessage
from ..qmf.schema.v1 import SCHEMA_RESPONSE_MAGIC
from ..qmf.wire.addresses import LOCATE_CORRELATION
from ..qmf.wire.message import AGENT_KEY
from ..transport import ConnectionState
from .received_events import ReceivedEvents
from .responses import AgentChange, AgentState, Notification

BROKER = "broker"
"""Name of qpidd's built-in agent."""
NOT_CONNECTED = "it is not connected to the broker"
MAX_CLASSES = 4_096
_AGENT_STATES = {
    AgentTransition.ADDED: AgentState.ADDED,
    AgentTransition.RESTARTED: AgentState.RESTARTED,
    AgentTransition.SCHEMA_CHANGED: AgentState.SCHEMA_CHANGED,
    AgentTransition.REFRESHED: AgentState.REFRESHED,
}


@dataclass(frozen=True, slots=True)
class Completed:
    """A request is complete: hand it to whoever sent it."""

    request: PendingRequest


@dataclass(frozen=True, slots=True)
class Streamed:
    """An indication belongs to the subscription with this correlation id."""

    correlation: str
    indication: Indication


@dataclass(frozen=True, slots=True)
class Notified:
    """All listeners receive this notification."""

    notification: Notification


Delivery = Completed | Streamed | Notified


@dataclass(frozen=True, slots=True)
class Unroutable:
    """The broker could not deliver the request with this correlation id."""

    correlation: str


class ConsoleState:
    """What a console knows; not thread-safe.

    ::

        connection      (none) ── connected ──▶ CONNECTED ── lost ──▶ DISCONNECTED ── connected ──▶ CONNECTED …
                           │                                              ▲ │ a failed attempt is counted
                           └── refused ──▶ REFUSED                        └─┘

        request         register() ──▶ waiting ── last message ──▶ Completed
                                          │
                                          └── cancel() ──▶ forgotten

        subscription    register(is_stream=True) ──▶ open: its indications are Streamed ── end_stream() ──▶ closed

    The states of agents are drawn in ``AgentTable``, the messages of a request in ``PendingRequests``.
    """

    def __init__(self) -> None:
        self.connection: ConnectionState | None = None
        self.reason = ""
        self.connections = 0
        """Connections so far: responses to requests sent over an earlier one may never arrive."""
        self.failures = 0
        """Failed attempts to connect since the last connection."""
        self.located_ns = 0
        """When the last locate response was received; 0: none yet."""
        self.unroutable_locates = 0
        """Locate requests that the broker could deliver to no agent at all."""
        self.agents = AgentTable()
        self._pending = PendingRequests()
        self._agent_of: dict[str, str] = {}  # correlation -> agent
        self._streams: set[str] = set()
        self.received_events = ReceivedEvents()
        self._classes: dict[str, dict[SchemaId, None]] = {}

    def on_connection(self, state: ConnectionState, reason: str) -> None:
        """Note a change of the connection."""
        is_connected = state is ConnectionState.CONNECTED
        self.connection, self.reason = state, reason
        self.failures = 0 if is_connected else self.failures + 1
        self.connections += is_connected

    def is_connect_finished(self, tries: int) -> bool:
        """Whether the console is connected, was refused, or failed so many times."""
        return self.connection in (ConnectionState.CONNECTED, ConnectionState.REFUSED) or self.failures >= tries

    def register(self, agent: str, *, is_stream: bool = False) -> PendingRequest:
        """Return a new request to an agent; ``is_stream``: it subscribes."""
        request = self._pending.register("" if agent == BROKER else agent)
        self._agent_of[request.correlation] = agent
        if is_stream:
            self._streams.add(request.correlation)
        return request

    def cancel(self, request: PendingRequest) -> None:
        """Forget a request and its stream."""
        self._pending.cancel(request)
        self._agent_of.pop(request.correlation, None)
        self._streams.discard(request.correlation)

    def end_stream(self, correlation: str) -> None:
        """Ignore further indications for a subscription."""
        self._streams.discard(correlation)

    def classes(self, agent: str) -> list[SchemaId]:
        """Return the classes of the objects that an agent without v2 schemas has sent."""
        return list(self._classes.get(agent, ()))

    def with_sender(self, message: Message) -> Message:
        """Return the message with its sender: qpidd's v1 schemas lack it, so it is the agent of the request."""
        raw = message.binary_body
        if message.agent is not None or raw is None or not raw.startswith(SCHEMA_RESPONSE_MAGIC):
            return message
        agent = self._agent_of.get(str(int.from_bytes(raw[4:8], "big")), "")
        return replace(message, properties={**message.properties, AGENT_KEY: agent or BROKER})

    def on_message(self, message: AgentMessage, now_ns: int) -> list[Delivery]:
        """Apply a parsed message; return what must be delivered."""
        if isinstance(message, AgentAnnouncement):
            return self._on_announcement(message, now_ns)
        self.agents.touch(message.agent, now_ns)
        if isinstance(message, Indication):
            if message.correlation is not None and message.correlation in self._streams:
                return [Streamed(message.correlation, message)]
            self._learn_classes(message.agent, message.items)
            return [Notified(message)]
        request = self._pending.complete(message)
        if request is None:
            return []
        self._agent_of.pop(request.correlation, None)
        self._learn_classes(message.agent, request.items)
        return [Completed(request)]

    def on_unroutable(self, unroutable: Unroutable) -> list[Delivery]:
        """Complete a request that the broker could not deliver: its agent is not connected."""
        self.unroutable_locates += unroutable.correlation == LOCATE_CORRELATION
        request = self._pending.fail(unroutable.correlation, NOT_CONNECTED)
        if request is None:
            return []
        self._agent_of.pop(request.correlation, None)
        return [Completed(request)]

    def expire(self, now_ns: int) -> list[Delivery]:
        """Remove the agents that missed three heartbeats."""
        lost = self.agents.expire(now_ns)
        for agent in lost:
            self._classes.pop(agent.name, None)
        return [Notified(AgentChange(agent=agent, state=AgentState.LOST)) for agent in lost]

    def _on_announcement(self, announcement: AgentAnnouncement, now_ns: int) -> list[Delivery]:
        transition = self.agents.update(announcement, now_ns)
        if announcement.is_locate_response:
            self.located_ns = now_ns
        agent: Agent | None = self.agents.get(announcement.agent)
        if agent is None or transition not in _AGENT_STATES:
            return []
        return [Notified(AgentChange(agent=replace(agent), state=_AGENT_STATES[transition]))]

    def _learn_classes(self, agent: str, items: Iterable[object]) -> None:
        known = self.agents.get(agent)
        if known is not None and known.capability >= 1:
            return
        for item in items:
            schema_id = getattr(item, "schema_id", None)
            if isinstance(schema_id, SchemaId) and len(self._classes) < MAX_CLASSES:
                classes = self._classes.setdefault(agent, {})
                if schema_id.hash is not None and len(classes) < MAX_CLASSES:
                    classes.pop(schema_id, None)  # equal except for the hash
                    classes[schema_id] = None
