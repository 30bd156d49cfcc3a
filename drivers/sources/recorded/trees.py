"""The file tree of the machine that is recorded, and of one that was."""

import errno
import os

from hostinfo.errors import ReadError

from ..tree import FILE_LIMIT, Tree
from .file_names import decode, encode
from .recording import Recording


class ListeningTree(Tree):
    """A tree that writes down what it is asked for, and what the tree behind it answered."""

    def __init__(self, recording: Recording, tree: Tree) -> None:
        super().__init__(tree.root)
        self._recording = recording
        self._tree = tree

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """The bytes of a file; the first answer is the one that is kept."""
        try:
            content = self._tree.data(path, limit)
        except ReadError as error:
            if error.errno not in (None, errno.ENOENT) and path not in self._recording.files:
                self._recording.errors.setdefault(path, error.errno or errno.EIO)
            raise
        if path not in self._recording.errors:
            self._recording.files.setdefault(path, content)
        return content

    def names(self, path: str) -> list[str]:
        """What a directory holds."""
        try:
            names = self._tree.names(path)
        except ReadError as error:
            self._recording.errors.setdefault(path + "/", error.errno or errno.EIO)
            raise
        if names or self._tree.is_dir(path):
            self._recording.names[path] = tuple(names) or self._recording.names.get(path, ())
        return names

    def link(self, path: str) -> str | None:
        """Where a symbolic link points."""
        target = self._tree.link(path)
        if target is not None:
            self._recording.links.setdefault(path, target)
        return target

    def is_dir(self, path: str) -> bool:
        """Whether there is such a directory."""
        answer = self._tree.is_dir(path)
        if answer:
            self._recording.names.setdefault(path, ())
        return answer

    def exists(self, path: str) -> bool:
        """Whether a directory lists this name; the other names were not asked for, and are nobody's business."""
        answer = self._tree.exists(path)
        if answer:
            parent, _, name = path.rpartition("/")
            listed = self._recording.names.get(parent, ())
            if name not in listed:
                self._recording.names[parent] = (*listed, name)
        return answer


class RecordedTree(Tree):
    """A recorded machine's tree: what was asked then is answered as it was, all else is absent.

    The files are read from the folder when they are asked for, and never from outside of it.
    """

    def __init__(self, recording: Recording, root: str) -> None:
        super().__init__(root)
        self._recording = recording

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """The bytes of a file, or the error that the machine answered."""
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
        """What a directory held: the files of the folder, and the names that lead to none of them."""
        code = self._recording.errors.get(path + "/")
        if code is not None:
            raise ReadError("/" + path, os.strerror(code), code)
        stored = encode(path)
        found = set(self._recording.names.get(path, ()))
        if stored is not None:
            found.update(decode(name) for name in super().names(stored))
        return sorted(found)

    def link(self, path: str) -> str | None:
        """Where a symbolic link pointed."""
        return self._recording.links.get(path)

    def is_dir(self, path: str) -> bool:
        """Whether there was such a directory."""
        stored = encode(path)
        return path in self._recording.names or (stored is not None and super().is_dir(stored))
