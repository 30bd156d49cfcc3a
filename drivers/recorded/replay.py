"""The drivers of a recorded machine."""

from __future__ import annotations

from functools import partial

from hostinfo.driver_factory import broken_factory
from hostinfo.errors import HostInfoError, Unavailable

from ..sources.recorded.folder_reader import load
from ..sources.recorded.recorded_sources import replay_sources
from ..sources.recorded.reply_store import ReplyStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hostinfo.driver_factory import DriverFactory

    from ..sources.sources import Sources


def replay_factories(
    uri: str, find_rows: Callable[[Collection[str]], Sequence[DriverFactory]]
) -> tuple[DriverFactory, ...]:
    """Return the drivers of the machine that the URI names; see ``hostinfo.drivers.recorded``."""
    directory = uri.partition(":")[2]
    if not directory:
        raise Unavailable("recorded:", "no folder; write recorded:DIR")
    recording = load(directory)
    store = ReplyStore(recording, directory)
    sources = replay_sources(recording, directory)
    rows = find_rows(recording.drivers)
    factories = [factory for row in rows if (factory := _replay(row, store, sources)) is not None]
    missing = [_missing(name) for name in recording.drivers if all(row.name != name for row in rows)]
    # A driver that the recorder did not know yet comes last; old recordings have no dom0-firmware.
    places = {name: place for place, name in enumerate(recording.drivers)}
    return (*sorted(factories, key=lambda factory: places.get(factory.name, len(places))), *missing)


def _replay(row: DriverFactory, store: ReplyStore, sources: Sources) -> DriverFactory | None:
    if row.build is not None:
        return row.for_recording(None, partial(row.build, sources))
    # A module that is not needed is not imported, because start-up time counts.
    if row.recording is None or not store.has(row.recording.folder):
        return None
    try:
        return row.recording.replay(row, store, sources)
    except HostInfoError as error:
        return broken_factory(row.name, error)


def _missing(name: str) -> DriverFactory:
    why = "the machine was recorded with it, and it is not installed here"
    return broken_factory(name, Unavailable(f"driver {name}", why))
