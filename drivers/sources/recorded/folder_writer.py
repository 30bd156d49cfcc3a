"""Writes a recording to a folder; its layout is in ``folder_reader.py``."""

from __future__ import annotations

import errno
import os

from hostinfo.errors import RecordingError

from .file_names import encode
from .folder_reader import MANIFEST, NAMES, ROOT
from .recording import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .recording import Failure, Recording


def save(recording: Recording, directory: str, *, is_private: bool) -> int:
    """Write the whole folder or nothing, and return its size in bytes.

    ``is_private``: only its owner can read it. Raises RecordingError if the directory is not empty, or cannot be
    written.
    """
    import shutil
    from tempfile import mkdtemp

    directory = os.path.abspath(directory)
    try:
        if os.path.lexists(directory) and (os.path.islink(directory) or os.listdir(directory)):
            raise RecordingError(directory, "already exists; choose a new folder")
        parent = os.path.dirname(directory)
        os.makedirs(parent, exist_ok=True)
        temporary = mkdtemp(prefix=f".{os.path.basename(directory)}.", dir=parent)
    except NotADirectoryError as error:
        raise RecordingError(directory, "not a folder") from error
    except OSError as error:
        raise RecordingError(directory, f"cannot be written: {error.strerror}") from error
    try:
        size = _Writer(temporary, is_private=is_private).write(recording)
        os.chmod(temporary, 0o700 if is_private else 0o755)
        os.rename(temporary, directory)
    except OSError as error:
        raise RecordingError(directory, f"cannot be written: {error.strerror}") from error
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
            if stored is None or not self._file(f"{ROOT}/{stored}", content):
                errors[path] = errno.ENAMETOOLONG
        for name, content in sorted(recording.replies.items()):
            self._file(encode(name) or "", content)
        listings = "".join(_listing_lines(recording))
        if listings:
            self._file(NAMES, listings.encode())
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
            return False  # the machine has had a file and a directory of this name
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
    """Return one line per directory that the files do not imply: it has names without a file, or is empty."""
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
    """Return the manifest as TOML."""
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
    """Return a TOML string; JSON's escapes are valid in TOML."""
    import json

    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
