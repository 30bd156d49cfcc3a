"""A queue between threads whose reader waits by poll(2) together with other descriptors."""

import threading
from types import GenericAlias

from .wakeup import Wakeup

TYPE_CHECKING = False  # a constant that type checkers know: importing typing for it would cost 8 ms
if TYPE_CHECKING:
    from typing import Generic, TypeVar

    T = TypeVar("T")

    class _Generic(Generic[T]):
        pass

else:

    class _Generic:
        __class_getitem__ = classmethod(GenericAlias)


class WakeableQueue(_Generic["T"]):
    """Every method may be called from any thread; a closed queue takes no more items."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._is_closed = False
        self._wakeup = Wakeup()

    def fileno(self) -> int:
        """Return the descriptor that is readable while the queue holds items."""
        return self._wakeup.fileno()

    def put(self, *items: "T") -> bool:
        """Append items; return False, and drop them, once the queue is closed."""
        with self._lock:
            if self._is_closed:
                return False
            if items and not self._items:
                self._wakeup.wake()
            self._items += items
            return True

    def take(self) -> "list[T]":
        """Remove and return all items, oldest first."""
        with self._lock:
            items, self._items = self._items, []
            self._wakeup.clear()
            return items

    def close(self) -> "list[T]":
        """Take no more items; return those that were left."""
        with self._lock:
            self._is_closed = True
            self._wakeup.close()
            items, self._items = self._items, []
            return items
