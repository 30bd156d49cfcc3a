"""Results of sources other than the files (netlink, ethtool, D-Bus, libvirt, …), recorded and replayed by name.

A driver that can be recorded makes its calls through functions that return bytes. For a recording each is wrapped in
``ReplyStore.record``, for a replay in ``ReplyStore.replay`` with the same name. The driver chooses the names, which are
paths ("libvirt/capabilities.xml"); the first part is the driver's folder.
"""

from __future__ import annotations

from errno import ENOENT, ENOTDIR

from hostinfo.errors import HostInfoError, ReadError

from ..tree import Tree
from .file_names import encode
from .recording import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .recording import Recording

_REPLY_LIMIT = 128 << 20


class ReplyStore:
    """The replies of one recording: in memory while it is made, in its folder when it is replayed."""

    def __init__(self, recording: Recording, directory: str | None = None) -> None:
        self._recording = recording
        self._folder = Tree(directory) if directory is not None else None

    def record(self, name: str, read: Callable[[], bytes]) -> bytes:
        """Return the result of ``read``, or raise its error; the first one under each name is stored."""
        try:
            reply = read()
        except (HostInfoError, OSError) as error:
            self._recording.failures.setdefault(name, Failure.from_error(error))
            raise
        self._recording.replies.setdefault(name, reply)
        return reply

    def replay(self, name: str) -> bytes:
        """Return the stored result, or raise the stored error; ReadError if nothing is stored under the name."""
        failure = self._recording.failures.get(name)
        if failure is not None:
            raise failure.to_error()
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

    def has(self, folder: str) -> bool:
        """Return whether anything is stored under names with this first part."""
        start = folder + "/"
        recording = self._recording
        if any(name.startswith(start) for stored in (recording.replies, recording.failures) for name in stored):
            return True
        return self._folder is not None and self._folder.is_dir(encode(folder) or "")
