"""A recording on disk.

::

    machine.toml            what it is; errors, symbolic links and failures, which plain files cannot show
    names.txt               what directories listed beyond the files that are here: "DIRECTORY/ NAME NAME …"
    root/                   files as they were read, at the path they were asked for
    netlink/, ethtool/, …   raw replies, a file a question

Names are written as ``names.py`` says. A folder is hostile until read: its size is bounded, and nothing outside of it
is opened.
"""

import errno
import os

from hostinfo.errors import RecordingError, Unavailable

from ..sources.recorded.file_names import decode, encode
from ..sources.recorded.recording import FORMAT, Failure, Recording
from ..sources.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MANIFEST = "machine.toml"
_NAMES = "names.txt"
_ROOT = "root"
_MANIFEST_LIMIT = 8 << 20
_NAMES_LIMIT = 32 << 20
_CLOCK_LIMIT = 1 << 37  # the year 6325: gmtime(3) takes it
_WHOLE_LIMIT = 512 << 20


def load(directory: str) -> Recording:
    """The recording in this folder, without files and replies; Unavailable where the folder holds none."""
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
    except Exception as error:  # whatever a hostile manifest holds
        raise Unavailable(directory, f"not a recording that can be read: {error}") from error
    clock = manifest.get("clock")
    if isinstance(clock, int | float) and 0 <= clock < _CLOCK_LIMIT:
        recording.clock = float(clock)
    return recording


def load_whole(directory: str) -> Recording:
    """The recording in this folder with its files and replies, to be changed and saved elsewhere."""
    recording = load(directory)
    tree = Tree(directory)
    waiting = [name for name in tree.names("") if tree.is_dir(name)]
    size = 0
    while waiting:
        path = waiting.pop()
        for name in tree.names(path):
            inside = f"{path}/{name}"
            if tree.link(inside) is not None:
                continue
            if tree.is_dir(inside):
                waiting.append(inside)
                continue
            content = tree.data(inside)
            size += len(content)
            if size > _WHOLE_LIMIT:
                raise Unavailable(directory, f"more than {_WHOLE_LIMIT >> 20} MiB")
            if path == _ROOT or path.startswith(_ROOT + "/"):
                recording.files[decode(inside.removeprefix(_ROOT + "/"))] = content
            else:
                recording.replies[decode(inside)] = content
    return recording


def root_of(directory: str) -> str:
    """Where the machine's files are in the folder."""
    return os.path.join(directory, _ROOT)


def _manifest(tree: Tree, directory: str) -> "dict[str, Any]":
    from hostinfo.errors import ReadError

    if not tree.is_dir(""):
        raise Unavailable(directory, "no such folder")
    try:
        content = tree.data(MANIFEST, _MANIFEST_LIMIT)
    except ReadError as error:
        why = f"no {MANIFEST} in it" if error.errno == errno.ENOENT else f"{MANIFEST}: {error.detail}"
        raise Unavailable(directory, f"not a recording: {why}") from error
    import tomllib

    try:
        manifest = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise Unavailable(directory, f"not a recording: {MANIFEST}: {error}") from error
    number = manifest.get("format")
    if type(number) is not int or number < 1:
        raise Unavailable(directory, f"not a recording: {MANIFEST}: no format number")
    if number > FORMAT:
        raise Unavailable(directory, f"recorded in format {number}, and this hostinfo reads up to {FORMAT}")
    return manifest


def _table(manifest: "dict[str, Any]", name: str) -> "dict[str, Any]":
    table = manifest.get(name)
    return table if isinstance(table, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _texts(manifest: "dict[str, Any]", name: str) -> dict[str, str]:
    return {key: value for key, value in _table(manifest, name).items() if isinstance(value, str)}


def _errors(manifest: "dict[str, Any]") -> dict[str, int]:
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
    text = tree.text(_NAMES, _NAMES_LIMIT) if tree.exists(_NAMES) else ""
    for line in text.splitlines():
        directory, *names = line.split(" ")
        listings[decode(directory.removesuffix("/"))] = tuple(map(decode, names))
    return listings


# -- writing ---------------------------------------------------------------------------------------------------------


def save(recording: Recording, directory: str, *, is_private: bool) -> int:
    """Write the folder as a whole or not at all, and return its size in bytes.

    Raises Refused where something is there already, Failed where it can't be written.
    """
    import shutil
    from tempfile import mkdtemp

    directory = os.path.abspath(directory)
    try:
        if os.path.lexists(directory) and (os.path.islink(directory) or os.listdir(directory)):
            raise RecordingError(directory, "there is something already; a recording is written to a new folder only")
        parent = os.path.dirname(directory)
        os.makedirs(parent, exist_ok=True)
        temporary = mkdtemp(prefix=f".{os.path.basename(directory)}.", dir=parent)
    except NotADirectoryError as error:
        raise RecordingError(directory, "is not a folder") from error
    except OSError as error:
        raise RecordingError(directory, f"can't be written: {error.strerror}") from error
    try:
        size = _Writer(temporary, is_private=is_private).write(recording)
        os.chmod(temporary, 0o700 if is_private else 0o755)
        os.rename(temporary, directory)
    except OSError as error:
        raise RecordingError(directory, f"can't be written: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return size


class _Writer:
    def __init__(self, directory: str, *, is_private: bool) -> None:
        self._directory = directory
        self._mode = 0o600 if is_private else 0o644
        self._folder_mode = 0o700 if is_private else 0o755
        self._known: set[str] = set()
        self._size = 0

    def write(self, recording: Recording) -> int:
        errors = dict(recording.errors)
        for path, content in sorted(recording.files.items()):
            stored = encode(path)
            if stored is None or not self._file(f"{_ROOT}/{stored}", content):
                errors[path] = errno.ENAMETOOLONG
        for name, content in sorted(recording.replies.items()):
            self._file(encode(name) or "", content)
        listings = "".join(_listing_lines(recording))
        if listings:
            self._file(_NAMES, listings.encode())
        self._file(MANIFEST, manifest_text(recording, errors).encode())
        return self._size

    def _file(self, stored: str, content: bytes) -> bool:
        parent = stored.rpartition("/")[0]
        try:
            self._folder(parent)
            descriptor = os.open(
                f"{self._directory}/{stored}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, self._mode
            )
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            return False  # a machine that answered both as a file and as a directory
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return False
            raise
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, self._mode)
            file.write(content)
        self._size += len(content)
        return True

    def _folder(self, path: str) -> None:
        if not path or path in self._known:
            return
        self._folder(path.rpartition("/")[0])
        os.mkdir(f"{self._directory}/{path}")
        os.chmod(f"{self._directory}/{path}", self._folder_mode)
        self._known.add(path)


def _listing_lines(recording: Recording) -> list[str]:
    """A line for each directory that can't be told from the files: names without a file, or nothing at all."""
    implied: set[str] = set()
    for path in recording.files:
        while path and path not in implied:
            implied.add(path)
            path = path.rpartition("/")[0]  # noqa: PLW2901 - up to the root
    lines = []
    for directory, names in sorted(recording.names.items()):
        inside = f"{directory}/" if directory else ""
        missing = [encode(name) or "" for name in names if inside + name not in implied]
        if missing or directory not in implied:
            lines.append(" ".join([(encode(directory) or "") + "/", *filter(None, missing)]) + "\n")
    return lines


def manifest_text(recording: Recording, errors: dict[str, int]) -> str:
    """The manifest as TOML."""
    import time

    from hostinfo import __version__

    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(recording.clock))
    lines = [
        "# A machine recorded by `hostinfo record`; replay it with `hostinfo -c recorded:THIS-FOLDER dump`.",
        f"format = {FORMAT}",
        f"recorded = {moment}",
        f"clock = {recording.clock!r}",
        f"hostinfo = {_text(__version__)}",
        f"scrubbed = {'true' if recording.is_scrubbed else 'false'}",
        f"drivers = [{', '.join(map(_text, recording.drivers))}]",
        *_section("about", {key: _text(value) for key, value in recording.about.items()}),
        *_section("errors", {path: _text(errno.errorcode.get(code, "EIO")) for path, code in errors.items()}),
        *_section("links", {path: _text(target) for path, target in recording.links.items()}),
        *_section("failures", {name: _failure_text(failure) for name, failure in recording.failures.items()}),
    ]
    return "\n".join(lines) + "\n"


def _section(name: str, entries: dict[str, str]) -> list[str]:
    if not entries:
        return []
    return ["", f"[{name}]", *(f"{_text(key)} = {value}" for key, value in sorted(entries.items()))]


def _failure_text(failure: Failure) -> str:
    entries = [
        f"kind = {_text(failure.kind)}",
        f"source = {_text(failure.source)}",
        f"detail = {_text(failure.detail)}",
    ]
    if failure.errno is not None:
        entries.append(f"errno = {_text(errno.errorcode.get(failure.errno, 'EIO'))}")
    return "{ " + ", ".join(entries) + " }"


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are a part of TOML's."""
    import json

    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
