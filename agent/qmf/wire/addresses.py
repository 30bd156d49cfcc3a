"""Exchanges, routing keys and agent names of QMF v2.

The forms are those of qpidd's built-in agent (qpid/management/ManagementAgent.cpp). In each component of a key, `_`
replaces `.`, so that consoles can bind by position.
"""

from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from .errors import Malformed, quote_short
from .limits import MAX_KEY_BYTES

DEFAULT_DOMAIN = "default"
V1_EXCHANGE = "amq.direct"
"""The built-in direct exchange of brokers: consoles of QMF v1 receive schema responses from it."""
LOCATE_KEY = "console.request.agent_locate"
LOCATE_CORRELATION = "agent-locate"
LOCATE_BINDING = "console.#"
HEARTBEAT_BINDING = "agent.ind.heartbeat.#"
EVENT_BINDING = "agent.ind.event.#"
DATA_BINDING = "agent.ind.data.#"

CHECK_PREFIX = "check"
"""Keys that start so are for messages of a client to itself, on an exchange on which it has no other key of its own."""

SEVERITIES = ("emerg", "alert", "crit", "error", "warn", "note", "info", "debug")
"""The word for each severity in the key of an event; the index is the number in the body."""


def unique_key(prefix: str) -> str:
    """Return a routing key that no other client has."""
    return f"{prefix}.{uuid4()}"


def direct_exchange(domain: str = DEFAULT_DOMAIN) -> str:
    """Return the name of the exchange for requests to one agent."""
    return f"qmf.{domain}.direct"


def topic_exchange(domain: str = DEFAULT_DOMAIN) -> str:
    """Return the name of the exchange for indications, broadcasts and routable requests."""
    return f"qmf.{domain}.topic"


@dataclass(frozen=True, slots=True)
class AgentName:
    """`vendor:product:instance`; only the instance may contain colons."""

    vendor: str
    product: str
    instance: str

    def __post_init__(self) -> None:
        if not (self.vendor and self.product and self.instance) or ":" in self.vendor + self.product:
            raise Malformed(f"agent name: {quote_short(str(self))} is not vendor:product:instance")
        if (self.vendor, self.product) == ("apache.org", "qpidd"):
            raise Malformed("agent name: apache.org:qpidd is reserved for the broker's built-in agent")
        if len(str(self).encode("utf-8", "replace")) > MAX_KEY_BYTES:
            raise Malformed(f"agent name: longer than {MAX_KEY_BYTES} bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `vendor:product:instance`; Malformed for anything else, such as a broker's `broker`."""
        vendor, _, rest = text.partition(":")
        product, _, instance = rest.partition(":")
        return cls(vendor, product, instance)

    def __str__(self) -> str:
        return f"{self.vendor}:{self.product}:{self.instance}"

    @property
    def key(self) -> str:
        """The three components as the end of a routing key."""
        return join_key(self.vendor, self.product, self.instance)


def join_key(*components: str) -> str:
    """Join components to a routing key; Malformed if it is over 255 bytes."""
    joined = ".".join(component.replace(".", "_") for component in components)
    if len(joined.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        raise Malformed(f"routing key {quote_short(joined)}: longer than {MAX_KEY_BYTES} bytes")
    return joined


def heartbeat_key(agent: AgentName) -> str:
    """Return the key of an agent's heartbeat."""
    return "agent.ind.heartbeat." + agent.key


def event_key(agent: AgentName, package: str, name: str, severity: int) -> str:
    """Return the key of an event; severity 0 (emerg) to 7 (debug)."""
    return join_key(
        "agent", "ind", "event", package, name, SEVERITIES[severity], agent.vendor, agent.product, agent.instance
    )


def data_key(agent: AgentName, package: str, name: str) -> str:
    """Return the key of an unsolicited indication of objects."""
    return join_key("agent", "ind", "data", package, name, agent.vendor, agent.product, agent.instance)
