"""Records this machine, or a tree, into a folder."""

import os
import time
from dataclasses import dataclass

from hostinfo.driver import Driver, DriverFactory
from hostinfo.errors import HostInfoError, Unavailable
from hostinfo.groups import GROUPS

from ..sources.recorded.recording import Recording
from ..sources.recorded.reply_store import Tape
from .folder import load_whole, save
from .recordable import listening
from .scrub import Scrubbed, scrub

KEY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was recorded; holds no secret."""

    directory: str
    """Where it was written."""
    drivers: tuple[str, ...]
    """The drivers that were asked, best first."""
    files: int
    """Files of the machine."""
    replies: int
    """Answers of sockets and services."""
    errors: int
    """Questions that failed, and fail again when replayed."""
    size_bytes: int
    """Size of the folder's files."""
    seconds: float
    """How long it took."""
    is_raw: bool
    """True: nothing was scrubbed, and the folder is readable to its owner only."""
    scrubbed: tuple[Scrubbed, ...]
    """What was replaced, by kind."""
    left_out: tuple[str, ...]
    """Files and replies that are not in the recording, because nobody knows what they hold."""
    faults: tuple[str, ...]
    """Drivers that could not be opened, and faults in them."""

    def __str__(self) -> str:
        """For people."""
        asked = f"{self.files} files, {self.replies} replies and {self.errors} errors from {', '.join(self.drivers)}"
        lines = [f"{self.directory}: {asked} in {self.size_bytes / 1024:.0f} KiB, {self.seconds:.2f} s"]
        lines += [f"  {fault}" for fault in self.faults]
        if self.is_raw:
            return "\n".join([*lines, "NOT scrubbed: it holds serial numbers, addresses and names; keep it private"])
        for entry in self.scrubbed:
            more = f" and {len(entry.paths) - 3} more" if len(entry.paths) > 3 else ""
            where = f"in {entry.places} places ({', '.join(entry.paths[:3])}{more})"
            lines.append(f"  replaced {entry.kind}: {entry.values}, {where}")
        lines += [f"  left out {path}: not known what it holds" for path in self.left_out]
        return "\n".join([*lines, "Scrubbed; look it over before you pass it on"])


def record(directory: str, uri: str | None = None, *, raw: bool = False, key: bytes | None = None) -> Report:
    """Record a machine into a new folder, scrubbed unless ``raw``.

    All that the drivers can ask for is asked once and written down. ``uri`` is this machine (None), a tree
    (``sysfs:///DIR``) or another recording (``recorded:DIR``: to scrub a raw one). The same ``key`` gives the same
    substitutes over several recordings; without one they are of this recording alone.

    Raises Refused where the folder exists and is not empty, Failed where it can't be written, Unavailable where there
    is nothing to record.
    """
    begin = time.monotonic()
    scheme, _, rest = (uri or "").partition(":")
    recording, faults = (load_whole(rest), ()) if scheme == "recorded" else _listen(uri)
    scrubbed: tuple[Scrubbed, ...] = ()
    left_out: tuple[str, ...] = ()
    if not raw:
        recording, scrubbed, left_out = scrub(recording, key or os.urandom(KEY_BYTES))
    size = save(recording, directory, is_private=raw)
    return Report(
        directory=directory,
        drivers=recording.drivers,
        files=len(recording.files),
        replies=len(recording.replies),
        errors=len(recording.errors) + len(recording.failures),
        size_bytes=size,
        seconds=time.monotonic() - begin,
        is_raw=raw,
        scrubbed=scrubbed,
        left_out=left_out,
        faults=faults,
    )


def _listen(uri: str | None) -> tuple[Recording, tuple[str, ...]]:
    recording = Recording(clock=time.time())
    recording.drivers, faults = _ask(listening(uri, recording, Tape(recording)))
    if not recording.drivers:
        raise Unavailable(uri or "this machine", "; ".join(faults) or "no driver here can be recorded")
    _add_architecture(recording, uri)
    recording.about = _about(recording)
    return recording, faults


def _add_architecture(recording: Recording, uri: str | None) -> None:
    """Kernels before 6.1 have no file that tells it, and uname(2) would tell of the machine that replays."""
    if uri in (None, "sysfs:///") and "sysfs" in recording.drivers:
        recording.files.setdefault("proc/sys/kernel/arch", os.uname().machine.encode() + b"\n")


def _about(recording: Recording) -> dict[str, str]:
    release = recording.files.get("proc/sys/kernel/osrelease", b"").decode("utf-8", "replace").strip()
    return {"kernel": release} if release else {}


def _ask(factories: tuple[DriverFactory, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ask each driver for everything; its answers are on the tape, its failures too."""
    asked, faults = [], []
    for factory in factories:
        try:
            driver = factory.open()
        except HostInfoError as error:
            faults.append(f"{factory.name}: {error}")
            asked.append(factory.name)  # it fails to open when replayed, too
            continue
        if driver is not None:
            asked.append(factory.name)
            faults.extend(_ask_driver(driver))
    return tuple(asked), tuple(faults)


def _ask_driver(driver: Driver) -> list[str]:
    faults = []
    for group in GROUPS:
        read = driver.readers.get(group)
        try:
            if read is not None:
                read(None)
        except HostInfoError:
            pass  # on the tape
        except Exception as error:
            faults.append(f"{driver.name}: fault in {group}: {type(error).__name__}: {error}")
    if driver.close is not None:
        driver.close()
    return faults
