"""One thread that waits for sockets, timers and calls from other threads.

proton's own Container is not used: it waits by select(2), which ends at file descriptor 1023 (a listener with a
thousand peers is beyond that), counts in wall-clock time, so that a clock set back stops its timers, resolves host
names while everything waits, and keeps what is unsent for after a reconnection.
"""

import heapq
import logging
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

_logger = logging.getLogger(__name__)
JOIN_SECONDS = 10.0

Call = Callable[[], None]
Ready = Callable[[bool, bool], None]


class Timer:
    """A call to come; cancel() drops it."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Call) -> None:
        self.due, self.call = due, call

    def __lt__(self, other: "Timer") -> bool:
        return self.due < other.due

    def cancel(self) -> None:
        """Drop the call; harmless when it was made already."""
        self.call = _nothing


class EventLoop:
    """The thread. `call`, `after` and `stop` may be used from any thread, the rest only in its own."""

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._waker = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._waker, selectors.EVENT_READ, self._woken)
        self._calls: deque[Call] = deque()
        self._timers: list[Timer] = []
        self._lock = threading.Lock()
        self._running = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def is_started(self) -> bool:
        """Tell whether it was ever started."""
        return self._thread.ident is not None

    @property
    def is_inside(self) -> bool:
        """Tell whether the caller runs in this thread."""
        return threading.current_thread() is self._thread

    def call(self, call: Call) -> bool:
        """Call soon in the thread; False when it ended."""
        with self._lock:
            if self._running:
                self._calls.append(call)
                os.eventfd_write(self._waker, 1)
            return self._running

    def after(self, seconds: float, call: Call) -> Timer:
        """Call in the thread after this time."""
        timer = Timer(monotonic() + max(0.0, seconds), call)
        with self._lock:
            heapq.heappush(self._timers, timer)
            if self._running and self._timers[0] is timer and not self.is_inside:
                os.eventfd_write(self._waker, 1)
        return timer

    def watch(self, sock: socket.socket, ready: Ready, *, read: bool, write: bool) -> None:
        """Say what is waited for on a socket; neither takes it out."""
        events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
        known = self._selector.get_map().get(sock)
        if not events:
            if known:
                self._selector.unregister(sock)
        elif known is None:
            self._selector.register(sock, events, ready)
        elif known.events != events or known.data is not ready:
            self._selector.modify(sock, events, ready)

    def stop(self) -> None:
        """End the thread after what it is at; waits for it when called from another."""
        with self._lock:
            if not self._running:
                return
            self._running = False
            if self._thread.ident is None:  # never started
                self._release()
                return
            os.eventfd_write(self._waker, 1)
        self.join(JOIN_SECONDS)

    def join(self, seconds: float) -> None:
        """Wait for the thread's end, unless called in it."""
        if not self.is_inside and self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while self._running:
            for key, mask in self._selector.select(self._wait()):
                _guarded(partial(key.data, bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE)))
            self._due()
            for _ in range(len(self._calls)):
                _guarded(self._calls.popleft())
        with self._lock:
            self._release()

    def _release(self) -> None:
        self._selector.close()
        os.close(self._waker)

    def _wait(self) -> float | None:
        with self._lock:
            if self._calls:
                return 0.0
            return max(0.0, self._timers[0].due - monotonic()) if self._timers else None

    def _due(self) -> None:
        now = monotonic()
        while True:
            with self._lock:
                if not self._timers or self._timers[0].due > now:
                    return
                timer = heapq.heappop(self._timers)
            _guarded(timer.call)

    def _woken(self, _read: bool, _write: bool) -> None:
        os.eventfd_read(self._waker)


def _nothing() -> None:
    pass


def _guarded(call: Call) -> None:
    """No fault in what is called ends the thread."""
    try:
        call()
    except Exception:
        _logger.exception("fault in the transport's thread")
