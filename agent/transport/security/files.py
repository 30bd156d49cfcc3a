"""Files with secrets: this process must be able to read them, and a password may be read by no other user."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from hostinfo import ReadError, Unavailable
from hostinfo.lowlevel.bounded_file import read_file

if TYPE_CHECKING:
    from os import stat_result

MAX_PASSWORD_BYTES = 4_096


def read_password(path: str) -> str:
    """Return the only line of a file with mode 0600, owned by this user or root; raise Unavailable otherwise."""

    def check(status: stat_result) -> None:
        if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
            raise Unavailable(path, "the password is accessible to others; chown it to this user and chmod 0600")

    try:
        data = read_file(path, MAX_PASSWORD_BYTES, check=check)
    except ReadError as error:
        raise Unavailable(path, f"the password cannot be read: {error.detail}{_hint(error.errno)}") from error
    try:
        text = data.decode().rstrip("\r\n")
    except ValueError:
        raise Unavailable(path, "the password is not UTF-8") from None
    if not text or not text.isprintable():
        raise Unavailable(path, "the password must be the only line of the file")
    return text


def check_readable(path: str) -> None:
    """Raise Unavailable when this process cannot read the file."""
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise Unavailable(path, f"cannot be read: {error.strerror}{_hint(error.errno)}") from error


def _hint(number: int | None) -> str:
    """Return the end of a message for a file that this process has no permission to read."""
    if number != errno.EACCES:
        return ""
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"; the user {user} must have read permission for it"
