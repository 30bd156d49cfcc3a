"""The exchanges of the embedded broker: bindings and routing, independent of AMQP.

Names, bindings and routing are those of qpidd. There are a topic and a direct exchange of the QMF domain, amq.direct
for replies to schema requests of QMF v1 consoles, and dynamic nodes, each with one consumer, for replies.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from ...qmf.wire.addresses import V1_EXCHANGE, direct_exchange, topic_exchange
from ...qmf.wire.topic import TopicTable

if TYPE_CHECKING:
    from .message_queue import MessageQueue


class Exchanges:
    """Which queues a message is routed to. One thread at a time."""

    def __init__(self, domain: str) -> None:
        self.topic, self.direct = topic_exchange(domain), direct_exchange(domain)
        self._topic_bindings: TopicTable[MessageQueue] = TopicTable()
        self._direct_bindings: dict[tuple[str, str], dict[MessageQueue, None]] = {}
        self._dynamic_nodes: dict[str, MessageQueue] = {}
        self._bindings: dict[MessageQueue, list[tuple[str, str]]] = {}
        self._reserved: set[str] = set()

    def is_exchange(self, name: str) -> bool:
        """Whether a node is one of the exchanges."""
        return name in (self.topic, self.direct, V1_EXCHANGE)

    def is_dynamic_node(self, name: str) -> bool:
        """Whether a node was created for a dynamic source."""
        return name in self._dynamic_nodes

    def reserve(self, key: str) -> None:
        """Keep a key of the direct exchange for this process: no client may receive its requests."""
        self._reserved.add(key)

    def is_reserved(self, exchange: str, key: str) -> bool:
        """Whether a key is kept for this process."""
        return exchange == self.direct and key in self._reserved

    def bind(self, exchange: str, key: str, queue: MessageQueue) -> None:
        """Route messages of an exchange with this key, on topic a pattern, to a queue."""
        if exchange == self.topic:
            self._topic_bindings.bind(key, queue)
        else:
            self._direct_bindings.setdefault((exchange, key), {})[queue] = None
        self._bindings.setdefault(queue, []).append((exchange, key))

    def add_dynamic_node(self, name: str, queue: MessageQueue) -> None:
        """Route messages to this node to a queue."""
        self._dynamic_nodes[name] = queue

    def remove(self, queue: MessageQueue, dynamic_node: str | None = None) -> None:
        """Remove a queue with its bindings, its dynamic node and its messages."""
        for exchange, key in self._bindings.pop(queue, ()):
            if exchange == self.topic:
                self._topic_bindings.unbind(key, queue)
                continue
            bound = self._direct_bindings.get((exchange, key), {})
            bound.pop(queue, None)
            if not bound:
                self._direct_bindings.pop((exchange, key), None)
        if dynamic_node is not None:
            self._dynamic_nodes.pop(dynamic_node, None)
        queue.clear()

    def has_route(self, node: str, key: str | None) -> bool:
        """Whether a message would reach any queue."""
        return bool(self._route(node, key or ""))

    def publish(self, node: str, key: str | None, data: bytes, ttl_ms: int | None) -> int:
        """Add an encoded message to every queue that it is routed to; return how many these are."""
        expires = monotonic() + ttl_ms / 1000 if ttl_ms else None
        queues = self._route(node, key or "")
        for queue in queues:
            queue.put(data, expires, node)
        return len(queues)

    def _route(self, node: str, key: str) -> tuple[MessageQueue, ...]:
        if node == self.topic:
            return self._topic_bindings.route(key)
        if node in (self.direct, V1_EXCHANGE):
            return tuple(self._direct_bindings.get((node, key), ()))
        queue = self._dynamic_nodes.get(node)
        return () if queue is None else (queue,)
