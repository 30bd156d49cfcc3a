"""What comes into the folders of some paths, inotify(7): a daemon that starts makes its socket."""

import contextlib
import os

from hostinfo.errors import ReadError

SOURCE = "inotify"
_ATTRIBUTES, _MOVED_TO, _CREATED, _SELF_DELETED, _SELF_MOVED = 0x4, 0x80, 0x100, 0x400, 0x800
_ONLY_FOLDERS = 0x1000000


class Arrivals:
    """Hears from its opening on; where a folder is missing, of what comes into the nearest one above it."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        from ctypes import CDLL, get_errno

        self._libc = CDLL(None, use_errno=True)
        self._folders = {os.path.dirname(path) for path in paths}
        self._descriptor = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise ReadError(SOURCE, os.strerror(get_errno()), get_errno())
        self.renew()

    def fileno(self) -> int:
        """The descriptor that becomes readable when something came."""
        return int(self._descriptor)

    def renew(self) -> None:
        """Listen at the folders that are there now, and forget what came so far."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._descriptor, 16 * 1024):
                pass
        for folder in self._folders:
            place, events = folder, _ATTRIBUTES | _CREATED | _MOVED_TO | _SELF_DELETED | _SELF_MOVED
            while not os.path.isdir(place) and place != os.path.dirname(place):
                place, events = os.path.dirname(place), _CREATED | _MOVED_TO
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(place), events | _ONLY_FOLDERS)

    def close(self) -> None:
        """Stop listening."""
        os.close(self._descriptor)
