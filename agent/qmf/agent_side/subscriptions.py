"""Subscriptions of consoles to an agent: pure state; the clock is an argument.

The protocol is that of the Java agents (qpid-qmf2 agent/Subscription.java). All objects that match are published at
once, then the new and changed ones at each interval, until the duration ends; a refresh restarts the duration. Unlike
in Java, a change is detected for each object by its `update_ts`, so none is lost between evaluation and publication.

    subscribe() ──▶ active ──┐ `due_ns` is reached: publish what is new or changed, due again after the interval
                     │  ▲    │ refresh(): `expires_ns` is moved
                     │  └────┘ forget_object(): a deleted object is published once
                     │         restart(): the connection was lost: everything is due again, deletions included
                     │
                     └─ cancel(), `expires_ns` is reached, or the query fails ──▶ ended
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from uuid import uuid4

from ..query.query import Query
from ..schema.objects import DataObject
from ..wire.errors import QmfError, TooLarge
from ..wire.reply_to import ReplyTo

DEFAULT_DURATION_S, MIN_DURATION_S, MAX_DURATION_S = 300, 10, 3600
DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, MAX_INTERVAL_MS = 30_000, 1_000, 3_600_000
RESENT_DELETIONS_NS, MAX_RESENT_DELETIONS = 120 * 10**9, 10_000
"""How long a published deletion may still be lost with the broker, and how many are remembered per subscription."""
MAX_SUBSCRIPTIONS = 256
MAX_PER_SUBSCRIBER = 32


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A query that an agent evaluates at an interval for one console."""

    id: str
    query: Query
    reply_to: ReplyTo
    user_id: str | None
    duration_s: int
    interval_ms: int
    expires_ns: int
    due_ns: int
    published: dict[str, DataObject] = field(default_factory=dict)  # object name -> as it was last published
    deletions: dict[str, tuple[DataObject, int]] = field(default_factory=dict)  # object name -> deletion, and when
    is_restarted: bool = False  # what was published last may have been lost


Evaluate = Callable[[Subscription], Iterable[DataObject]]


class Subscriptions:
    """All subscriptions of one agent. Every `now_ns` is of the same monotonic clock."""

    def __init__(
        self,
        *,
        max_subscriptions: int = MAX_SUBSCRIPTIONS,
        max_per_subscriber: int = MAX_PER_SUBSCRIBER,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._max_subscriptions = max_subscriptions
        self._max_per_subscriber = max_per_subscriber
        self._new_id = new_id
        self._by_id: dict[str, Subscription] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def subscribe(
        self,
        query: Query,
        reply_to: ReplyTo,
        now_ns: int,
        *,
        duration_s: int = 0,
        interval_ms: int = 0,
        user_id: str | None = None,
    ) -> Subscription:
        """Add a subscription; 0 means the default. TooLarge if the agent or this subscriber has too many."""
        self.expire(now_ns)
        of_subscriber = sum(item.reply_to.route == reply_to.route for item in self._by_id.values())
        if len(self._by_id) >= self._max_subscriptions or of_subscriber >= self._max_per_subscriber:
            raise TooLarge("subscription: too many; cancel some, or poll instead")
        duration = _clamp(duration_s, DEFAULT_DURATION_S, MIN_DURATION_S, MAX_DURATION_S)
        interval = _clamp(interval_ms, DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, MAX_INTERVAL_MS)
        item = Subscription(
            id=self._new_id(),
            query=query,
            reply_to=reply_to,
            user_id=user_id,
            duration_s=duration,
            interval_ms=interval,
            expires_ns=now_ns + duration * 10**9,
            due_ns=now_ns,
        )
        self._by_id[item.id] = item
        return item

    def refresh(self, subscription_id: str, now_ns: int, *, duration_s: int = 0) -> Subscription | None:
        """Restart the duration, with a new length if one is given; None if there is no such subscription."""
        self.expire(now_ns)
        item = self._by_id.get(subscription_id)
        if item is not None:
            item.duration_s = _clamp(duration_s, item.duration_s, MIN_DURATION_S, MAX_DURATION_S)
            item.expires_ns = now_ns + item.duration_s * 10**9
        return item

    def cancel(self, subscription_id: str) -> None:
        """End a subscription; no effect if it has ended already."""
        self._by_id.pop(subscription_id, None)

    def expire(self, now_ns: int) -> None:
        """End the subscriptions whose duration is over; nothing is sent to their subscribers."""
        for item in [item for item in self._by_id.values() if item.expires_ns <= now_ns]:
            del self._by_id[item.id]

    def next_due_ns(self) -> int | None:
        """Return the time of the next publication; None if there is no subscription."""
        return min((item.due_ns for item in self._by_id.values()), default=None)

    def due(self, now_ns: int, evaluate: Evaluate) -> Iterator[tuple[Subscription, list[DataObject]]]:
        """Yield the due subscriptions that have something to publish, with the new and changed objects.

        A subscription whose query fails, because it has become too expensive, is ended.
        """
        self.expire(now_ns)
        for item in [item for item in self._by_id.values() if item.due_ns <= now_ns]:
            item.due_ns = now_ns + item.interval_ms * 10**6
            try:
                changed = _find_changed(item, evaluate(item), now_ns)
            except QmfError:
                self.cancel(item.id)
                continue
            if changed:
                yield item, changed

    def forget_object(self, deleted: DataObject, now_ns: int) -> Iterator[Subscription]:
        """Yield, once, the subscriptions to which a deleted object was published."""
        self.expire(now_ns)
        name = deleted.object_id.object_name if deleted.object_id is not None else ""
        for item in list(self._by_id.values()):
            if item.published.pop(name, None) is not None:
                item.deletions[name] = deleted, now_ns
                if len(item.deletions) > MAX_RESENT_DELETIONS:
                    del item.deletions[next(iter(item.deletions))]
                yield item

    def restart(self, now_ns: int) -> None:
        """Publish everything again, because the connection was lost, and with it perhaps what was published last."""
        for item in self._by_id.values():
            item.is_restarted, item.due_ns = True, now_ns


def _find_changed(item: Subscription, objects: Iterable[DataObject], now_ns: int) -> list[DataObject]:
    """Return the new and changed objects, and record all: an object that disappears and reappears is new.

    After a restart, return all objects, and the deletions that the subscriber may not have received.
    """
    changed = []
    published: dict[str, DataObject] = {}
    for candidate in objects:
        name = candidate.object_id.object_name if candidate.object_id is not None else ""
        published[name] = candidate
        before = item.published.get(name)
        if item.is_restarted or before is None or before.update_ts != candidate.update_ts:
            changed.append(candidate)
    item.deletions = {
        name: (deleted, when)
        for name, (deleted, when) in item.deletions.items()
        if name not in published and (item.is_restarted or now_ns - when < RESENT_DELETIONS_NS)
    }
    if item.is_restarted:
        gone = [replace(one, delete_ts=now_ns) for name, one in item.published.items() if name not in published]
        changed += [deleted for deleted, _ in item.deletions.values()] + gone
        item.is_restarted = False
    item.published = published
    return changed


def _clamp(value: int, default: int, minimum: int, maximum: int) -> int:
    """Return the value within the limits; the default if it is not positive."""
    return max(minimum, min(value, maximum)) if value > 0 else default
