"""Subscriptions at many agents; agents that do not support them are polled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from time import monotonic

from ..qmf import DataObject, Indication, Predicate, Query
from .agent_selection import matches
from .dispatcher import Dispatcher
from .requests import RequestSpec, send_requests
from .responses import Response, Update, UpdateKind

_logger = logging.getLogger(__name__)
REQUEST_SECONDS = 3.0
TICK_SECONDS = 0.5
MIN_INTERVAL_SECONDS = 1.0
RETRY_SUBSCRIBE_SECONDS = 300
MAX_OBJECTS = 1_000_000
"""Objects that are remembered per agent, to find what changed."""


@dataclass(slots=True)
class _Peer:
    """One agent of the subscription, and its objects as last received."""

    epoch: int
    connection: int = 0  # number of the console's connection that it was subscribed over
    correlation: str = ""
    subscription_id: str = ""  # empty: the agent is polled
    due: float = 0.0  # when to refresh the subscription, or to poll
    retry: float = 0.0  # when to try again to subscribe
    is_doubtful: bool = False  # changes may have been missed: all objects must be compared
    objects: dict[str, DataObject] = field(default_factory=dict)


class Subscription:
    """Calls back for what changes at some agents, until it is closed."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        query: Query,
        callback: Callable[[Update], None],
        names: list[str] | None,
        where: Predicate,
        interval_seconds: float,
    ) -> None:
        """``names``: the agents; None: all whose attributes match ``where``."""
        self._dispatcher, self._query, self._callback = dispatcher, query, callback
        self._names, self._where = names, where
        self._interval = max(MIN_INTERVAL_SECONDS, interval_seconds)
        self._peers: dict[str, _Peer] = {}
        self._stream: SimpleQueue[Indication] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hostinfo-subscription", daemon=True)

    def start(self) -> None:
        """Start the thread, which subscribes."""
        self._thread.start()

    def close(self) -> None:
        """Cancel the subscription at all agents and stop calling back."""
        if self._closing.is_set():
            return
        self._closing.set()
        for name, peer in list(self._peers.items()):
            if peer.subscription_id:
                request = self._dispatcher.requests.cancel(name, peer.subscription_id, peer.correlation)
                self._dispatcher.transport.send(request)
            self._dispatcher.end_stream(peer.correlation)

    @property
    def polled(self) -> tuple[str, ...]:
        """Names of the agents that are polled: they do not support subscriptions, or granted none."""
        return tuple(name for name, peer in self._peers.items() if not peer.subscription_id)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._subscribe(self._new_peers())
                now = monotonic()
                due = [(name, peer) for name, peer in self._peers.items() if peer.due <= now]
                self._refresh([(name, peer) for name, peer in due if peer.subscription_id])
                self._poll([(name, peer) for name, peer in due if not peer.subscription_id])
                self._compare([(name, peer) for name, peer in self._peers.items() if peer.is_doubtful])
                self._receive()
            except Exception:
                _logger.exception("internal error in a subscription")
                self._closing.wait(TICK_SECONDS)

    def _new_peers(self) -> dict[str, _Peer]:
        """Return the agents to subscribe at: new, restarted, or to be tried again; forget those that were lost.

        After the console's own connection was lost, these are all, because what was sent meanwhile is lost.
        """
        known = {agent.name: agent for agent in self._dispatcher.agents()}
        if self._names is None:
            epochs = {name: agent.epoch for name, agent in known.items() if matches(self._where, agent)}
        else:
            epochs = {name: known[name].epoch if name in known else 0 for name in self._names}
        for name in [name for name in self._peers if name not in epochs]:
            self._dispatcher.end_stream(self._peers.pop(name).correlation)
        now = monotonic()
        connection = self._dispatcher.connections
        found: dict[str, _Peer] = {}
        for name, epoch in epochs.items():
            peer = self._peers.get(name)
            is_reconnected = peer is not None and peer.connection != connection
            is_restarted = peer is not None and epoch and peer.epoch and epoch != peer.epoch
            is_retry = peer is not None and not peer.subscription_id and peer.retry <= now
            if peer is None or is_restarted or is_retry or is_reconnected:
                objects = peer.objects if peer is not None else {}
                found[name] = _Peer(epoch, connection, objects=objects, is_doubtful=bool(objects))
                if peer is not None:
                    self._dispatcher.end_stream(peer.correlation)
        return found

    def _subscribe(self, peers: dict[str, _Peer]) -> None:
        interval_ms = round(self._interval * 1000)
        specs = [RequestSpec.subscribe(name, self._query, interval_ms, self._stream) for name in peers]
        if not specs:
            return
        responses = send_requests(self._dispatcher, specs, REQUEST_SECONDS)
        for (name, peer), (response, correlation) in zip(peers.items(), responses, strict=True):
            now = monotonic()
            if response.subscribed is not None:
                peer.correlation, peer.subscription_id = correlation, response.subscribed.subscription_id
                peer.due = now + max(1.0, response.subscribed.duration_s / 2)
            else:
                self._dispatcher.end_stream(correlation)
                peer.due, peer.retry = now, now + RETRY_SUBSCRIBE_SECONDS
            self._peers[name] = peer

    def _refresh(self, due: list[tuple[str, _Peer]]) -> None:
        specs = [RequestSpec.refresh(name, peer.subscription_id) for name, peer in due]
        if not specs:
            return
        responses = send_requests(self._dispatcher, specs, REQUEST_SECONDS)
        for (name, peer), (response, _) in zip(due, responses, strict=True):
            if response.subscribed is not None:
                peer.due = monotonic() + max(1.0, response.subscribed.duration_s / 2)
            else:  # the subscription expired: subscribe again
                self._dispatcher.end_stream(peer.correlation)
                self._peers[name] = _Peer(
                    peer.epoch,
                    peer.connection,
                    due=monotonic() + self._interval,
                    objects=peer.objects,
                    is_doubtful=True,
                )

    def _compare(self, doubtful: list[tuple[str, _Peer]]) -> None:
        """Query all objects of these agents, to find what was changed and deleted unnoticed."""
        for _, peer in doubtful:
            peer.is_doubtful = False
        for _, peer, response in self._query_objects(doubtful):
            peer.is_doubtful = not response.is_success

    def _poll(self, due: list[tuple[str, _Peer]]) -> None:
        for _, peer, _ in self._query_objects(due):
            peer.due = monotonic() + self._interval

    def _query_objects(self, peers: list[tuple[str, _Peer]]) -> Iterator[tuple[str, _Peer, Response]]:
        """Query the objects of these agents, and report what differs from those that were known before."""
        specs = [RequestSpec.query(name, self._query) for name, _ in peers]
        if not specs:
            return
        known = [set(peer.objects) for _, peer in peers]
        responses = send_requests(self._dispatcher, specs, max(REQUEST_SECONDS, self._interval))
        for (name, peer), before, (response, _) in zip(peers, known, responses, strict=True):
            self._update(name, peer, [item for item in response.objects if self._query.matches(item)])
            if response.is_success:
                self._remove_missing(name, peer, before - {_key(item) for item in response.objects})
            yield name, peer, response

    def _remove_missing(self, name: str, peer: _Peer, keys: Set[str]) -> None:
        for key in sorted(keys & peer.objects.keys()):
            self._emit(Update(agent=name, kind=UpdateKind.DELETED, item=peer.objects.pop(key)))

    def _receive(self) -> None:
        try:
            indication = self._stream.get(timeout=TICK_SECONDS)
            while True:
                peer = self._peers.get(indication.agent)
                if peer is not None and peer.correlation == indication.correlation:
                    objects = [item for item in indication.items if isinstance(item, DataObject)]
                    self._update(indication.agent, peer, objects)
                indication = self._stream.get_nowait()
        except Empty:
            return

    def _update(self, name: str, peer: _Peer, objects: Iterable[DataObject]) -> None:
        for item in objects:
            key = _key(item)
            if item.is_deleted:
                if peer.objects.pop(key, None) is not None:  # else it was reported before
                    self._emit(Update(agent=name, kind=UpdateKind.DELETED, item=item))
                continue
            before = peer.objects.get(key)
            if before is not None and item.update_ts and item.update_ts < before.update_ts:
                continue  # a response that a newer indication has overtaken
            if before is None and len(peer.objects) >= MAX_OBJECTS:
                continue
            peer.objects[key] = item
            if before is None:
                self._emit(Update(agent=name, kind=UpdateKind.ADDED, item=item, changed=item.values))
            elif changed := _changed(before, item):
                self._emit(Update(agent=name, kind=UpdateKind.CHANGED, item=item, changed=changed))

    def _emit(self, update: Update) -> None:
        if self._closing.is_set():
            return
        try:
            self._callback(update)
        except Exception:
            _logger.exception("error in a subscription's callback")


def _key(item: DataObject) -> str:
    return item.object_id.object_name if item.object_id is not None else repr(sorted(item.values.items()))


def _changed(before: DataObject, after: DataObject) -> dict[str, object]:
    """The properties whose values differ, with the new ones; None for a removed property."""
    values = {name: value for name, value in after.values.items() if before.values.get(name, ...) != value}
    return values | {name: None for name in before.values if name not in after.values}
