"""The agent's input and output: poll threads and endpoints put work into an inbox, one thread executes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

import hostinfo
from hostinfo import HostInfo, HostInfoError

from ..qmf import Message, event_indication, heartbeat
from ..transport import ConnectionState, Transport, TransportOptions, open_transport
from . import effects
from .core import AgentCore
from .endpoint import Endpoint, create_endpoint
from .endpoints import Endpoints, publish
from .identity import identify
from .journal import ERROR, INFO, WARNING, Journal
from .method_handler import MethodHandler
from .notify import notify, watchdog_seconds
from .poll_threads import GUESTS, INVENTORY, STATISTICS, create_poll_threads
from .polling import Update
from .settings import Settings
from .timers import Timers

INBOX_LIMIT = 2000
"""Requests that may wait; more are dropped and counted, as a broker does."""
SUBSCRIPTIONS_SECONDS = 0.5
"""How often subscriptions are checked for being due: half of their shortest interval."""


class Service:
    """An agent; ``run`` serves until ``stop``.

    ::

        created ── run(): endpoints open, poll threads start ──▶ running ── stop() ──▶ closing ──▶ closed
                                                                  ▲  │
                                              inbox or timer: one function at a time

    What the functions decide is in ``AgentCore``, and in the ``Responder`` of each endpoint; both are used in the
    thread that calls ``run`` only. So nothing needs a lock, and nothing that hangs elsewhere delays a heartbeat.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        journal: Journal | None = None,
        open_host: Callable[[], HostInfo] | None = None,
        create_transport: Callable[[TransportOptions], Transport] = open_transport,
    ) -> None:
        """Identify this host; raise HostInfoError or QmfError if the settings do not suit it."""
        self.journal = journal or Journal()
        self._refused = 0
        self._create_transport = create_transport
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._timers = Timers()
        self._is_ending = False
        self._now_ns = 0
        open_host = open_host or (lambda: hostinfo.open(settings.uri))
        with open_host() as host:
            self.core = AgentCore(settings, identify(settings, host, self._clock(), self.journal))
        self.poll_threads = create_poll_threads(settings, open_host, self._on_update, self._on_error)
        self._methods = MethodHandler(
            open_host=open_host,
            request_poll=self.poll_threads[INVENTORY].request_poll,
            set_interval=lambda seconds: self._execute(self.core.set_statistics_interval(seconds, self._clock())),
            call_soon=self._inbox.put,
            audit=self.journal.audit,
        )
        self.endpoints = Endpoints(self._create_endpoint, self._clock)

    # -- from any thread

    def stop(self) -> None:
        """End ``run``; also from a signal handler."""
        self._inbox.put(self._end)

    def reload(self, settings: Settings) -> None:
        """Use other settings from now on; the agent's name stays the same."""
        self._inbox.put(lambda: self._reload(settings))

    @property
    def dropped(self) -> int:
        """Messages that were not sent, and requests that exceeded the inbox's limit."""
        return self._refused + self.endpoints.dropped

    # -- the agent's thread

    def run(self) -> None:
        """Serve until ``stop``; raise HostInfoError if an endpoint can't be opened."""
        try:
            for options in self.core.settings.transports():
                self._open_endpoint(options)
            for thread in self.poll_threads.values():
                thread.start()
            self._timers.add(self.core.identity.heartbeat_seconds, self._heartbeat)
            if (seconds := watchdog_seconds()) is not None:
                self._timers.add(seconds, lambda: notify("WATCHDOG=1"))
            self.journal.log(INFO, f"{self.core.identity.name} started, epoch {self.core.identity.epoch}")
            notify("READY=1", "STATUS=reading all facts for the first time")
            while not self._is_ending:
                self._step()
        finally:
            notify("STOPPING=1")
            self._close()

    def _step(self) -> None:
        try:
            function = self._inbox.get(timeout=self._timers.remaining())
        except Empty:
            function = self._timers.run_due
        try:
            function()
        except Exception as error:  # an internal error in one response or update must not end the agent
            self._on_error(error)
        self._timers.run_due()

    def _end(self) -> None:
        self._is_ending = True

    def _close(self) -> None:
        self.endpoints.close()
        for thread in self.poll_threads.values():
            thread.close()
        self._methods.close()
        self.journal.log(INFO, f"{self.core.identity.name} stopped; {self.dropped} messages were dropped")

    def _clock(self) -> int:
        """Nanoseconds since 1970 that never decrease."""
        self._now_ns = max(self._now_ns, time.time_ns())
        return self._now_ns

    def _on_update(self, update: Update) -> None:
        """In a poll thread."""
        self._inbox.put(lambda: self._execute(self.core.on_update(update, self._clock())))

    def _on_error(self, error: Exception) -> None:
        import traceback

        self.journal.log(ERROR, f"internal error: {''.join(traceback.format_exception(error))}")

    def _reload(self, settings: Settings) -> None:
        self._timers.set_interval(self._heartbeat, settings.heartbeat_seconds)
        self._execute(self.core.reload(settings, self._clock()))

    def _heartbeat(self) -> None:
        for thread in self.poll_threads.values():
            self._execute(self.core.check_stalled(thread.name, thread.current_read(), self._clock()))
        self._execute([effects.SendHeartbeat()])

    # -- endpoints

    def _create_endpoint(self, options: TransportOptions) -> Endpoint:
        return create_endpoint(
            options,
            self._create_transport(options),
            identity=self.core.identity,
            store=self.core.store,
            policy=lambda: self.core.settings.policy,
            handle=self._methods.handle,
            audit=self._methods.audit,
            on_error=self._on_error,
            strict_security=self.core.settings.strict_security,
        )

    def _open_endpoint(self, options: TransportOptions) -> None:
        endpoint = self.endpoints.add(options)
        endpoint.open(self._on_message, lambda *change: self._inbox.put(lambda: self._on_state(*change)))

    def _on_message(self, endpoint: Endpoint, message: Message) -> None:
        """In a transport's thread."""
        if self._inbox.qsize() > INBOX_LIMIT:
            self._refused += 1
            return
        self._inbox.put(lambda: self._respond(endpoint, message))

    def _respond(self, endpoint: Endpoint, message: Message) -> None:
        for response in endpoint.responder.handle(message, self._clock()):
            if not endpoint.send(response):
                break  # half a response that looks whole would be worse than none
        if len(endpoint.responder.subscriptions):
            self._timers.add_once(SUBSCRIPTIONS_SECONDS, self._publish_due)

    def _on_state(self, endpoint: Endpoint, state: ConnectionState, text: str) -> None:
        was_connected, endpoint.is_connected = endpoint.is_connected, state is ConnectionState.CONNECTED
        self._log_state(endpoint, state, text)
        connected = f"{self.endpoints.connected} of {len(self.endpoints)}"
        notify(f"STATUS={connected} connected, {self.dropped} messages dropped")
        if endpoint.is_connected and not was_connected:
            endpoint.responder.subscriptions.restart(self._clock())
            self._execute(self.core.on_connected(), endpoint)

    def _log_state(self, endpoint: Endpoint, state: ConnectionState, text: str) -> None:
        if endpoint.is_connected:
            self.journal.log(INFO, f"{state}: {endpoint.outages.connected(text)}")
        elif (line := endpoint.outages.disconnected(text, time.monotonic())) is not None:
            self.journal.log(WARNING, f"{state}: {line}")

    def _publish_due(self) -> None:
        if not self.endpoints.has_subscriptions:
            self._timers.remove(self._publish_due)  # without subscriptions the agent sleeps
        self.endpoints.publish_due()

    # -- effects

    def _execute(self, requested: Iterable[effects.Effect], endpoint: Endpoint | None = None) -> None:
        """Execute effects; ``endpoint``: send over this one only."""
        for effect in requested:
            match effect:
                case effects.SendHeartbeat():
                    (endpoint or self.endpoints).send(heartbeat(self.core.identity, self._clock()))
                case effects.SendEvent():
                    (endpoint or self.endpoints).send(event_indication(self.core.identity, effect.event))
                case effects.PublishObjects() if endpoint is not None:
                    publish(endpoint, self.core.identity, effect, self._clock())
                case effects.PublishObjects():
                    self.endpoints.publish(self.core.identity, effect)
                case effects.SetIdentity():
                    self.endpoints.set_identity(effect.identity)
                case effects.NotifyPollThreads():
                    self.poll_threads[STATISTICS].notify_changed(effect.groups)
                    self.poll_threads[GUESTS].notify_changed(effect.groups)
                case effects.SetPollInterval():
                    self.poll_threads[effect.thread].set_interval(effect.seconds)
                case effects.CompleteRefreshes():
                    self._methods.complete_refreshes(effect.request_id)
                case effects.OpenEndpoint():
                    try:
                        self._open_endpoint(effect.options)
                    except HostInfoError as error:
                        self.journal.log(ERROR, str(error))
                case effects.CloseEndpoint():
                    self.endpoints.remove(effect.options)
                case effects.Log():
                    self.journal.log(effect.priority, effect.text)
