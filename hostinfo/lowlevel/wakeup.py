"""A wake-up descriptor: any thread ends another one's poll(2), by eventfd(2)."""

import os
import threading


class Wakeup:
    """``wake`` and ``close`` may be called from any thread, and from a signal handler."""

    def __init__(self) -> None:
        # Without the lock, a wake during close could write to a file that has just got the same number.
        self._lock = threading.RLock()  # reentrant: a signal handler runs in a thread that may hold it
        self._wakeup_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        """Return the descriptor that is readable from ``wake`` until ``clear``; -1 once closed."""
        return self._wakeup_fd

    def wake(self) -> None:
        """Make the descriptor readable; do nothing once it is closed."""
        with self._lock:
            if self._wakeup_fd >= 0:
                os.eventfd_write(self._wakeup_fd, 1)

    def clear(self) -> None:
        """Make the descriptor unreadable again."""
        with self._lock:
            if self._wakeup_fd >= 0:
                try:
                    os.eventfd_read(self._wakeup_fd)
                except BlockingIOError:  # not woken
                    return

    def close(self) -> None:
        """Release the descriptor; further calls do nothing."""
        with self._lock:
            if self._wakeup_fd >= 0:
                os.close(self._wakeup_fd)
                self._wakeup_fd = -1
