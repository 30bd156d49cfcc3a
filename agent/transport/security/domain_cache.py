"""TLS settings that are made once, and again when one of their files was changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class DomainCache:
    """Keeps what `make` returned until a file differs: proton reads all of the system's authorities for each domain."""

    def __init__(self, make: Callable[[], Any], paths: Callable[[], Iterable[str]]) -> None:
        self._make, self._paths = make, paths
        self._stamp: tuple[object, ...] | None = None
        self._domain: Any = None

    def get(self) -> Any:
        """Return the settings for a new connection; raise what `make` raises, at each call until it succeeds."""
        stamp = tuple(_stamp(path) for path in self._paths())  # before reading: a change meanwhile is seen next time
        if self._domain is None or stamp != self._stamp:
            self._domain = None
            self._domain, self._stamp = self._make(), stamp
        return self._domain


def _stamp(path: str) -> tuple[object, ...]:
    try:
        status = os.stat(path)
    except OSError as error:
        return path, error.errno
    return path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
