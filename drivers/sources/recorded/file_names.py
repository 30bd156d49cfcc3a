"""File names of a recording: encodes any path of the recorded machine so that git, zip and other systems accept it.

/sys is full of colons (``0000:00:1f.2``), which other systems refuse; they are written as ``%3A``, as in a URI.
"""

from __future__ import annotations

_UNSAFE = frozenset('%<>:"|?*\\ ') | {chr(code) for code in range(32)} | {"\x7f"}
_NAME_LIMIT = 255


def encode(path: str) -> str | None:
    """Return the path as it is stored; None if it is too long for a file name."""
    if not path or _is_plain(path):
        return path
    parts = [_encode_part(part) for part in path.split("/")]
    if any(len(part) > _NAME_LIMIT for part in parts):
        return None
    return "/".join(parts)


def decode(stored: str) -> str:
    """Return the path on the recorded machine."""
    if "%" not in stored:
        return stored
    from urllib.parse import unquote

    return unquote(stored, errors="surrogateescape")


def _is_plain(path: str) -> bool:
    """Return whether the path is stored as it is: true of most, and a replay encodes thousands."""
    is_short = len(path) <= _NAME_LIMIT and path.isascii() and _UNSAFE.isdisjoint(path)
    return is_short and "//" not in path and "./" not in path and path[0] != "/" and path[-1] not in "./"


def _encode_part(part: str) -> str:
    if part in (".", "..", ""):
        return "%2E" * len(part) or "%"
    if part.isascii() and part[-1] != "." and _UNSAFE.isdisjoint(part):
        return part
    content = part.encode("utf-8", "surrogateescape")
    last = len(content) - 1
    return "".join(
        chr(byte) if byte < 127 and chr(byte) not in _UNSAFE and not (byte == 46 and at == last) else f"%{byte:02X}"
        for at, byte in enumerate(content)
    )
