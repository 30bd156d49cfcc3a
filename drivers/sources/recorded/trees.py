"""The file tree of the machine that is being recorded, and of one that was recorded."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from hostinfo.errors import ReadError

from ..tree import FILE_LIMIT, Tree
from .file_names import decode, encode
from .recording import Recording


class RecordingTree(Tree):
    """Reads another tree and records what was read, and how reading failed."""

    def __init__(self, recording: Recording, tree: Tree) -> None:
        super().__init__(tree.root)
        self._recording = recording
        self._tree = tree

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """Return the bytes of a file; the first result is stored."""
        try:
            content = self._tree.data(path, limit)
        except ReadError as error:
            if error.errno not in (None, errno.ENOENT) and path not in self._recording.files:
                self._recording.errors.setdefault(path, error.errno or errno.EIO)
            raise
        if path not in self._recording.errors:
            self._recording.files.setdefault(path, content)
        return content

    def excerpt(self, path: str, choose: Callable[[bytes], bytes], limit: int = FILE_LIMIT) -> bytes:
        """Return what ``choose`` takes from a file; all excerpts together become the recorded file."""
        chosen = choose(self._tree.data(path, limit))
        kept = self._recording.files.get(path, b"")
        if chosen not in kept:
            self._recording.files[path] = kept + chosen
        return chosen

    def names(self, path: str) -> list[str]:
        """Return the entries of a directory."""
        try:
            names = self._tree.names(path)
        except ReadError as error:
            self._recording.errors.setdefault(path + "/", error.errno or errno.EIO)
            raise
        if names or self._tree.is_dir(path):
            self._recording.names[path] = tuple(names) or self._recording.names.get(path, ())
        return names

    def link(self, path: str) -> str | None:
        """Return the target of a symbolic link."""
        target = self._tree.link(path)
        if target is not None:
            self._recording.links.setdefault(path, target)
        return target

    def is_dir(self, path: str) -> bool:
        """Return whether there is such a directory."""
        is_dir = self._tree.is_dir(path)
        if is_dir:
            self._recording.names.setdefault(path, ())
        return is_dir

    def exists(self, path: str) -> bool:
        """Return whether the directory lists this name; its other names are not recorded."""
        is_listed = self._tree.exists(path)
        if is_listed:
            parent, _, name = path.rpartition("/")
            listed = self._recording.names.get(parent, ())
            if name not in listed:
                self._recording.names[parent] = (*listed, name)
        return is_listed


class RecordedTree(Tree):
    """The tree of a recorded machine; a path that was not recorded does not exist.

    Files are read from the recording's folder when they are needed, and never from outside of it.
    """

    def __init__(self, recording: Recording, root: str) -> None:
        super().__init__(root)
        self._recording = recording

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """Return the bytes of a file, or raise the error that was recorded."""
        code = self._recording.errors.get(path)
        if code is not None:
            raise ReadError("/" + path, os.strerror(code), code)
        stored = encode(path)
        if stored is None:
            raise ReadError("/" + path, os.strerror(errno.ENAMETOOLONG), errno.ENAMETOOLONG)
        try:
            return super().data(stored, limit)
        except ReadError as error:
            raise ReadError("/" + path, error.detail, error.errno) from error

    def names(self, path: str) -> list[str]:
        """Return the entries of a directory: the files in the folder, and the names without a file."""
        code = self._recording.errors.get(path + "/")
        if code is not None:
            raise ReadError("/" + path, os.strerror(code), code)
        stored = encode(path)
        found = set(self._recording.names.get(path, ()))
        if stored is not None:
            found.update(decode(name) for name in super().names(stored))
        return sorted(found)

    def link(self, path: str) -> str | None:
        """Return the target of a symbolic link."""
        return self._recording.links.get(path)

    def is_dir(self, path: str) -> bool:
        """Return whether there was such a directory."""
        stored = encode(path)
        return path in self._recording.names or (stored is not None and super().is_dir(stored))
