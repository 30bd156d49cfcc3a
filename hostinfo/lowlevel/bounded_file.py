"""Reading a file that somebody else may have written: its type and size are checked, and it cannot block."""

import errno
import os
from stat import S_ISDIR, S_ISREG

from hostinfo.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY


def read_file(
    path: str,
    limit: int,
    *,
    regular_only: bool = True,
    check: "Callable[[os.stat_result], None] | None" = None,
) -> bytes:
    """Return the content of a file of at most ``limit`` bytes.

    Only regular files are read, unless ``regular_only`` is False: then a pipe is read to its end, which may block.
    ``check`` is called with the fstat(2) result of the open file before anything is read; what it raises is passed on.
    Raise ReadError, which names the path, if the file cannot be read, has another type, or is longer.
    """
    try:
        # O_NONBLOCK: opening a FIFO without a writer would block before its type is known
        descriptor = os.open(path, _FLAGS | (os.O_NONBLOCK if regular_only else 0))
    except OSError as error:
        raise ReadError.from_os(path, error) from error
    except ValueError as error:  # a null byte in the path
        raise ReadError(path, str(error)) from error
    try:
        status = os.fstat(descriptor)
        _check_type(path, status.st_mode, regular_only=regular_only)
        if check is not None:
            check(status)
        return read_descriptor(descriptor, limit, path)
    finally:
        os.close(descriptor)


def _check_type(path: str, mode: int, *, regular_only: bool) -> None:
    if S_ISDIR(mode):
        raise ReadError(path, os.strerror(errno.EISDIR), errno.EISDIR)
    if regular_only and not S_ISREG(mode):
        raise ReadError(path, "not a regular file", errno.EINVAL)


def read_descriptor(descriptor: int, limit: int, source: str, *, short_read: int = 0) -> bytes:
    """Return the content of an open file of at most ``limit`` bytes from its position on.

    ``source`` names the file in errors. If the first read returns fewer than ``short_read`` bytes, that is the whole
    file, as with a sysfs attribute. Otherwise only an empty read is the end: reads of /proc end at a page or a record.
    """
    try:
        if os.fstat(descriptor).st_size > limit:  # 0 for files of /proc
            raise ReadError(source, f"longer than {limit} bytes", errno.EFBIG)
    except OSError as error:
        raise ReadError.from_os(source, error) from error
    chunks: list[bytes] = []
    left = limit + 1
    size = 1 << 16
    try:
        while left > 0 and (chunk := os.read(descriptor, min(left, size))):
            chunks.append(chunk)
            left -= len(chunk)
            if len(chunk) < short_read and len(chunks) == 1:
                break
            size = 1 << 20
    except OSError as error:
        raise ReadError.from_os(source, error) from error
    if left <= 0:
        raise ReadError(source, f"longer than {limit} bytes", errno.EFBIG)
    return b"".join(chunks)
