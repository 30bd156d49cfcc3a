"""Polling groups in threads: a daemon that hangs delays only the groups that depend on it.

A poll thread reads its groups once per interval, those that changed when the kernel or a daemon notifies it, and all of
them on request. Each thread has a host of its own, because a HostInfo belongs to one thread.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hostinfo import DriverError, GroupResult, HostInfo, HostInfoError, Watch

from .failed_groups import FailedGroups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEBOUNCE_SECONDS = 0.2
IDLE_RATIO = 9
"""Under continuous changes a thread idles nine times as long as it computes: at most 10 % of one CPU."""
MAX_IDLE_SECONDS = 2.0
ERROR_DELAY_SECONDS = 5.0
JOIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUpdate:
    """The result of reading one group."""

    group: str
    result: GroupResult[Any] | HostInfoError


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFinished:
    """A poll thread has read the groups that were due."""

    thread: str
    """Name of the poll thread."""
    is_whole: bool
    """All groups of the thread were read."""
    request_id: int
    """The last request that this poll fulfils; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNotice:
    """Notifications of the sources themselves."""

    groups: frozenset[str]
    """Groups that changed."""
    connections: tuple[tuple[str, HostInfoError | None], ...]
    """Connection changes in order: driver, and the error (None: established)."""


Update = GroupUpdate | PollFinished | ChangeNotice
Callback = Callable[[Update], None]


class PollThread:
    """A thread that reads groups; every method may be called from any thread."""

    def __init__(
        self,
        name: str,
        groups: Mapping[str, frozenset[str] | None],
        *,
        open_host: Callable[[], HostInfo],
        callback: Callback,
        interval_seconds: float,
        is_watching: bool = False,
        on_error: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """``groups``: group -> the fields to read (None: all). ``is_watching``: subscribe to change notifications.

        ``callback`` and ``on_error`` (an internal error) are called in this thread.
        """
        self.name = name
        self.groups = dict(groups)
        self.interval_seconds = interval_seconds
        self.has_monitors = False
        self._open_host, self._callback, self._on_error = open_host, callback, on_error
        self._is_watching = is_watching
        self._watch: Watch | None = None
        self._requested = self._fulfilled = 0
        self._pending_groups: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._is_closing = False
        self._current_read: tuple[str, float] | None = None
        self._thread = threading.Thread(target=self._run, name=f"hostinfo-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread; it polls all groups at once."""
        self._thread.start()

    def request_poll(self) -> int:
        """Request a poll of all groups; return the request_id that its PollFinished has, or a later one."""
        self._requested += 1
        self._wake()
        return self._requested

    def notify_changed(self, groups: frozenset[str]) -> None:
        """Read those of these groups that this thread polls, after a debounce."""
        groups = groups.intersection(self.groups)
        with self._lock:
            is_first = bool(groups) and not self._pending_groups
            self._pending_groups |= groups
        if is_first:  # the rest of the burst needs no wake-up
            self._wake()

    def set_interval(self, seconds: float) -> None:
        """Change the interval between polls of all groups."""
        self.interval_seconds = seconds
        self._wake()

    def current_read(self) -> tuple[str, float] | None:
        """Return the group that is being read and for how many seconds; None: the thread is idle."""
        current = self._current_read
        return None if current is None else (current[0], time.monotonic() - current[1])

    def close(self) -> None:
        """Stop; a thread that hangs in a driver is abandoned and ends with the process."""
        self._is_closing = True
        self._wake()
        if self._thread.ident is not None:  # it was started
            self._thread.join(JOIN_SECONDS)

    def _wake(self) -> None:
        watch = self._watch
        if watch is not None:
            watch.wake()

    def _run(self) -> None:
        while not self._is_closing:
            try:
                with self._open_host() as host, host.watch() if self._is_watching else Watch() as watch:
                    self._watch = watch
                    self.has_monitors = watch.has_monitors
                    self._poll_until_closed(host, watch)
            except Exception as error:  # an internal error must not end polling for good
                self._on_error(error)
                time.sleep(ERROR_DELAY_SECONDS)
            finally:
                self._watch = None

    def _poll_until_closed(self, host: HostInfo, watch: Watch) -> None:
        last, debounce, jitter = float("-inf"), DEBOUNCE_SECONDS, 1.0
        failures = FailedGroups()
        while not self._is_closing:
            due = last + self.interval_seconds * jitter
            changed: frozenset[str] = frozenset()
            if self._requested == self._fulfilled:
                idle = min(due - time.monotonic(), failures.remaining())
                changed = self._wait_for_changes(watch, max(0.0, idle), debounce) | failures.due()
            if self._is_closing:
                break
            now = time.monotonic()
            is_whole = now >= due or self._requested != self._fulfilled
            if is_whole:
                last = now
                # Agents that one power switch started must not publish in the same second for ever.
                jitter = random.uniform(0.95, 1.05)  # noqa: S311 - no secret
            groups = self.groups if is_whole else {name: self.groups[name] for name in self.groups if name in changed}
            if groups:
                cpu_seconds = time.thread_time()
                failed = self._poll(host, groups, is_whole=is_whole)
                failures.update(groups.keys(), failed, self.interval_seconds)
                cpu_seconds = time.thread_time() - cpu_seconds
                debounce = min(max(DEBOUNCE_SECONDS, IDLE_RATIO * cpu_seconds), MAX_IDLE_SECONDS)

    def _wait_for_changes(self, watch: Watch, seconds: float, debounce: float) -> frozenset[str]:
        changed = watch.wait(seconds, debounce)
        connections = tuple(watch.connections())
        if changed or connections:
            self._callback(ChangeNotice(groups=changed, connections=connections))
        if self._pending_groups and not self._is_closing and self._requested == self._fulfilled:
            changed |= watch.wait(debounce, 0)
        with self._lock:
            changed, self._pending_groups = changed | self._pending_groups, frozenset()
        return changed

    def _poll(self, host: HostInfo, groups: Mapping[str, frozenset[str] | None], *, is_whole: bool) -> set[str]:
        """Read the groups; return those for which a driver failed."""
        request_id, failed = self._requested, set[str]()
        names = iter(groups)
        self._current_read = next(names), time.monotonic()
        try:
            for group, result in host.read_many(groups):
                if self._is_closing:
                    return failed
                if _has_failed(result):
                    failed.add(group)
                self._callback(GroupUpdate(group=group, result=result))
                self._current_read = next(names, group), time.monotonic()
        finally:
            self._current_read = None
        if is_whole:
            self._fulfilled = request_id
        self._callback(PollFinished(thread=self.name, is_whole=is_whole, request_id=request_id if is_whole else 0))
        return failed


def _has_failed(result: GroupResult[Any] | HostInfoError) -> bool:
    """Whether a driver failed for the group as a whole, even if another one provided it."""
    if isinstance(result, HostInfoError):
        return isinstance(result, DriverError)
    return any(isinstance(problem.error, DriverError) for problem in result.group_failures())
