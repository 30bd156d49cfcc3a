"""Subscriptions of consoles at an agent: bookkeeping only, with the clock as an argument.

The protocol is that of the Java agents (qpid-qmf2 agent/Subscription.java): at once all objects that match, then each
interval those that are new or changed, until the duration is over; a refresh starts the duration anew. Unlike there,
change is seen per object by its own `update_ts`, so that nothing is lost between evaluating and publishing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from ..query.query import Query
from ..schema.objects import DataObject
from ..wire.errors import QmfError, TooLarge
from .messages import ReplyTo

DEFAULT_DURATION_S, MIN_DURATION_S, MAX_DURATION_S = 300, 10, 3600
DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, MAX_INTERVAL_MS = 30_000, 1_000, 3_600_000
MAX_SUBSCRIPTIONS = 256
MAX_PER_SUBSCRIBER = 32


@dataclass(slots=True, kw_only=True)
class Subscription:
    """One console's standing query."""

    id: str
    query: Query
    reply: ReplyTo
    user_id: str | None
    duration_s: int
    interval_ms: int
    expires_ns: int
    due_ns: int
    known: dict[str, int] = field(default_factory=dict)  # object name -> update_ts as last published


Evaluate = Callable[[Subscription], Iterable[DataObject]]


class Subscriptions:
    """All subscriptions of one agent. Every `now_ns` is of one clock that never goes back."""

    def __init__(
        self,
        *,
        most: int = MAX_SUBSCRIPTIONS,
        most_each: int = MAX_PER_SUBSCRIBER,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._most = most
        self._most_each = most_each
        self._new_id = new_id
        self._all: dict[str, Subscription] = {}

    def __len__(self) -> int:
        return len(self._all)

    def subscribe(
        self,
        query: Query,
        reply: ReplyTo,
        now_ns: int,
        *,
        duration_s: int = 0,
        interval_ms: int = 0,
        user_id: str | None = None,
    ) -> Subscription:
        """Add one; 0 means the default. TooLarge when there are too many, of all or of this subscriber."""
        self.expire(now_ns)
        mine = sum(item.reply.route == reply.route for item in self._all.values())
        if len(self._all) >= self._most or mine >= self._most_each:
            raise TooLarge("subscription: too many, cancel some or poll")
        duration = _within(duration_s, DEFAULT_DURATION_S, MIN_DURATION_S, MAX_DURATION_S)
        interval = _within(interval_ms, DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, MAX_INTERVAL_MS)
        item = Subscription(
            id=self._new_id(),
            query=query,
            reply=reply,
            user_id=user_id,
            duration_s=duration,
            interval_ms=interval,
            expires_ns=now_ns + duration * 10**9,
            due_ns=now_ns,
        )
        self._all[item.id] = item
        return item

    def refresh(self, subscription_id: str, now_ns: int, *, duration_s: int = 0) -> Subscription | None:
        """Start the duration anew, changed if one is given; None when there is no such subscription any more."""
        self.expire(now_ns)
        item = self._all.get(subscription_id)
        if item is not None:
            item.duration_s = _within(duration_s, item.duration_s, MIN_DURATION_S, MAX_DURATION_S)
            item.expires_ns = now_ns + item.duration_s * 10**9
        return item

    def cancel(self, subscription_id: str) -> None:
        """End one; nothing happens when it ended before."""
        self._all.pop(subscription_id, None)

    def expire(self, now_ns: int) -> None:
        """End, silently, those whose duration is over."""
        for item in [item for item in self._all.values() if item.expires_ns <= now_ns]:
            del self._all[item.id]

    def next_due_ns(self) -> int | None:
        """Give the time of the next publication; None when there is no subscription."""
        return min((item.due_ns for item in self._all.values()), default=None)

    def due(self, now_ns: int, evaluate: Evaluate) -> Iterator[tuple[Subscription, list[DataObject]]]:
        """Give those that are due and have something to publish, with the objects that are new or changed.

        A subscription whose query fails (too much work by now) is ended.
        """
        self.expire(now_ns)
        for item in [item for item in self._all.values() if item.due_ns <= now_ns]:
            item.due_ns = now_ns + item.interval_ms * 10**6
            try:
                changed = _changed(item, evaluate(item))
            except QmfError:
                self.cancel(item.id)
                continue
            if changed:
                yield item, changed

    def deleted(self, gone: DataObject, now_ns: int) -> Iterator[Subscription]:
        """Give those that know an object that is gone now: they are told at once, with its `_delete_ts`."""
        self.expire(now_ns)
        name = gone.object_id.object_name if gone.object_id is not None else ""
        for item in list(self._all.values()):
            if item.known.pop(name, None) is not None:
                yield item


def _changed(item: Subscription, objects: Iterable[DataObject]) -> list[DataObject]:
    """Find what is new or changed, and remember what is there: an object that left and comes back is new."""
    changed = []
    known: dict[str, int] = {}
    for candidate in objects:
        name = candidate.object_id.object_name if candidate.object_id is not None else ""
        known[name] = candidate.update_ts
        if item.known.get(name) != candidate.update_ts:
            changed.append(candidate)
    item.known = known
    return changed


def _within(value: int, default: int, least: int, most: int) -> int:
    return max(least, min(value, most)) if value > 0 else default
