"""A tree of /proc, /sys and /etc files: of this machine, or under another root.

The sysfs driver reads files only through the four primitives ``data``, ``names``, ``link`` and ``is_dir``. The recorder
records there, and a recorded machine's errors are replayed there. Under a root other than ``/``, symbolic links are
resolved inside that root and only regular files are opened: no fact of this machine gets in, no device is opened.
"""

import errno
import os
from collections.abc import Callable, Mapping
from stat import S_ISDIR, S_ISLNK, S_ISREG

from hostinfo.errors import ReadError
from hostinfo.lowlevel.bounded_file import read_descriptor

ATTRIBUTE_LIMIT = 256 * 1024
"""Maximum size of a sysfs attribute; the longest real ones are CPU lists of a few kilobytes."""
FILE_LIMIT = 32 * 1024 * 1024
"""Maximum size of any other file; /proc/cpuinfo of 4,096 CPUs has 6 MiB."""
NAMES_LIMIT = 1_000_000
"""Maximum number of entries in a directory."""

_ABSENT = frozenset({
    errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EINVAL, errno.EOPNOTSUPP, errno.ENODATA, errno.EBUSY,
    errno.EISDIR, errno.ENOSYS, errno.ESRCH, errno.ENONET,
})  # fmt: skip
"""Errors of the kernel for an attribute that has no value at the moment, or whose device was removed."""
_LINKS_LIMIT = 12  # nesting of symbolic links; real trees have two
_PARTS_LIMIT = 64  # path components of a link target; with the limit above, far below Python's recursion limit
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_PATH_LIMIT = 4096  # PATH_MAX
_DEPTH_LIMIT = 100  # nesting of directories; sysfs has twenty
_PAGE_BYTES = 4096  # sysfs limits an attribute to a page, of at least this size


def source_of(path: str) -> str:
    """Return the name of a file as a source of facts and in errors: its absolute path."""
    return "/" + path


class Tree:
    """Files under a root; paths are relative to it, without a leading slash."""

    def __init__(self, root: str = "/", errors: Mapping[str, int] | None = None) -> None:
        self.root = os.path.abspath(root)
        self.errors = errors or {}
        self.device_names: dict[tuple[str, int, int], tuple[str | None, str | None]] = {}
        """Names of devices that were found: bus, vendor and product -> vendor's name, product's name."""
        self._is_foreign = self.root != "/"
        self._real: dict[str, str] = {"": self.root.rstrip("/")}

    # -- primitives ---------------------------------------------------------------------------------------------------

    def data(self, path: str, limit: int = FILE_LIMIT) -> bytes:
        """Return the bytes of a file; ReadError if it cannot be read or is longer than ``limit``."""
        source = source_of(path)
        try:
            self._raise_recorded_error(path)
            descriptor = os.open(self._regular(path) if self._is_foreign else source, _OPEN_FLAGS)
        except OSError as error:
            raise ReadError.from_os(source, error) from error
        except ValueError as error:  # a null byte in a name that was read from a file
            raise ReadError(source, str(error)) from error
        try:
            is_attribute = self._is_foreign or path.startswith("sys/")
            return read_descriptor(descriptor, limit, source, short_read=_PAGE_BYTES if is_attribute else 0)
        finally:
            os.close(descriptor)

    def names(self, path: str) -> list[str]:
        """Return the sorted entries of a directory; empty if it does not exist."""
        try:
            self._raise_recorded_error(path)
            names = os.listdir(self._locate(path) or "/")
        except OSError as error:
            if error.errno in _ABSENT:
                return []
            raise ReadError.from_os(source_of(path), error) from error
        if len(names) > NAMES_LIMIT:
            raise ReadError(source_of(path), f"more than {NAMES_LIMIT} entries", errno.EFBIG)
        return sorted(names)

    def link(self, path: str) -> str | None:
        """Return the unresolved target of a symbolic link; None if it does not exist."""
        if path in self.errors:
            return None
        parent, _, name = path.rpartition("/")
        try:
            return os.readlink(f"{self._directory(parent)}/{name}")
        except (OSError, ValueError):
            return None

    def is_dir(self, path: str) -> bool:
        """Return whether the directory exists."""
        try:
            return S_ISDIR(os.stat(self._locate(path) or "/").st_mode)
        except (OSError, ValueError):
            return False

    # -- derived from the primitives ----------------------------------------------------------------------------------

    def text(self, path: str, limit: int = FILE_LIMIT) -> str:
        """Return the text of a file; bytes that are not UTF-8 become U+FFFD. ReadError as for ``data``."""
        return self.data(path, limit).decode("utf-8", "replace")

    def optional(self, path: str, limit: int = FILE_LIMIT) -> str | None:
        """Return the text of a file; None if it does not exist. ReadError if it exists and cannot be read."""
        try:
            return self.text(path, limit)
        except ReadError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def excerpt(self, path: str, choose: Callable[[bytes], bytes], limit: int = FILE_LIMIT) -> bytes:
        """Return what ``choose`` takes from a file: of a large one, a recording keeps only that. ReadError as above."""
        return choose(self.data(path, limit))

    def attribute(self, path: str) -> str | None:
        """Return the value of an attribute, stripped; None if it does not exist or has no value at the moment.

        ReadError for missing permissions (EACCES, EPERM) and input/output errors.
        """
        try:
            return self.data(path, ATTRIBUTE_LIMIT).decode("utf-8", "replace").strip("\0 \t\r\n") or None
        except ReadError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def number(self, path: str, base: int = 10) -> int | None:
        """Return the integer in an attribute; None if it is absent or not a number.

        Negative numbers, which sysfs uses for unknown values, are None too.
        """
        text = self.attribute(path)
        try:
            number = int(text, base) if text is not None and len(text) < 40 else -1
        except ValueError:
            return None
        return number if number >= 0 else None

    def exists(self, path: str) -> bool:
        """Return whether the directory lists this name; needs no permission on the file."""
        parent, _, name = path.rpartition("/")
        try:
            return name in self.names(parent)
        except ReadError:
            return False

    def try_data(self, path: str) -> bytes:
        """Return the bytes of a file; empty if it cannot be read for whatever reason."""
        try:
            return self.data(path)
        except ReadError:
            return b""

    def try_text(self, path: str) -> str:
        """Return the stripped text of a file; empty if it cannot be read for whatever reason."""
        return self.try_data(path).decode("utf-8", "replace").strip("\0 \t\r\n")

    def try_attribute(self, path: str) -> str | None:
        """Return the value of an attribute; None if it cannot be read for whatever reason."""
        try:
            return self.attribute(path)
        except ReadError:
            return None

    def try_number(self, path: str, base: int = 10) -> int | None:
        """Return the integer in an attribute; None if it cannot be read for whatever reason."""
        try:
            return self.number(path, base)
        except ReadError:
            return None

    def _raise_recorded_error(self, path: str) -> None:
        if path in self.errors:
            raise OSError(self.errors[path], os.strerror(self.errors[path]))

    # -- paths under a foreign root -----------------------------------------------------------------------------------

    def _locate(self, path: str) -> str:
        _check_length(path)
        if not self._is_foreign:
            return "/" + path
        return self._directory(path)

    def _regular(self, path: str) -> str:
        """Return the path of a regular file; OSError for others: a FIFO blocks, opening a device may have effects."""
        _check_length(path)
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
        """Return the path on this machine, with each symbolic link resolved inside the root."""
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


def _check_length(path: str) -> None:
    """Raise OSError for a path that no kernel names: resolving it would need memory and stack by its length."""
    if len(path) > _PATH_LIMIT or path.count("/") > _DEPTH_LIMIT:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
