"""Callbacks for notifications."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, Queue

from .dispatcher import Dispatcher
from .responses import AgentChange, Notification

_logger = logging.getLogger(__name__)
WAIT_SECONDS = 0.5


class Listener:
    """Calls back for each notification until it is closed, in a thread of its own."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        callback: Callable[[Notification], None],
        *,
        agents: bool,
        events: bool,
        data: bool,
    ) -> None:
        self._dispatcher, self._callback = dispatcher, callback
        self._is_wanted = {"agents": agents, "_event": events, "_data": data}
        self._queue: Queue[Notification] = dispatcher.add_listener()
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="hostinfo-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop calling back."""
        self._is_open = False
        self._dispatcher.remove_listener(self._queue)

    def _run(self) -> None:
        while self._is_open:
            try:
                notification = self._queue.get(timeout=WAIT_SECONDS)
            except Empty:
                continue
            kind = "agents" if isinstance(notification, AgentChange) else notification.content
            if self._is_wanted.get(kind) and self._is_open:
                try:
                    self._callback(notification)
                except Exception:
                    _logger.exception("error in a listener's callback")
