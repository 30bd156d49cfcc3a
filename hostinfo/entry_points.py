"""A fast look-up of entry points, https://packaging.python.org/specifications/entry-points/."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE_LIMIT = 1 << 20


def find_entry_points(group: str) -> dict[str, str]:
    """Return name -> ``module:attribute`` of a group's entry points in all installed distributions."""
    found: dict[str, str] = {}
    header = f"[{group}]".encode()
    for directory in dict.fromkeys(sys.path):
        for content in sorted(_files_with(header, directory or os.curdir)):
            for name, value in _section(content.decode("utf-8", "replace"), group):
                found.setdefault(name, value)
    return found


def _files_with(header: bytes, directory: str) -> Iterator[bytes]:
    try:
        names = os.listdir(directory)
    except OSError:  # not there, or a zip file
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            try:
                descriptor = os.open(f"{directory}/{name}/entry_points.txt", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:  # most distributions have none
                continue
            try:
                content = os.read(descriptor, _SIZE_LIMIT)
            except OSError:
                continue
            finally:
                os.close(descriptor)
            if header in content:
                yield content


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    is_inside = False
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        if entry.startswith("["):
            is_inside = entry == f"[{group}]"
        elif is_inside and "=" in entry:
            name, _, value = entry.partition("=")
            yield name.strip(), value.partition("[")[0].strip()
