"""Reads a recording from its folder.

::

    machine.toml            metadata; errors, symbolic links and failures, which plain files cannot represent
    names.txt               directory entries without a file of their own: "DIRECTORY/ NAME NAME …"
    root/                   files as they were read, at the machine's path
    netlink/, ethtool/, …   raw replies, one file per call

Names are encoded as in ``file_names.py``. The folder is untrusted input: sizes are limited, and nothing outside of it
is opened.
"""

from __future__ import annotations

import errno
import os

from hostinfo.errors import ReadError, Unavailable

from ..tree import Tree
from .file_names import decode
from .recording import FORMAT, Failure, Recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MANIFEST = "machine.toml"
NAMES = "names.txt"
ROOT = "root"
_MANIFEST_LIMIT = 8 << 20
_NAMES_LIMIT = 8 << 20
_CLOCK_LIMIT = 1 << 37  # the year 6325: gmtime(3) takes it
_WHOLE_LIMIT = 512 << 20


def load(directory: str) -> Recording:
    """Read a recording without its files and replies; Unavailable if the folder is none."""
    tree = Tree(directory)
    try:
        manifest = _manifest(tree, directory)
        recording = Recording(
            errors=_errors(manifest),
            links=_texts(manifest, "links"),
            names=_listings(tree),
            failures={name: _failure(entry) for name, entry in _table(manifest, "failures").items()},
            drivers=tuple(str(name) for name in _list(manifest.get("drivers"))),
            is_scrubbed=manifest.get("scrubbed") is True,
            about=_texts(manifest, "about"),
        )
    except Unavailable:
        raise
    except Exception as error:  # whatever a hostile manifest contains
        raise Unavailable(directory, f"not a readable recording: {error}") from error
    clock = manifest.get("clock")
    if isinstance(clock, int | float) and 0 <= clock < _CLOCK_LIMIT:
        recording.clock = float(clock)
    return recording


def load_whole(directory: str) -> Recording:
    """Read a recording with its files and replies, to be changed and saved elsewhere."""
    recording = load(directory)
    tree = Tree(directory)
    pending = [name for name in tree.names("") if tree.is_dir(name)]
    size = 0
    while pending:
        path = pending.pop()
        for name in tree.names(path):
            inside = f"{path}/{name}"
            if tree.link(inside) is not None:
                continue
            if tree.is_dir(inside):
                pending.append(inside)
                continue
            content = tree.data(inside)
            size += len(content)
            if size > _WHOLE_LIMIT:
                raise Unavailable(directory, f"more than {_WHOLE_LIMIT >> 20} MiB")
            if path == ROOT or path.startswith(ROOT + "/"):
                recording.files[decode(inside.removeprefix(ROOT + "/"))] = content
            else:
                recording.replies[decode(inside)] = content
    return recording


def root_of(directory: str) -> str:
    """Return the directory of the machine's files."""
    return os.path.join(directory, ROOT)


def _manifest(tree: Tree, directory: str) -> dict[str, Any]:
    if not tree.is_dir(""):
        raise Unavailable(directory, "no such folder")
    try:
        content = tree.data(MANIFEST, _MANIFEST_LIMIT)
    except ReadError as error:
        why = f"no {MANIFEST} in it" if error.errno == errno.ENOENT else f"{MANIFEST}: {error.detail}"
        raise Unavailable(directory, f"not a recording: {why}") from error
    from hostinfo.lowlevel.bounded_text import parse_toml

    try:
        manifest = parse_toml(content)
    except ValueError as error:
        raise Unavailable(directory, f"not a recording: {MANIFEST}: {error}") from error
    number = manifest.get("format")
    if type(number) is not int or number < 1:
        raise Unavailable(directory, f"not a recording: {MANIFEST}: no format number")
    if number > FORMAT:
        raise Unavailable(directory, f"recorded in format {number}; this hostinfo reads formats up to {FORMAT}")
    return manifest


def _table(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    table = manifest.get(name)
    return table if isinstance(table, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _texts(manifest: dict[str, Any], name: str) -> dict[str, str]:
    return {key: value for key, value in _table(manifest, name).items() if isinstance(value, str)}


def _errors(manifest: dict[str, Any]) -> dict[str, int]:
    codes = {name: number for number, name in errno.errorcode.items()}
    return {path: codes.get(name, errno.EIO) for path, name in _texts(manifest, "errors").items()}


def _failure(entry: object) -> Failure:
    table = entry if isinstance(entry, dict) else {}
    code = table.get("errno")
    return Failure(
        kind=str(table.get("kind", "DriverError")),
        source=str(table.get("source", "")),
        detail=str(table.get("detail", "")),
        errno=next((number for number, name in errno.errorcode.items() if name == code), None),
    )


def _listings(tree: Tree) -> dict[str, tuple[str, ...]]:
    listings = {}
    text = tree.text(NAMES, _NAMES_LIMIT) if tree.exists(NAMES) else ""
    for line in text.splitlines():
        directory, *names = line.split(" ")
        listings[decode(directory.removesuffix("/"))] = tuple(map(decode, names))
    return listings
