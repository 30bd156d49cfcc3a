"""Keyfiles of profiles: what a rollback needs of them, without secrets, and putting them back.

A secret stays where it is: in the keyfile. The saved text has none, and takes them from the present file when it is
written back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from hostinfo.errors import ActionFailed

from ..config_file import read_config_file, sync_folder

ETC = "/etc/NetworkManager/system-connections"
RUN = "/run/NetworkManager/system-connections"
SUFFIX = ".nmconnection"
SECRET = re.compile(r"password|psk|pin$|secret|wep-key\d|private-key|preshared-key|mka-cak|token")
"""Keys that may hold secrets; those that hold none keep their value as well, as it is in the file."""
MARK = "\0"
"""Stands for a value that was left out; a keyfile has no null."""
_LINE = re.compile(r"([^=\s]+)(\s*=\s*)(.*)")


def redact(text: str) -> str:
    """Return the text of a keyfile with a mark for each value that may be a secret."""
    lines = []
    for section, line in _lines(text):
        found = _LINE.fullmatch(line)
        is_secret = found is not None and _is_secret(section, found[1])
        lines.append(f"{found[1]}{found[2]}{MARK}" if found is not None and is_secret else line)
    return "\n".join(lines)


def fill(text: str, present: str) -> str:
    """Return a redacted text with the secrets of the present file; a secret that is nowhere any more is left out."""
    values = {}
    for section, line in _lines(present):
        if found := _LINE.fullmatch(line):
            values[section, found[1]] = found[3]
    lines = []
    for section, line in _lines(text):
        found = _LINE.fullmatch(line)
        if found is None or found[3] != MARK:
            lines.append(line)
        elif (section, found[1]) in values:
            lines.append(f"{found[1]}{found[2]}{values[section, found[1]]}")
    return "\n".join(lines)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with the name of its section."""
    section = ""
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
        yield section, line


def _is_secret(section: str, key: str) -> bool:
    if key.startswith("#") or key.endswith("-flags"):
        return False
    return section == "vpn-secrets" or SECRET.search(key) is not None


def read_keyfile(path: str) -> str | None:
    """Return the text of a keyfile; None: there is none. ActionFailed: it cannot be read."""
    found = read_config_file(path)
    return None if found is None else found[0]


def save(path: str) -> dict[str, Any]:
    """Return what ``put_back`` needs of a keyfile. ActionFailed: it cannot be read."""
    found = read_config_file(path)
    if found is None:
        raise ActionFailed(path, "the keyfile of an active profile is missing; run: nmcli connection reload")
    text, status = found
    return {
        "path": path,
        "text": redact(text),
        "mode": status.st_mode & 0o777,
        "uid": status.st_uid,
        "gid": status.st_gid,
    }


def put_back(saved: Mapping[str, Any], uuid: str) -> bool:
    """Write a keyfile as it was, unless it is so already; return whether it was written.

    The present file is that of the same name, or another of the same profile, which is removed. OSError: the disk is
    full, or the folder is gone.
    """
    path = str(saved["path"])
    others = [other for other in find(ETC, uuid) if other != path]
    present = read_keyfile(path)
    source = present if present is not None else next(filter(None, map(read_keyfile, others)), "")
    text = fill(saved["text"], source)
    is_written = text != present
    if is_written:
        draft = f"{path}~"  # NetworkManager ignores such names
        with suppress(FileNotFoundError):
            os.unlink(draft)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                os.fchown(file.fileno(), saved["uid"], saved["gid"])
                os.fchmod(file.fileno(), saved["mode"])
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            os.rename(draft, path)
        except OSError:
            with suppress(OSError):
                os.unlink(draft)
            raise
    for other in others:
        os.unlink(other)
    if is_written or others:
        sync_folder(ETC)
    return is_written


def find(folder: str, uuid: str) -> list[str]:
    """Return the keyfiles of a profile in a folder, and the marks by which NetworkManager hides one."""
    found = []
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(folder)):
            path = f"{folder}/{name}"
            if name == f"{uuid}.nmmeta" or (name.endswith(SUFFIX) and _uuid(path) == uuid):
                found.append(path)
    return found


def remove(folder: str, uuid: str) -> list[str]:
    """Delete the keyfiles of a profile in a folder, and return their paths."""
    found = find(folder, uuid)
    for path in found:
        with suppress(FileNotFoundError):
            os.unlink(path)
    if found:
        sync_folder(folder)
    return found


def _uuid(path: str) -> str | None:
    try:
        text = read_keyfile(path) or ""
    except ActionFailed:
        return None
    for section, line in _lines(text):
        found = _LINE.fullmatch(line.strip())
        if section == "connection" and found is not None and found[1] == "uuid":
            return found[3].strip()
    return None
