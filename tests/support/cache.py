"""Files that are expensive to make and are kept for later runs, in the user's cache folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNUSED_SECONDS = 14 * 86400


def cache_folder() -> Path:
    """Return HOSTINFO_CACHE, or hostinfo/ in XDG_CACHE_HOME or ~/.cache."""
    chosen = os.environ.get("HOSTINFO_CACHE")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hostinfo"
    return Path(chosen) if chosen else default


def cached(path: Path, make: Callable[[Path], None]) -> Path:
    """Return `path` with the content that `make` wrote to a folder or file of another name; make it once.

    `path` appears only when it is complete. Processes that need it meanwhile wait. Entries of the same folder that no
    checkout has used for two weeks are removed, and so are the remains of interrupted calls.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.parent / "lock"):
        if not path.exists():
            _remove_unused(path.parent)
            half = path.with_name(f"making-{path.name}")
            try:
                make(half)
                half.rename(path)
            finally:
                _remove(half)
        os.utime(path)
    return path


def _remove_unused(folder: Path) -> None:
    """Only the lock's holder makes entries, so what has the name of an unfinished one is a leftover."""
    for path in folder.iterdir():
        is_unused = time.time() - path.stat().st_mtime > UNUSED_SECONDS
        if path.name != "lock" and (is_unused or path.name.startswith("making-")):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{path.parent}: another process is filling this cache; waiting", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
