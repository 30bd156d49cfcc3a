"""Records this machine, or a tree of files, into a folder."""

from __future__ import annotations

import os
import time
from functools import partial

from hostinfo.driver_factory import broken_factory
from hostinfo.errors import HostInfoError, Unavailable
from hostinfo.groups import GROUPS

from ..sources.local import sources_of
from ..sources.recorded.folder_reader import load_whole
from ..sources.recorded.folder_writer import save
from ..sources.recorded.recorded_sources import record_sources
from ..sources.recorded.recording import Recording
from ..sources.recorded.reply_store import ReplyStore
from .report import Report
from .scrub.scrubber import scrub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.driver import Driver
    from hostinfo.driver_factory import DriverFactory

    from ..sources.sources import Sources
    from .report import Scrubbed

KEY_BYTES = 16


def record(
    directory: str,
    rows: Sequence[DriverFactory],
    uri: str | None = None,
    *,
    raw: bool = False,
    key: bytes | None = None,
) -> Report:
    """Record a machine into a new folder, scrubbed unless ``raw``.

    ``rows``: the drivers to record, each of which reads all that it can. ``uri``: this machine (None), a tree of files
    (``sysfs:///DIR``), a daemon, or another recording (``recorded:DIR``: to scrub a raw one). The same ``key`` gives
    the same substitutes in several recordings; without one they are valid in this recording only.

    Raises RecordingError if the folder is not empty or cannot be written, Unavailable if there is nothing to record.
    """
    begin = time.monotonic()
    scheme, _, rest = (uri or "").partition(":")
    recording, problems = (load_whole(rest), []) if scheme == "recorded" else _record_machine(rows, uri)
    scrubbed: tuple[Scrubbed, ...] = ()
    left_out: tuple[str, ...] = ()
    if not raw:
        scrubbers = {row.recording.folder: row.recording.scrub for row in rows if row.recording is not None}
        recording, scrubbed, left_out = scrub(recording, key or os.urandom(KEY_BYTES), scrubbers)
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
        problems=tuple(problems),
    )


def _record_machine(rows: Sequence[DriverFactory], uri: str | None) -> tuple[Recording, list[str]]:
    recording = Recording(clock=time.time())
    store = ReplyStore(recording)
    recording.drivers, problems = _read_all(recording_factories(uri, rows, recording, store))
    problems += [str(row.load_error) for row in rows if row.load_error is not None]
    if not recording.drivers:
        raise Unavailable(uri or "this machine", "; ".join(problems) or "no driver here can be recorded")
    _add_architecture(recording, uri)
    recording.about = _about(recording)
    return recording, problems


def recording_factories(
    uri: str | None, rows: Sequence[DriverFactory], recording: Recording, store: ReplyStore
) -> list[DriverFactory]:
    """Return the drivers of a live machine whose results are recorded."""
    sources = _sources(uri)
    if sources is not None:
        sources = record_sources(sources, recording, store)
    return [factory for row in rows if (factory := _record(row, uri, store, sources)) is not None]


def _sources(uri: str | None) -> Sources | None:
    """Return the sources of the machine that the URI names; None if it is another one."""
    scheme, _, rest = (uri or "sysfs:///").partition(":")
    return sources_of(uri if scheme == "sysfs" else None) if rest.startswith("///") else None


def _record(row: DriverFactory, uri: str | None, store: ReplyStore, sources: Sources | None) -> DriverFactory | None:
    if row.build is not None:
        return row.for_recording(None, partial(row.build, sources)) if sources is not None else None
    try:
        return row.recording.record(row, uri, store, sources) if row.recording is not None else None
    except Exception as error:  # of another distribution's driver
        why = f"cannot be recorded: {type(error).__name__}: {error}"
        return broken_factory(row.name, Unavailable(f"driver {row.name}", why))


def _read_all(factories: Sequence[DriverFactory]) -> tuple[tuple[str, ...], list[str]]:
    """Read all groups of each driver; results and errors are in the store then."""
    recorded: list[str] = []
    problems: list[str] = []
    for factory in factories:
        try:
            driver = factory.open(factory.uri)
        except HostInfoError as error:
            problems.append(f"{factory.name}: {error}")
            if factory.load_error is None:
                recorded.append(factory.name)  # it also fails to open when it is replayed
            continue
        except Exception as error:
            problems.append(f"{factory.name}: internal error: {type(error).__name__}: {error}")
            continue
        if driver is not None:
            recorded.append(factory.name)
            problems += _read_groups(driver)
    return tuple(recorded), problems


def _read_groups(driver: Driver) -> list[str]:
    problems = []
    for group in GROUPS:
        read = driver.readers.get(group)
        try:
            if read is not None:
                read(None)
        except HostInfoError:
            pass  # it is recorded
        except Exception as error:
            problems.append(f"{driver.name}: internal error in {group}: {type(error).__name__}: {error}")
    if driver.close is not None:
        driver.close()
    return problems


def _add_architecture(recording: Recording, uri: str | None) -> None:
    """Add the file that kernels before 6.1 lack, because uname(2) would report the machine that replays."""
    if uri in (None, "sysfs:///") and "sysfs" in recording.drivers:
        recording.files.setdefault("proc/sys/kernel/arch", os.uname().machine.encode() + b"\n")


def _about(recording: Recording) -> dict[str, str]:
    release = recording.files.get("proc/sys/kernel/osrelease", b"").decode("utf-8", "replace").strip()
    return {"kernel": release} if release else {}
