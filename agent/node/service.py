"""The agent: facts come from the lanes, requests from the ports, and one thread brings them together.

Everything that the protocol library or the store does happens in the thread that calls ``run``; lanes and transports
only leave work in its inbox. So nothing needs a lock, and nothing that hangs elsewhere holds up a heartbeat.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue

import hostinfo
from hostinfo import GroupResult, HostInfo, HostInfoError
from hostinfo.model.hypervisor import Hypervisor
from hostinfo.model.system import System

from ..qmf import (
    Identity,
    Message,
    MethodCall,
    QmfError,
    UInt,
    data_indications,
    event_indication,
    heartbeat,
)
from ..transport import ConnectionState, Transport, TransportOptions, open_transport
from . import journal
from .calls import Calls
from .events import Happened
from .identity import attributes, identify
from .journal import Journal
from .notify import notify, watchdog_seconds
from .objects import WANTED
from .port import Port, make_port
from .reading import Heard, Lane, Reading, RoundDone
from .settings import Settings
from .store import NodeStore
from .timers import Timers

INBOX_LIMIT = 2000
"""Requests that may wait; more are dropped and counted, as a broker would."""
GUESTS_INTERVAL = 60
STALLED_SECONDS = 30
SUBSCRIBERS_SECONDS = 0.5  # how often is looked whether a subscriber is due: half of the shortest interval


class Service:
    """An agent; ``run`` serves until ``stop``."""

    def __init__(
        self,
        settings: Settings,
        *,
        journal_: Journal | None = None,
        open_host: Callable[[], HostInfo] | None = None,
        make_transport: Callable[[TransportOptions], Transport] = open_transport,
    ) -> None:
        """Ask this host who it is. HostInfoError or QmfError where the settings do not fit it."""
        self.settings = settings
        self.journal = journal_ or Journal()
        self.refused = 0
        self._open_host = open_host or (lambda: hostinfo.open(settings.uri))
        self._make_transport = make_transport
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._timers = Timers()
        self._ends = False
        self._now = 0
        with self._open_host() as host:
            self.identity: Identity = identify(settings, host, self._clock())
        self._agent = str(self.identity.name)
        self.store = NodeStore(self._agent, self._about())
        lane = partial(Lane, open_host=self._open_host, tell=self._told, on_fault=self._fault)
        inventory = {group: fields for group, fields in WANTED.items() if group != "statistics"}
        self._inventory = lane("inventory", inventory, interval=settings.refresh, is_watching=True)
        self._statistics = lane("statistics", {"statistics": WANTED["statistics"]}, interval=settings.interval)
        self._guests = lane("guests", {"guests": None}, interval=max(GUESTS_INTERVAL, settings.interval))
        self._lanes: tuple[Lane, ...] = (self._inventory, self._statistics, self._guests)
        self._calls = Calls(self._inventory, self._open_host, self._set_interval, self._inbox.put, self.journal.audit)
        self._ports: list[Port] = []
        self._is_first_round_done = False

    # -- from any thread

    def stop(self) -> None:
        """End ``run`` in order."""
        self._inbox.put(self._end)

    def reload(self, settings: Settings) -> None:
        """Go by other settings from now on; who the agent is stays as it was."""
        self._inbox.put(lambda: self._reload(settings))

    @property
    def dropped(self) -> int:
        """Messages that did not leave, and requests that nobody had time for."""
        return self.refused + sum(port.transport.dropped for port in self._ports)

    # -- the thread

    def run(self) -> None:
        """Serve until somebody calls ``stop``. HostInfoError where a port can't be opened."""
        try:
            for options in self.settings.transports():
                self._open_port(options)
            for lane in self._lanes:
                lane.start()
            self._timers.every(self.identity.heartbeat_seconds, self._heartbeat)
            if (seconds := watchdog_seconds()) is not None:
                self._timers.every(seconds, lambda: notify("WATCHDOG=1"))
            self.journal.say(journal.INFO, f"{self._agent} serves, epoch {self.identity.epoch}")
            notify("READY=1", "STATUS=reading the first facts")
            while not self._ends:
                self._step()
        finally:
            notify("STOPPING=1")
            self._close()

    def _step(self) -> None:
        try:
            work = self._inbox.get(timeout=self._timers.wait())
        except Empty:
            work = self._timers.run_due
        try:
            work()
        except Exception as error:  # a fault in one answer or reading must not end the agent
            self._fault(error)
        self._timers.run_due()

    def _end(self) -> None:
        self._ends = True

    def _close(self) -> None:
        for port in self._ports:
            port.transport.close()
        for lane in self._lanes:
            lane.close()
        self._calls.close()
        self.journal.say(journal.INFO, f"{self._agent} ends; {self.dropped} messages were dropped")

    def _clock(self) -> int:
        """Nanoseconds since the epoch that never go back."""
        self._now = max(self._now, time.time_ns())
        return self._now

    def _about(self) -> dict[str, object]:
        return {
            "uuid": self.identity.name.instance,
            "agentVersion": hostinfo.__version__,
            "updateInterval": UInt(self.settings.interval),
        }

    # -- ports

    def _open_port(self, options: TransportOptions) -> None:
        port = make_port(
            options,
            self._make_transport(options),
            identity=self.identity,
            store=self.store,
            policy=lambda: self.settings.policy,
            do=self._calls.do,
            audit=self._calls.audit,
            on_fault=self._fault,
            strict_security=self.settings.strict_security,
        )
        self._ports.append(port)
        port.open(self._received, lambda port, state, text: self._inbox.put(lambda: self._state(port, state, text)))

    def _received(self, port: Port, message: Message) -> None:
        if self._inbox.qsize() > INBOX_LIMIT:
            self.refused += 1
            return
        self._inbox.put(lambda: self._handle(port, message))

    def _handle(self, port: Port, message: Message) -> None:
        for answer in port.responder.handle(message, self._clock()):
            if not port.send(answer):
                break  # half an answer that looks whole would be worse than none
        if len(port.responder.subscriptions):
            self._timers.start(SUBSCRIBERS_SECONDS, self._publish_due)

    def _state(self, port: Port, state: ConnectionState, text: str) -> None:
        was_connected, port.is_connected = port.is_connected, state is ConnectionState.CONNECTED
        self.journal.say(journal.INFO if port.is_connected else journal.WARNING, f"{state}: {text}")
        self._status()
        if port.is_connected and not was_connected:
            port.send(heartbeat(self.identity, self._clock()))
            if self._is_first_round_done:
                self._publish_all(port)

    def _status(self) -> None:
        connected = sum(port.is_connected for port in self._ports)
        notify(f"STATUS={connected} of {len(self._ports)} connected, {self.dropped} messages dropped")

    # -- facts

    def _told(self, told: Reading | RoundDone | Heard) -> None:
        self._inbox.put(lambda: self._take(told))

    def _take(self, told: Reading | RoundDone | Heard) -> None:
        if isinstance(told, Heard):
            self._hear(told)
            return
        if isinstance(told, Reading):
            for happened in self.store.take(told.group, told.answer, self._clock()):
                self._tell_event(happened)
            if told.group in ("system", "hypervisor") and isinstance(told.answer, GroupResult):
                self._update_attributes()
            return
        if told.lane is self._inventory and told.is_whole:
            self._calls.refreshed(told.ticket, self._finish)
            if not self._is_first_round_done:
                self._is_first_round_done = True
                about = {"version": hostinfo.__version__, "epoch": self.identity.epoch}
                self._tell_event(Happened("agentStarted", about))
            self._publish_changes(is_whole=True)
        else:
            self._publish_changes()

    def _hear(self, heard: Heard) -> None:
        """One lane listens for all."""
        for driver, error in heard.connections:
            for happened in self.store.connection(driver, error):
                self._tell_event(happened)
        for lane in self._lanes:
            if lane is not self._inventory:
                lane.hear(heard.groups)

    def _update_attributes(self) -> None:
        system, hypervisor = self.store.facts("system"), self.store.facts("hypervisor")
        if not isinstance(system, System) or not isinstance(hypervisor, Hypervisor):
            return
        told = attributes(system, hypervisor)
        if told != self.identity.attributes:
            self._set_identity(replace(self.identity, attributes=told))

    def _set_identity(self, identity: Identity) -> None:
        self.identity = identity
        for port in self._ports:
            port.responder.identity = identity

    # -- indications

    def _heartbeat(self) -> None:
        for lane in self._lanes:
            self._look_after(lane)
        for port in self._ports:
            if port.is_connected:
                port.send(heartbeat(self.identity, self._clock()))

    def _look_after(self, lane: Lane) -> None:
        busy = lane.busy()
        group, seconds = busy or ("", 0.0)
        is_stalled = seconds > STALLED_SECONDS
        if self.store.trouble(lane.name, f"{group}: no answer yet, others of its round wait" if is_stalled else None):
            self.journal.say(journal.WARNING, f"{lane.name}: {f'{group} does not answer' if is_stalled else 'goes on'}")
            self.store.about(self._clock())

    def _tell_event(self, happened: Happened) -> None:
        event = happened.at(self._clock())
        for port in self._ports:
            port.send(event_indication(self.identity, event))

    def _publish_changes(self, *, is_whole: bool = False) -> None:
        """What changed; after a whole round all that lasts, for consoles that only listen and came late."""
        changed, gone = self.store.changed()
        now, ttl = self._clock(), 2000 * max(self.settings.interval, 10)
        told = [*(self.store.lasting() if is_whole else changed), *gone]
        for port in self._ports:
            if not port.is_connected:
                continue
            for message in data_indications(self.identity, told, ttl_ms=ttl):
                port.send(message)
            for one in gone:
                for message in port.responder.publish_deleted(one, now):
                    port.send(message)

    def _publish_all(self, port: Port) -> None:
        for message in data_indications(self.identity, self.store.objects(None)):
            port.send(message)

    def _publish_due(self) -> None:
        if not any(len(port.responder.subscriptions) for port in self._ports):
            self._timers.stop(self._publish_due)  # an agent that nobody listens to sleeps
        for port in self._ports:
            due = port.responder.subscriptions.next_due_ns()
            if due is not None and due <= self._clock():
                for message in port.responder.publish_due(self._clock()):
                    port.send(message)

    # -- what is asked of the agent

    def _finish(self, port: Port, call: MethodCall, result: Mapping[str, object] | QmfError) -> None:
        port.send(port.responder.finish(call, result))

    def _set_interval(self, seconds: int) -> None:
        self.settings = replace(self.settings, interval=seconds)
        self._statistics.set_interval(seconds)
        self.store.about(self._clock(), updateInterval=UInt(seconds))
        self._publish_changes()

    def _reload(self, settings: Settings) -> None:
        before = self.settings.transports()
        self.settings = settings
        self._inventory.set_interval(settings.refresh)
        self._set_interval(settings.interval)
        self._set_identity(replace(self.identity, heartbeat_seconds=settings.heartbeat))
        self._timers.change(self._heartbeat, settings.heartbeat)
        for port in [port for port in self._ports if port.options not in settings.transports()]:
            port.transport.close()
            self._ports.remove(port)
        for options in settings.transports():
            if options not in before:
                try:
                    self._open_port(options)
                except HostInfoError as error:
                    self.journal.say(journal.ERROR, f"{error}")
        self.journal.say(journal.INFO, "the configuration was read again")

    def _fault(self, error: Exception) -> None:
        import traceback

        self.journal.say(journal.ERROR, f"fault: {''.join(traceback.format_exception(error))}")
