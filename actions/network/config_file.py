"""Configuration files of network services: read whole or not at all, and put on the disk for certain."""

from __future__ import annotations

import os
import stat

from hostinfo.errors import ActionFailed, ReadError
from hostinfo.lowlevel.bounded_file import read_descriptor

LIMIT = 1 << 20
"""Bytes of a file: a snapshot with a part of it would restore that part."""
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def read_config_file(path: str) -> tuple[str, os.stat_result] | None:
    """Return the text and the status of a regular file; None: it does not exist.

    ActionFailed: it cannot be read, is too long, or is no regular file; a symbolic link is none, because the file would
    not be a link any more when it is put back.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        is_link = os.path.islink(path)
        reason = "is a symbolic link; replace it by the file" if is_link else f"cannot be read: {error.strerror}"
        raise ActionFailed(path, reason) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ActionFailed(path, "is no regular file")
        return read_descriptor(descriptor, LIMIT, path).decode("utf-8", "surrogateescape"), status
    except ReadError as error:
        raise ActionFailed(path, f"cannot be read: {error.detail}") from error
    finally:
        os.close(descriptor)


def sync_folder(path: str) -> None:
    """Write the names in a folder to the disk."""
    _sync(path, os.O_DIRECTORY)


def sync_file(path: str) -> None:
    """Write the content of a file to the disk."""
    _sync(path, 0)


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
