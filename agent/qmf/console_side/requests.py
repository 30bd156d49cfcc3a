"""Build the requests that a console sends.

Correlation ids are decimal numbers under 2**32. Agents return any form, but C++ and Python consoles ignore others.
"""

from collections.abc import Mapping
from dataclasses import replace

from ..query.predicate import Predicate
from ..query.query import Query
from ..schema.objects import ObjectId
from ..schema.schema_id import SchemaId
from ..schema.v1 import SchemaRequestV1
from ..wire.addresses import DEFAULT_DOMAIN, LOCATE_CORRELATION, LOCATE_KEY, direct_exchange, topic_exchange
from ..wire.message import APP_ID, APP_ID_KEY, CONTENT_LIST, CONTENT_MAP, METHOD_KEY, OPCODE_KEY, Message, Opcode
from ..wire.sanitise import sanitise, sanitise_map
from ..wire.types import Map, UInt, ULong, Value


class RequestBuilder:
    """Builds requests whose responses are sent to one address.

    `reply_to` is that address as the broker in use writes it: `qmf.default.topic/direct-console.ID`.
    """

    def __init__(self, reply_to: str, *, domain: str = DEFAULT_DOMAIN) -> None:
        self.reply_to = reply_to
        self.domain = domain

    def locate(self, where: list[Value] | None = None, correlation: str = LOCATE_CORRELATION) -> Message:
        """Request an announcement of all agents, or of those whose attributes match; Malformed for a bad predicate."""
        expression = list(where or [])
        Predicate(expression)
        message = self._request(Opcode.LOCATE_REQUEST, correlation, "", sanitise(expression))
        return _to_topic(message, self.domain, LOCATE_KEY)

    def query(self, agent_key: str, query: Query, correlation: str) -> Message:
        """Request the result of a query; `agent_key` is the name of the agent, or `broker`."""
        return self._request(Opcode.QUERY_REQUEST, correlation, agent_key, query.to_map())

    def call(
        self,
        agent_key: str,
        method: str,
        arguments: Mapping[str, object],
        correlation: str,
        object_id: ObjectId | None = None,
    ) -> Message:
        """Request a method call; the object id may be absent for C++ agents, but not for the broker."""
        body: Map = {"_method_name": method, "_arguments": sanitise_map(arguments)}
        if object_id is not None:
            body["_object_id"] = object_id.to_map()
        return self._request(Opcode.METHOD_REQUEST, correlation, agent_key, body)

    def subscribe(
        self, agent_key: str, query: Query, correlation: str, *, duration_s: int = 0, interval_ms: int = 0
    ) -> Message:
        """Request a subscription: what matches now, and later changes. 0 means the agent's default."""
        body: Map = {"_query": query.to_map()}
        if interval_ms:
            body["_interval"] = ULong(interval_ms)
        if duration_s:
            body["_duration"] = ULong(duration_s)
        return self._request(Opcode.SUBSCRIBE_REQUEST, correlation, agent_key, body)

    def refresh(self, agent_key: str, subscription_id: str, correlation: str, *, duration_s: int = 0) -> Message:
        """Request another duration for a subscription; 0 means the same as before."""
        body: Map = {"_subscription_id": subscription_id}
        if duration_s:
            body["_duration"] = ULong(duration_s)
        return self._request(Opcode.SUBSCRIBE_REFRESH, correlation, agent_key, body)

    def cancel(self, agent_key: str, subscription_id: str, correlation: str) -> Message:
        """Cancel a subscription; there is no response."""
        return self._request(Opcode.SUBSCRIBE_CANCEL, correlation, agent_key, {"_subscription_id": subscription_id})

    def schema_v1(self, agent_key: str, schema_id: SchemaId, sequence: int) -> Message:
        """Request a schema by QMFv1, the only way for agents without capability 1."""
        return Message(
            address=direct_exchange(self.domain),
            subject=agent_key,
            reply_to=self.reply_to,
            content_type="x-application/qmf",
            body=SchemaRequestV1(int(UInt(sequence)), schema_id).encode(),
            is_data=True,
        )

    def _request(self, opcode: str, correlation: str, agent_key: str, body: object) -> Message:
        return Message(
            address=direct_exchange(self.domain),
            subject=agent_key,
            reply_to=self.reply_to,
            correlation_id=correlation,
            content_type=CONTENT_MAP if isinstance(body, dict) else CONTENT_LIST,
            properties={METHOD_KEY: "request", OPCODE_KEY: opcode, APP_ID_KEY: APP_ID},
            body=body,
        )


def _to_topic(message: Message, domain: str, subject: str) -> Message:
    return replace(message, address=topic_exchange(domain), subject=subject)
