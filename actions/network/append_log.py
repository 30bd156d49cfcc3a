"""A file of JSON lines to which each record is written to the disk before it is acted on.

Its space is reserved when it is created, so that a full disk does not prevent the records of a rollback. The reserved
rest is zeros. A record whose write was interrupted is the last one, and is ignored: it was not acted on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

MAX_BYTES = 16 * 2**20
"""Far above the log of any transaction; a larger file is not ours."""


def create_log(path: str, reserved_bytes: int) -> None:
    """Create an empty log with space for its records. OSError: the disk is full, or the file exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, reserved_bytes)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_log(path: str) -> list[dict[str, Any]]:
    """Return the complete records. ValueError: a record that is not the last one is damaged."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _parse(_read(descriptor))[0]
    finally:
        os.close(descriptor)


def append(path: str, entry: Mapping[str, Any]) -> None:
    """Write a record to the disk. OSError: it was not written, and does not count.

    The caller holds a lock: two appends at once would overwrite each other.
    """
    line = json.dumps(entry).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        content = _read(descriptor)
        end = _parse(content)[1]
        torn = len(content[end:].rstrip(b"\0"))
        try:
            _write(descriptor, line.ljust(torn, b"\0"), end)
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                _write(descriptor, bytes(len(line)), end)
            raise
    finally:
        os.close(descriptor)


def _parse(content: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the records, and the offset behind the last one."""
    *lines, _torn = content.partition(b"\0")[0].split(b"\n")
    records = []
    for line in lines:
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError(f"not a record: {line[:40]!r}")  # noqa: TRY004 - one kind of error for all damage
        records.append(found)
    return records, sum(len(line) + 1 for line in lines)


def _read(descriptor: int) -> bytes:
    content = os.pread(descriptor, MAX_BYTES + 1, 0)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    return content


def _write(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
