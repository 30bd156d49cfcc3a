"""Notification when files appear, by inotify(7): a daemon that starts creates its socket."""

import contextlib
import os

from hostinfo.errors import ReadError

SOURCE = "inotify"
_ATTRIB, _MOVED_TO, _CREATE, _DELETE_SELF, _MOVE_SELF, _ONLYDIR = 0x4, 0x80, 0x100, 0x400, 0x800, 0x1000000
_BUFFER_BYTES = 16 * 1024


class PathWatch:
    """Watches the directories of some paths; where one is missing, its nearest existing parent."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        """Raise ReadError when the user's limit of inotify instances is reached."""
        from ctypes import CDLL, get_errno

        self._libc = CDLL(None, use_errno=True)
        self._directories = {os.path.dirname(path) for path in paths}
        self._descriptor: int = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise ReadError(SOURCE, os.strerror(get_errno()), get_errno())
        self.rearm()

    def fileno(self) -> int:
        """Return the descriptor that is readable after a file was created, moved here or changed its mode."""
        return self._descriptor

    def rearm(self) -> None:
        """Discard pending events, and watch the directories that exist now."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._descriptor, _BUFFER_BYTES):
                pass
        for directory in self._directories:
            existing, events = directory, _ATTRIB | _CREATE | _MOVED_TO | _DELETE_SELF | _MOVE_SELF
            while not os.path.isdir(existing) and existing != os.path.dirname(existing):
                existing, events = os.path.dirname(existing), _CREATE | _MOVED_TO
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(existing), events | _ONLYDIR)

    def close(self) -> None:
        """Release the descriptor; further calls do nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
