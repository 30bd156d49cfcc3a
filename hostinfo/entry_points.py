"""A fast look-up of entry points, https://packaging.python.org/specifications/entry-points/.

``importlib.metadata`` takes 30 ms to import. This takes 0.3 ms of CPU for 58 installed distributions and 1 ms for 300.
It sees what pip installs: folders of metadata on ``sys.path``, and not the inside of zip files.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_READ_BYTES = 16 * 1024  # a larger buffer takes longer to allocate than most files to read


def find_entry_points(group: str) -> dict[str, str]:
    """Return name -> ``module:attribute`` of a group's entry points in all installed distributions."""
    found: dict[str, str] = {}
    header = f"[{group}]".encode()
    for directory in dict.fromkeys(sys.path):
        for content in sorted(_files_with(header, directory or os.curdir)):
            for name, value in _section(content.decode("utf-8", "replace"), group):
                found.setdefault(name, value)  # as in imports, the first directory takes precedence
    return found


def _files_with(header: bytes, directory: str) -> Iterator[bytes]:
    try:
        names = os.listdir(directory)
    except OSError:  # it does not exist, or is a zip file
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            content = _read(f"{directory}/{name}/entry_points.txt")
            if header in content:
                yield content


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:  # most distributions have no entry points
        return b""
    try:
        content = chunk = os.read(descriptor, _READ_BYTES)
        while len(chunk) == _READ_BYTES:
            chunk = os.read(descriptor, _READ_BYTES)
            content += chunk
        return content
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    is_inside = False
    for line in text.splitlines():
        entry = line.strip()
        if entry.startswith("["):
            is_inside = entry == f"[{group}]"
        elif is_inside and "=" in entry and not entry.startswith(("#", ";")):
            name, _, value = entry.partition("=")
            yield name.strip(), value.partition("[")[0].strip()
