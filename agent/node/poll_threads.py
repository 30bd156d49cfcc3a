"""The agent's poll threads, and the groups that each of them reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from hostinfo import HostInfo
from hostinfo.groups import TABLE

from .objects import PUBLISHED_FIELDS
from .polling import Callback, PollThread
from .settings import Settings

INVENTORY, STATISTICS, GUESTS = "inventory", "statistics", "guests"
GUESTS_SECONDS = 60


def create_poll_threads(
    settings: Settings,
    open_host: Callable[[], HostInfo],
    callback: Callback,
    on_error: Callable[[Exception], None],
) -> Mapping[str, PollThread]:
    """Return the poll threads by name, not yet started: only the inventory's subscribes to change notifications."""
    create = partial(PollThread, open_host=open_host, callback=callback, on_error=on_error)
    inventory = {group: fields for group, fields in PUBLISHED_FIELDS.items() if not TABLE[group].is_volatile}
    statistics = {group: fields for group, fields in PUBLISHED_FIELDS.items() if TABLE[group].is_volatile}
    guests_seconds = max(GUESTS_SECONDS, settings.statistics_seconds)
    return {
        INVENTORY: create(INVENTORY, inventory, interval_seconds=settings.inventory_seconds, is_watching=True),
        STATISTICS: create(STATISTICS, statistics, interval_seconds=settings.statistics_seconds),
        GUESTS: create(GUESTS, {"guests": None}, interval_seconds=guests_seconds),
    }
