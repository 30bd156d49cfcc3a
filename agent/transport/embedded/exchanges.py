"""The exchanges that an agent carries itself: routing and bounded queues, without any protocol.

Names, binding and routing are qpidd's: a topic and a direct exchange of the QMF domain, amq.direct for the answers to
schema requests of old consoles, and nodes with one consumer each for replies.
"""

from collections import deque
from collections.abc import Callable
from time import monotonic

from ...qmf.wire.addresses import direct_exchange, topic_exchange
from ...qmf.wire.topic import TopicTable


class Queue:
    """What waits for one consumer. Full, it drops the oldest: a slow consumer of indications wants the newest."""

    __slots__ = ("_budget", "_items", "_max_bytes", "_max_messages", "dropped", "ready", "size")

    def __init__(self, budget: "Budget", ready: Callable[["Queue"], None], max_messages: int, max_bytes: int) -> None:
        self._items: deque[tuple[bytes, float | None, str]] = deque()
        self._budget, self._max_messages, self._max_bytes = budget, max_messages, max_bytes
        self.ready = ready
        self.size = self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, data: bytes, expires: float | None, exchange: str) -> None:
        """Add an encoded message, and tell the consumer."""
        while self._items and (
            len(self._items) >= self._max_messages
            or self.size + len(data) > self._max_bytes
            or self._budget.used + len(data) > self._budget.limit
        ):
            self._take()
            self.dropped += 1
            self._budget.dropped += 1
        if self._budget.used + len(data) > self._budget.limit or len(data) > self._max_bytes:
            self.dropped += 1
            self._budget.dropped += 1
            return
        self._items.append((data, expires, exchange))
        self.size += len(data)
        self._budget.used += len(data)
        self.ready(self)

    def take(self) -> tuple[bytes, str] | None:
        """Take the oldest that has not expired, with the exchange that it came through; None when there is none."""
        while self._items:
            data, expires, exchange = self._take()
            if expires is None or expires > monotonic():
                return data, exchange
        return None

    def clear(self) -> None:
        """Forget all."""
        while self._items:
            self._take()

    def _take(self) -> tuple[bytes, float | None, str]:
        item = self._items.popleft()
        self.size -= len(item[0])
        self._budget.used -= len(item[0])
        return item


class Budget:
    """Bytes in all queues together, and how many messages were dropped in all."""

    __slots__ = ("dropped", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used, self.dropped = limit, 0, 0


class Exchanges:
    """Who gets what. Not for several threads."""

    def __init__(self, domain: str) -> None:
        self.topic, self.direct = topic_exchange(domain), direct_exchange(domain)
        self._topic: TopicTable[Queue] = TopicTable()
        self._direct: dict[tuple[str, str], dict[Queue, None]] = {}
        self._nodes: dict[str, Queue] = {}
        self._bindings: dict[Queue, list[tuple[str, str]]] = {}
        self._reserved: set[str] = set()

    def is_exchange(self, name: str) -> bool:
        """Tell whether a name is one of the exchanges."""
        return name in (self.topic, self.direct, "amq.direct")

    def is_node(self, name: str) -> bool:
        """Tell whether a name is a reply node."""
        return name in self._nodes

    def reserve(self, key: str) -> None:
        """Keep a key of the direct exchange for the agent of this process: nobody else may listen to its requests."""
        self._reserved.add(key)

    def is_reserved(self, exchange: str, key: str) -> bool:
        """Tell whether a key is kept for the agent of this process."""
        return exchange == self.direct and key in self._reserved

    def bind(self, exchange: str, key: str, queue: Queue) -> None:
        """Bind a queue to an exchange."""
        if exchange == self.topic:
            self._topic.bind(key, queue)
        else:
            self._direct.setdefault((exchange, key), {})[queue] = None
        self._bindings.setdefault(queue, []).append((exchange, key))

    def add_node(self, name: str, queue: Queue) -> None:
        """Make a reply node."""
        self._nodes[name] = queue

    def remove(self, queue: Queue, node: str | None = None) -> None:
        """Take a queue out of everything."""
        for exchange, key in self._bindings.pop(queue, ()):
            if exchange == self.topic:
                self._topic.unbind(key, queue)
                continue
            bound = self._direct.get((exchange, key), {})
            bound.pop(queue, None)
            if not bound:
                self._direct.pop((exchange, key), None)
        if node is not None:
            self._nodes.pop(node, None)
        queue.clear()

    def reaches(self, node: str, key: str | None) -> bool:
        """Tell whether anybody would get it."""
        return bool(self._reached(node, key or ""))

    def publish(self, node: str, key: str | None, data: bytes, ttl_ms: int | None) -> int:
        """Route an encoded message; gives how many queues it reached."""
        expires = monotonic() + ttl_ms / 1000 if ttl_ms else None
        queues = self._reached(node, key or "")
        for queue in queues:
            queue.put(data, expires, node)
        return len(queues)

    def _reached(self, node: str, key: str) -> tuple[Queue, ...]:
        if node == self.topic:
            return self._topic.route(key)
        if node in (self.direct, "amq.direct"):
            return tuple(self._direct.get((node, key), ()))
        queue = self._nodes.get(node)
        return () if queue is None else (queue,)
