"""One thread that waits for sockets, timers and calls from other threads.

proton's own Container is not used, for four reasons: it waits by select(2), which ends at file descriptor 1023; its
timers follow the wall clock and stop when that is set back; it blocks while it resolves host names; and after a
reconnection it sends what was queued before.
"""

from __future__ import annotations

import heapq
import logging
import selectors
import threading
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from hostinfo.lowlevel.wakeable_queue import WakeableQueue

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Call = Callable[[], None]
    OnReady = Callable[[bool, bool], None]
    """Called with: may be read, may be written."""

_logger = logging.getLogger(__name__)
JOIN_SECONDS = 10.0


class Timer:
    """A scheduled call."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Call) -> None:
        self.due, self.call = due, call

    def __lt__(self, other: Timer) -> bool:
        return self.due < other.due

    def cancel(self) -> None:
        """Drop the call; do nothing when it was made already."""
        self.call = _nothing


class EventLoop:
    """`call_soon`, `call_later` and `stop` may be called from any thread, the other methods from the loop's own."""

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._calls: WakeableQueue[Call] = WakeableQueue()
        self._selector.register(self._calls, selectors.EVENT_READ, self._make_calls)
        self._timers: list[Timer] = []
        self._timers_lock = threading.Lock()
        self._is_running = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; what was scheduled before is called now."""
        self._thread.start()

    @property
    def is_started(self) -> bool:
        """Whether the thread was ever started."""
        return self._thread.ident is not None

    @property
    def is_current_thread(self) -> bool:
        """Whether the caller runs in the loop's thread."""
        return threading.current_thread() is self._thread

    def call_soon(self, call: Call) -> bool:
        """Call in the loop's thread; return False, and drop the call, once the loop has stopped."""
        return self._is_running and self._calls.put(call)

    def call_later(self, seconds: float, call: Call) -> Timer:
        """Call in the loop's thread after this time, unless the timer is cancelled or the loop stops before."""
        timer = Timer(monotonic() + max(0.0, seconds), call)
        with self._timers_lock:
            heapq.heappush(self._timers, timer)
            is_next = self._timers[0] is timer
        if is_next and not self.is_current_thread:
            self._calls.put(_nothing)
        return timer

    def watch(self, sock: socket.socket, on_ready: OnReady, *, read: bool, write: bool) -> None:
        """Call `on_ready` while the socket may be read or written; with neither, forget the socket."""
        events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        known = self._selector.get_map().get(sock)
        if not events:
            if known:
                self._selector.unregister(sock)
        elif known is None:
            self._selector.register(sock, events, on_ready)
        elif known.events != events or known.data is not on_ready:
            self._selector.modify(sock, events, on_ready)

    def stop(self) -> None:
        """End the thread after its present call; another thread waits here for its end."""
        self._is_running = False
        if not self.is_started:
            self._calls.close()
            self._selector.close()
            return
        self._calls.put(_nothing)
        self.join(JOIN_SECONDS)

    def join(self, seconds: float) -> None:
        """Wait up to this time for the thread's end; in the thread itself, return at once."""
        if not self.is_current_thread and self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while self._is_running:
            for key, mask in self._selector.select(self._seconds_to_next_timer()):
                _call_logged(partial(key.data, bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)))
            self._make_due_calls()
        for call in self._calls.close():  # their callers got True
            _call_logged(call)
        self._selector.close()

    def _seconds_to_next_timer(self) -> float | None:
        with self._timers_lock:
            return max(0.0, self._timers[0].due - monotonic()) if self._timers else None

    def _make_due_calls(self) -> None:
        now = monotonic()
        while True:
            with self._timers_lock:
                if not self._timers or self._timers[0].due > now:
                    return
                timer = heapq.heappop(self._timers)
            _call_logged(timer.call)

    def _make_calls(self, _read: bool, _write: bool) -> None:
        for call in self._calls.take():
            _call_logged(call)


def _nothing() -> None:
    pass


def _call_logged(call: Call) -> None:
    """Call; log an exception instead of ending the thread."""
    try:
        call()
    except Exception:
        _logger.exception("internal error in the transport's thread")
