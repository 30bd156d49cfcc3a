"""Questions beside the files (netlink, ethtool, D-Bus, libvirt, …): listened to, and answered again from a recording.

A driver that can be recorded keeps its raw questions behind callables that answer with bytes. Recording wraps each with
``Tape.keep``; replaying asks ``Tape.answer`` for the same name. Names are paths ("libvirt/capabilities"), chosen by the
driver; the first part is the driver's own, so that ``holds`` tells whether it was recorded at all.
"""

from collections.abc import Callable
from errno import ENOENT, ENOTDIR

from hostinfo.errors import HostInfoError, ReadError

from ..tree import Tree
from .file_names import encode
from .recording import Failure, Recording

_REPLY_LIMIT = 128 << 20


class Tape:
    """The replies of one recording: in memory while it is made, in its folder afterwards."""

    def __init__(self, recording: Recording, directory: str | None = None) -> None:
        self._recording = recording
        self._folder = Tree(directory) if directory is not None else None

    def keep(self, name: str, ask: Callable[[], bytes]) -> bytes:
        """Ask, write down the answer or the failure under this name, and pass it on."""
        try:
            reply = ask()
        except (HostInfoError, OSError) as error:
            self._recording.failures.setdefault(name, Failure.of(error))
            raise
        self._recording.replies.setdefault(name, reply)
        return reply

    def answer(self, name: str) -> bytes:
        """What was answered then, or the failure raised again; ReadError where the recorder did not ask."""
        failure = self._recording.failures.get(name)
        if failure is not None:
            raise failure.error()
        reply = self._recording.replies.get(name)
        if reply is not None:
            return reply
        stored = encode(name)
        if self._folder is None or stored is None:
            raise ReadError(name, "not in this recording")
        try:
            return self._folder.data(stored, _REPLY_LIMIT)
        except ReadError as error:
            why = "not in this recording" if error.errno in (ENOENT, ENOTDIR) else error.detail
            raise ReadError(name, why, error.errno) from error

    def holds(self, folder: str) -> bool:
        """Whether any question below this first part of its name was recorded."""
        start = folder + "/"
        recording = self._recording
        if any(name.startswith(start) for asked in (recording.replies, recording.failures) for name in asked):
            return True
        return self._folder is not None and self._folder.is_dir(encode(folder) or "")
