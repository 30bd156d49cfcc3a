"""Standing queries at many agents: subscriptions where the agent knows them, asking again where not."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic

from ..qmf import DataObject, Indication, Predicate, Query
from .answers import Answer, Kind, Update
from .asking import Job, ask
from .nodes import matching
from .post import Post

_logger = logging.getLogger(__name__)
ASK_SECONDS = 3.0
TICK_SECONDS = 0.5
MOST_OBJECTS = 1_000_000


@dataclass(slots=True)
class _Peer:
    """One agent, and what it told last."""

    epoch: int
    correlation: str = ""
    subscription_id: str = ""  # empty: it is asked each interval
    due: float = 0.0  # when to refresh, or to ask
    retry: float = 0.0  # when to try anew to subscribe
    objects: dict[str, DataObject] = field(default_factory=dict)


class Subscription:
    """Calls back for what changes at some agents, until it is closed."""

    def __init__(
        self,
        post: Post,
        query: Query,
        callback: Callable[[Update], None],
        names: list[str] | None,
        where: Predicate,
        interval_seconds: float,
    ) -> None:
        self._post, self._query, self._callback, self._names, self._where = post, query, callback, names, where
        self._interval = max(1.0, interval_seconds)
        self._peers: dict[str, _Peer] = {}
        self._stream: SimpleQueue[Indication] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hostinfo-subscription", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Cancel at the agents, and call back no longer."""
        if self._closing.is_set():
            return
        self._closing.set()
        for name, peer in list(self._peers.items()):
            if peer.subscription_id:
                request = self._post.requests.cancel(name, peer.subscription_id, peer.correlation)
                self._post.transport.send(request)
            self._post.end_stream(peer.correlation)

    @property
    def polled(self) -> tuple[str, ...]:
        """The agents that do not know subscriptions, or had no place for one."""
        return tuple(name for name, peer in self._peers.items() if not peer.subscription_id)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._begin(self._new())
                now = monotonic()
                due = [(name, peer) for name, peer in self._peers.items() if peer.due <= now]
                self._refresh([(name, peer) for name, peer in due if peer.subscription_id])
                self._poll([(name, peer) for name, peer in due if not peer.subscription_id])
                self._drain()
            except Exception:
                _logger.exception("fault in a subscription")
                self._closing.wait(TICK_SECONDS)

    def _new(self) -> dict[str, _Peer]:
        """Find agents that came, or restarted and know nothing of us; forget those that went."""
        known = {agent.name: agent for agent in self._post.agents()}
        if self._names is None:
            wanted = {name: agent.epoch for name, agent in known.items() if matching(self._where, agent)}
        else:
            wanted = {name: known[name].epoch if name in known else 0 for name in self._names}
        for name in [name for name in self._peers if name not in wanted]:
            self._post.end_stream(self._peers.pop(name).correlation)
        now = monotonic()
        found: dict[str, _Peer] = {}
        for name, epoch in wanted.items():
            peer = self._peers.get(name)
            is_restarted = peer is not None and epoch and peer.epoch and epoch != peer.epoch
            is_left = peer is not None and not peer.subscription_id and peer.retry <= now
            if peer is None or is_restarted or is_left:
                found[name] = _Peer(epoch, objects=peer.objects if peer is not None else {})
                if peer is not None:
                    self._post.end_stream(peer.correlation)
        return found

    def _begin(self, peers: dict[str, _Peer]) -> None:
        interval_ms = round(self._interval * 1000)
        jobs = [Job.subscribe(name, self._query, interval_ms, self._stream) for name in peers]
        if not jobs:
            return
        answers = ask(self._post, jobs, ASK_SECONDS)
        for (name, peer), (answer, correlation) in zip(peers.items(), answers, strict=True):
            now = monotonic()
            if answer.subscribed is not None:
                peer.correlation, peer.subscription_id = correlation, answer.subscribed.subscription_id
                peer.due = now + max(1.0, answer.subscribed.duration_s / 2)
            else:
                self._post.end_stream(correlation)
                peer.due, peer.retry = now, now + 300
            self._peers[name] = peer

    def _refresh(self, due: list[tuple[str, _Peer]]) -> None:
        jobs = [Job.refresh(name, peer.subscription_id) for name, peer in due]
        if not jobs:
            return
        for (name, peer), (answer, _) in zip(due, ask(self._post, jobs, ASK_SECONDS), strict=True):
            if answer.subscribed is not None:
                peer.due = monotonic() + max(1.0, answer.subscribed.duration_s / 2)
            else:  # gone: begin anew at the next round
                self._post.end_stream(peer.correlation)
                self._peers[name] = _Peer(peer.epoch, due=monotonic() + self._interval, objects=peer.objects)

    def _poll(self, due: list[tuple[str, _Peer]]) -> None:
        jobs = [Job.query(name, self._query) for name, _ in due]
        if not jobs:
            return
        for (name, peer), (answer, _) in zip(due, ask(self._post, jobs, max(ASK_SECONDS, self._interval)), strict=True):
            peer.due = monotonic() + self._interval
            self._take(name, peer, [item for item in answer.objects if self._query.matches(item)])
            if answer.is_good:
                self._missing(name, peer, answer)

    def _missing(self, name: str, peer: _Peer, answer: Answer) -> None:
        there = {_key(item) for item in answer.objects}
        for key in [key for key in peer.objects if key not in there]:
            self._tell(Update(agent=name, kind=Kind.DELETED, item=peer.objects.pop(key)))

    def _drain(self) -> None:
        try:
            indication = self._stream.get(timeout=TICK_SECONDS)
            while True:
                peer = self._peers.get(indication.agent)
                if peer is not None and peer.correlation == indication.correlation:
                    objects = [item for item in indication.items if isinstance(item, DataObject)]
                    self._take(indication.agent, peer, objects)
                indication = self._stream.get_nowait()
        except Empty:
            return

    def _take(self, name: str, peer: _Peer, objects: Iterable[DataObject]) -> None:
        for item in objects:
            key = _key(item)
            if item.is_deleted:
                peer.objects.pop(key, None)
                self._tell(Update(agent=name, kind=Kind.DELETED, item=item))
                continue
            before = peer.objects.get(key)
            if before is None and len(peer.objects) >= MOST_OBJECTS:
                continue
            peer.objects[key] = item
            if before is None:
                self._tell(Update(agent=name, kind=Kind.ADDED, item=item, changed=item.values))
            elif changed := _changed(before, item):
                self._tell(Update(agent=name, kind=Kind.CHANGED, item=item, changed=changed))

    def _tell(self, update: Update) -> None:
        if self._closing.is_set():
            return
        try:
            self._callback(update)
        except Exception:
            _logger.exception("fault in a subscription's callback")


def _key(item: DataObject) -> str:
    return item.object_id.object_name if item.object_id is not None else repr(sorted(item.values.items()))


def _changed(before: DataObject, after: DataObject) -> dict[str, object]:
    values = {name: value for name, value in after.values.items() if before.values.get(name, ...) != value}
    return values | {name: None for name in before.values if name not in after.values}
