"""What threads leave for another one, with a descriptor to wait for it: eventfd(2)."""

import os
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, TypeVar

    T = TypeVar("T")

    class _Generic(Generic[T]):
        pass

else:
    from hostinfo.fact import _Generic


class Mailbox(_Generic["T"]):
    """Every method may be called from any thread; what comes after ``close`` is refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def fileno(self) -> int:
        """The descriptor that is readable while something is there."""
        return self._bell

    def put(self, *items: "T") -> bool:
        """Leave something; whether anybody will look at it."""
        with self._lock:
            if self._bell < 0:
                return False
            if not self._items:
                os.eventfd_write(self._bell, 1)
            self._items += items
            return True

    def take(self) -> "list[T]":
        """All that is there, oldest first."""
        with self._lock:
            items, self._items = self._items, []
            if items and self._bell >= 0:
                os.eventfd_read(self._bell)
            return items

    def close(self) -> "list[T]":
        """Refuse what comes from now on; what nobody took."""
        with self._lock:
            if self._bell >= 0:
                os.close(self._bell)
                self._bell = -1
            items, self._items = self._items, []
            return items
