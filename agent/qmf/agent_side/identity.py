"""The identity of an agent, as it announces it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wire.addresses import DEFAULT_DOMAIN, AgentName
from ..wire.sanitise import sanitise_map
from ..wire.types import Map, UInt, ULong


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Name and attributes of an agent: sent in heartbeats and locate responses, and filtered by locate requests."""

    name: AgentName
    attributes: Mapping[str, object] = field(default_factory=dict)  # application attributes: hostname, uuid, …
    epoch: int = 1  # uint32 that changes with each start of the agent
    schema_updated: int = 0  # ns since the epoch: consoles request the schemas again when it grows
    heartbeat_seconds: int = 10
    direct_subject: str = ""  # a routable key on the topic exchange, if the agent binds one
    domain: str = DEFAULT_DOMAIN
    capability: int = 1  # 1: answers v2 schema queries and evaluates predicates; 0: neither

    def to_attributes(self, now_ns: int) -> Map:
        """Return all attributes, including those that the protocol defines."""
        result = sanitise_map(self.attributes)
        result |= {"_vendor": self.name.vendor, "_product": self.name.product, "_instance": self.name.instance}
        result |= {"_name": str(self.name), "_timestamp": ULong(now_ns), "_epoch": UInt(self.epoch % 2**32)}
        result |= {"_heartbeat_interval": UInt(self.heartbeat_seconds), "_schema_updated": ULong(self.schema_updated)}
        result["qmf.agent_capability"] = UInt(self.capability)
        if self.direct_subject:
            result["_direct_subject"] = self.direct_subject
        return result
