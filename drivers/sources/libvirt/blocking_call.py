"""One call to libvirt in its own thread, so that the caller can stop waiting for it."""

from __future__ import annotations

import threading

from .connection import close_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_lock = threading.Lock()
_abandoned: dict[str, list[BlockingCall]] = {}
"""Daemon -> abandoned calls of all clients in the process, because a retry may make a new client."""


def hung_calls(daemon: str) -> int:
    """Return how many abandoned calls to the daemon have not returned yet."""
    with _lock:
        _abandoned[daemon] = [call for call in _abandoned.get(daemon, ()) if call.is_alive()]
        return len(_abandoned[daemon])


class BlockingCall(threading.Thread):
    """The thread. If its caller has stopped waiting, it closes the connection that it used or opened.

    No other thread may: libvirt's binding holds no reference to a connection during a call, so a connection that is
    closed meanwhile is freed while it is in use.
    """

    def __init__(self, call: Callable[[Any], Any], argument: object, daemon: str, *, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._daemon_name = daemon
        self.result: Any = None
        self.error: BaseException | None = None
        self._call, self._argument = call, argument
        self._done = threading.Condition()
        self._is_done = self._is_abandoned = False

    def run(self) -> None:
        """Make the call."""
        try:
            self.result = self._call(self._argument)
        except BaseException as error:
            self.error = error
        with self._done:
            self._is_done = True
            self._done.notify()
            is_abandoned = self._is_abandoned
        if is_abandoned:
            close_async(self._argument)
            close_async(self.result)
        self._argument = None

    def wait(self, seconds: float) -> bool:
        """Return whether the call returned within the time; otherwise abandon it."""
        with self._done:
            self._is_abandoned = not self._done.wait_for(lambda: self._is_done, seconds)
        if self._is_abandoned:
            with _lock:
                _abandoned.setdefault(self._daemon_name, []).append(self)
        return not self._is_abandoned
