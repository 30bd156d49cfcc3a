"""Write and restore configuration files such that a crash leaves the old or the new content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hostinfo.errors import ActionFailed

from ..config_file import read_config_file, sync_folder

GROUP = "systemd-network"
"""networkd runs as this user and must be able to read its files."""
MODE = 0o640


def read_file(path: str) -> dict[str, Any] | None:
    """Return content, mode and owner of a file as JSON; None: it does not exist. ActionFailed: it cannot be read."""
    found = read_config_file(path)
    if found is None:
        return None
    text, status = found
    return {"text": text, "mode": status.st_mode & 0o7777, "uid": status.st_uid, "gid": status.st_gid}


def write_file(path: str, text: str, mode: int = MODE, uid: int = 0, gid: int | None = None) -> None:
    """Replace a file, and wait until it is on the disk. ActionFailed: it could not be written; the old one stays."""
    folder = os.path.dirname(path)
    new = os.path.join(folder, f".{os.path.basename(path)}.new")
    try:
        os.makedirs(folder, 0o755, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fchown(file.fileno(), uid, network_group() if gid is None else gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(new, path)
        sync_folder(folder)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)
        raise ActionFailed(path, f"cannot be written: {error.strerror}") from error


def remove_file(path: str) -> None:
    """Remove a file, and its folder if that is an empty one of drop-ins. ActionFailed: it could not be removed."""
    folder = os.path.dirname(path)
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
            if folder.endswith(".d"):
                with suppress(OSError):
                    os.rmdir(folder)
                    folder = os.path.dirname(folder)
            sync_folder(folder)
    except OSError as error:
        raise ActionFailed(path, f"cannot be removed: {error.strerror}") from error


def set_file(path: str, text: str | None) -> None:
    """Write a file, unless it has this content; None: remove it."""
    if text is None:
        remove_file(path)
    elif (read_file(path) or {}).get("text") != text:
        write_file(path, text)


def restore_file(path: str, before: Mapping[str, Any] | None, ours: list[str | None]) -> bool:
    """Put a file back as it was, if it has one of the contents that were ours; return whether something was done."""
    present = read_file(path)
    if present == before or (None if present is None else present["text"]) not in ours:
        return False
    if before is None:
        remove_file(path)
    else:
        write_file(path, before["text"], before["mode"], before["uid"], before["gid"])
    return True


def network_group() -> int:
    """Return the number of networkd's group; that of root where there is none."""
    from grp import getgrnam

    try:
        return getgrnam(GROUP).gr_gid
    except KeyError:
        return 0
