"""Boots several nodes in parallel, each one once, and hands out the outcome of each."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

T = TypeVar("T")


class BootPool(Generic[T]):
    """Starts the boots in the given order, `parallel` at a time. A boot that failed is not tried again."""

    def __init__(self, boot: Callable[[str], T], parallel: int, stop: threading.Event) -> None:
        self._boot, self._stop = boot, stop
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="boot")
        self._futures: dict[str, Future[T]] = {}

    def start(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._futures:
                self._futures[name] = self._threads.submit(self._boot, name)

    def result(self, name: str) -> T:
        """Wait for the boot of `name`; raise its error if it failed."""
        self.start([name])
        return self._futures[name].result()

    def close(self) -> None:
        """Stop the boots that are still running."""
        self._stop.set()
        self._threads.shutdown(cancel_futures=True)
