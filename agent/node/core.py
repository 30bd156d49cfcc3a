"""The agent's decisions, without input, output, threads or clock: what happened in, effects out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import hostinfo
from hostinfo import GroupResult
from hostinfo.model.hypervisor import Hypervisor
from hostinfo.model.system import System

from ..qmf import Identity, UInt
from .effects import (
    CloseEndpoint,
    CompleteRefreshes,
    Effect,
    Log,
    NotifyPollThreads,
    OpenEndpoint,
    PublishObjects,
    SendEvent,
    SendHeartbeat,
    SetIdentity,
    SetPollInterval,
)
from .events import PendingEvent
from .identity import attributes
from .journal import INFO, WARNING
from .poll_threads import INVENTORY, STATISTICS
from .polling import ChangeNotice, GroupUpdate, PollFinished, Update
from .settings import Settings
from .store import NodeStore

STALLED_SECONDS = 30
MIN_TTL_SECONDS = 10


class AgentCore:
    """The agent's state; every method returns what must be done. ``now_ns`` is in ns since 1970 and never decreases.

    ::

        agent        starting ── the whole inventory was read once ──▶ serving
                       heartbeats, events and changed objects            also all objects to each new connection

        endpoint     disconnected ── connected: a heartbeat, all objects if serving ──▶ connected
                          ▲                                                                 │
                          └───────────── lost or refused: messages are dropped ─────────────┘

        poll thread  idle ── interval, notice or request ──▶ reading ── over 30 s in one group ──▶ stalled
                      ▲                                        │             a warning in errors      │
                      └── finished: changes are published ─────┴──────────────────────────────────────┘

    The states of drivers and hypervisors are drawn in ``DriverHealth``.
    """

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self.settings = settings
        self.identity = identity
        self.is_serving = False
        self.store = NodeStore(
            str(identity.name),
            {
                "uuid": identity.name.instance,
                "agentVersion": hostinfo.__version__,
                "updateInterval": UInt(settings.statistics_seconds),
            },
        )

    def on_update(self, update: Update, now_ns: int) -> list[Effect]:
        """Handle what a poll thread reports."""
        match update:
            case GroupUpdate():
                return self._on_group(update, now_ns)
            case PollFinished():
                return self._on_poll_finished(update, now_ns)
            case ChangeNotice():
                return self._on_change(update, now_ns)

    def on_connected(self) -> list[Effect]:
        """Return what an endpoint sends first over a new connection."""
        effects: list[Effect] = [SendHeartbeat()]
        if self.is_serving:
            effects.append(PublishObjects(list(self.store.objects(None))))
        return effects

    def check_stalled(self, thread: str, current_read: tuple[str, float] | None, now_ns: int) -> list[Effect]:
        """Set or clear the warning about a poll thread that has been reading one group for too long."""
        group, seconds = current_read or ("", 0.0)
        is_stalled = seconds > STALLED_SECONDS
        warning = (
            f"{group}: not read yet, its driver does not respond; the groups after it wait" if is_stalled else None
        )
        if not self.store.set_warning(thread, warning, now_ns):
            return []
        text = f"reading {group} takes more than {STALLED_SECONDS} s" if is_stalled else "reading continues"
        return [Log(WARNING, f"{thread}: {text}")]

    def set_statistics_interval(self, seconds: int, now_ns: int) -> list[Effect]:
        """Change the interval of statistics."""
        self.settings = replace(self.settings, statistics_seconds=seconds)
        self.store.set_property(now_ns, updateInterval=UInt(seconds))
        return [SetPollInterval(STATISTICS, seconds), *self._publish_changes()]

    def reload(self, settings: Settings, now_ns: int) -> list[Effect]:
        """Use other settings; the agent's name stays the same."""
        before, after = self.settings.transports(), settings.transports()
        self.settings = settings
        return [
            SetPollInterval(INVENTORY, settings.inventory_seconds),
            *self.set_statistics_interval(settings.statistics_seconds, now_ns),
            *self._set_identity(replace(self.identity, heartbeat_seconds=settings.heartbeat_seconds)),
            *(CloseEndpoint(options) for options in before if options not in after),
            *(OpenEndpoint(options) for options in after if options not in before),
            Log(INFO, "configuration reloaded"),
        ]

    def _on_group(self, update: GroupUpdate, now_ns: int) -> list[Effect]:
        effects = _events(self.store.update(update.group, update.result, now_ns), now_ns)
        if update.group in ("system", "hypervisor") and isinstance(update.result, GroupResult):
            effects += self._update_attributes()
        return effects

    def _on_poll_finished(self, finished: PollFinished, now_ns: int) -> list[Effect]:
        """Publish the changes; after a whole inventory all persistent objects, for consoles that connected late."""
        if finished.thread != INVENTORY or not finished.is_whole:
            return self._publish_changes()
        effects: list[Effect] = [CompleteRefreshes(finished.request_id)]
        if not self.is_serving:
            self.is_serving = True
            values = {"version": hostinfo.__version__, "epoch": self.identity.epoch}
            effects += _events([PendingEvent("agentStarted", values)], now_ns)
        return effects + self._publish_changes(is_whole=True)

    def _on_change(self, notice: ChangeNotice, now_ns: int) -> list[Effect]:
        effects: list[Effect] = []
        for driver, error in notice.connections:
            effects += _events(self.store.update_connection(driver, error), now_ns)
        return [*effects, NotifyPollThreads(notice.groups)]

    def _publish_changes(self, *, is_whole: bool = False) -> list[Effect]:
        changed, deleted = self.store.take_changes()
        objects = self.store.persistent_objects() if is_whole else changed
        ttl_ms = 2000 * max(self.settings.statistics_seconds, MIN_TTL_SECONDS)
        return [PublishObjects([*objects, *deleted], deleted, ttl_ms)] if objects or deleted else []

    def _update_attributes(self) -> list[Effect]:
        system, hypervisor = self.store.last_value("system"), self.store.last_value("hypervisor")
        if not isinstance(system, System) or not isinstance(hypervisor, Hypervisor):
            return []
        return self._set_identity(replace(self.identity, attributes=attributes(system, hypervisor)))

    def _set_identity(self, identity: Identity) -> list[Effect]:
        if identity == self.identity:
            return []
        self.identity = identity
        return [SetIdentity(identity)]


def _events(events: Iterable[PendingEvent], now_ns: int) -> list[Effect]:
    return [SendEvent(event.to_event(now_ns)) for event in events]
