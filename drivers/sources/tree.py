"""A tree of /proc, /sys and /etc files: this machine's, or one under another root.

All input of the sysfs driver goes through the four primitives ``data``, ``names``, ``link`` and ``is_dir``: the
recorder listens there, and a recorded machine's errors are replayed there. Under a root other than ``/`` symbolic
links are followed inside that root only and nothing but regular files is opened, so that no fact of this machine
slips in and no device is touched.
"""

import errno
import os
from collections.abc import Mapping
from stat import S_ISDIR, S_ISLNK, S_ISREG

from hostinfo.errors import ReadError

ATTRIBUTE_LIMIT = 256 * 1024
"""Most bytes of a sysfs attribute; the longest real ones are CPU lists of some kilobytes."""
FILE_LIMIT = 32 * 1024 * 1024
"""Most bytes of any other file; /proc/cpuinfo of 4,096 CPUs has 6 MiB."""
NAMES_LIMIT = 1_000_000
"""Most entries of a directory."""

_ABSENT = frozenset({
    errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EINVAL, errno.EOPNOTSUPP, errno.ENODATA, errno.EBUSY,
    errno.EISDIR, errno.ENOSYS, errno.ESRCH, errno.ENONET,
})  # fmt: skip
"""What the kernel answers when an attribute has no value just now, or its device went away."""
_LINKS_LIMIT = 12  # links that lead to links; real trees have two
_PARTS_LIMIT = 64  # parts of a link's target; with the limit above, well below Python's recursion limit
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


class Tree:
    """Files under a root; paths are relative to it, without a leading slash."""

    def __init__(self, root: str = "/", errors: Mapping[str, int] | None = None) -> None:
        self.root = os.path.abspath(root)
        self.errors = errors or {}
        self._is_foreign = self.root != "/"
        self._real: dict[str, str] = {"": self.root.rstrip("/")}

    # -- primitives -------------------------------------------------------------------------------------------------

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """The bytes of a file; ReadError where it can't be read or is longer than ``limit``."""
        try:
            if path in self.errors:
                raise OSError(self.errors[path], os.strerror(self.errors[path]))
            content = _read(self._regular(path) if self._is_foreign else "/" + path, limit, self._is_foreign)
        except OSError as error:
            raise ReadError.from_os("/" + path, error) from error
        except ValueError as error:  # a null byte in a name that came from a file
            raise ReadError("/" + path, str(error)) from error
        if len(content) > limit:
            raise ReadError("/" + path, f"longer than {limit} bytes", errno.EFBIG)
        return content

    def names(self, path: str) -> list[str]:
        """What a directory holds, sorted; empty where there is no such directory."""
        try:
            if path in self.errors:
                raise OSError(self.errors[path], os.strerror(self.errors[path]))
            names = os.listdir(self._locate(path) or "/")
        except OSError as error:
            if error.errno in _ABSENT:
                return []
            raise ReadError.from_os("/" + path, error) from error
        if len(names) > NAMES_LIMIT:
            raise ReadError("/" + path, f"more than {NAMES_LIMIT} entries", errno.EFBIG)
        return sorted(names)

    def link(self, path: str) -> str | None:
        """Where a symbolic link points, as it stands there; None where there is none."""
        if path in self.errors:
            return None
        parent, _, name = path.rpartition("/")
        try:
            return os.readlink(f"{self._directory(parent)}/{name}")
        except (OSError, ValueError):
            return None

    def is_dir(self, path: str) -> bool:
        """Whether there is such a directory."""
        try:
            return S_ISDIR(os.stat(self._locate(path) or "/").st_mode)
        except (OSError, ValueError):
            return False

    # -- in other words ---------------------------------------------------------------------------------------------

    def text(self, path: str, limit: int = FILE_LIMIT) -> str:
        """The text of a file; bytes that are not UTF-8 become U+FFFD. ReadError as for ``data``."""
        return self.data(path, limit).decode("utf-8", "replace")

    def optional(self, path: str) -> str | None:
        """The text of a file; None where there is none. ReadError where it is there and can't be read."""
        try:
            return self.text(path)
        except ReadError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def attribute(self, path: str) -> str | None:
        """The value of an attribute without white space around it; None where it has none just now.

        ReadError where somebody should be able to read it and this process may not (EACCES, EPERM), and for
        input/output errors.
        """
        try:
            return self.data(path, ATTRIBUTE_LIMIT).decode("utf-8", "replace").strip("\0 \t\r\n") or None
        except ReadError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def number(self, path: str, base: int = 10) -> int | None:
        """The value of an attribute that is a whole number; None where it is absent or not one.

        Negative numbers, sysfs' way of saying that it does not know, are None too.
        """
        text = self.attribute(path)
        try:
            number = int(text, base) if text is not None and len(text) < 40 else -1
        except ValueError:
            return None
        return number if number >= 0 else None

    def exists(self, path: str) -> bool:
        """Whether a directory lists this name; asks for no permission on the file itself."""
        parent, _, name = path.rpartition("/")
        try:
            return name in self.names(parent)
        except ReadError:
            return False

    # -- names under a foreign root ---------------------------------------------------------------------------------

    def _locate(self, path: str) -> str:
        if not self._is_foreign:
            return "/" + path
        return self._directory(path)

    def _regular(self, path: str) -> str:
        """Where a regular file lies; OSError for all else: a FIFO would block, a device might act on being opened."""
        parent, _, name = path.rpartition("/")
        real = f"{self._directory(parent)}/{name}"
        mode = os.stat(real, follow_symlinks=False).st_mode
        if S_ISLNK(mode) or name in ("", ".", ".."):
            real = self._directory(path)
            mode = os.stat(real, follow_symlinks=False).st_mode
        if not S_ISREG(mode):
            code = errno.EISDIR if S_ISDIR(mode) else errno.EINVAL
            raise OSError(code, os.strerror(code))
        return real

    def _directory(self, path: str) -> str:
        """The path on this machine, each symbolic link on the way followed inside the root."""
        if not self._is_foreign:
            return "/" + path
        real = self._real.get(path)
        return real if real is not None else self._resolve(path, _LINKS_LIMIT)

    def _resolve(self, path: str, links_left: int) -> str:
        known = self._real.get(path)
        if known is not None:
            return known
        parent, _, name = path.rpartition("/")
        base = self._resolve(parent, links_left)
        if name in ("", "."):
            real = base
        elif name == "..":
            real = base if base == self._real[""] else base.rpartition("/")[0]
        else:
            real = f"{base}/{name}"
            try:
                target = os.readlink(real)
            except OSError:
                pass
            else:
                if links_left == 0 or target.count("/") > _PARTS_LIMIT:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                inside = base[len(self._real[""]) + 1 :]
                joined = target.lstrip("/") if target.startswith("/") else f"{inside}/{target}".lstrip("/")
                real = self._resolve(joined, links_left - 1)
        self._real[path] = real
        return real


def _read(path: str, limit: int, is_foreign: bool) -> bytes:
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        first = os.read(descriptor, min(65536, limit + 1))
        if len(first) < 4096 and (is_foreign or path.startswith("/sys/")):
            return first  # an attribute comes in one read
        chunks, size = [first], len(first)
        # /proc files end each read at a page or a record: only an empty read is the end
        while chunks[-1] and size <= limit:
            chunks.append(os.read(descriptor, min(1 << 20, limit + 1 - size)))
            size += len(chunks[-1])
    finally:
        os.close(descriptor)
    return b"".join(chunks)
