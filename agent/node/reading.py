"""Reading facts in threads of their own: a daemon that hangs holds up the facts that it tells, and nothing else.

A lane reads some groups in rounds: all of them each interval, those that changed when the kernel says so, and all when
it is asked to. Each lane has a host of its own, for a HostInfo is one thread's.
"""

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
REST = 9  # in a storm of changes the lane takes a tenth of a processor
LONGEST_REST_SECONDS = 2.0
PAUSE_AFTER_FAULT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one group answered."""

    group: str
    answer: "GroupResult[Any] | HostInfoError"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundDone:
    """A lane has read what it wanted to."""

    lane: "Lane"
    is_whole: bool
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the watching lane was told by the sources themselves."""

    groups: frozenset[str]
    """Groups in which something changed."""
    connections: tuple[tuple[str, HostInfoError | None], ...]
    """Drivers whose connection broke, with the reason, or stands now, in that order."""


Tell = Callable[[Reading | RoundDone | Heard], None]


class Lane:
    """A thread that reads groups; every method may be called from any thread."""

    def __init__(
        self,
        name: str,
        wanted: Mapping[str, frozenset[str] | None],
        *,
        open_host: Callable[[], HostInfo],
        tell: Tell,
        interval: float,
        is_watching: bool = False,
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.wanted = dict(wanted)
        self.interval = interval
        self.hears = False
        self._open_host, self._tell, self._on_fault = open_host, tell, on_fault
        self._is_watching = is_watching
        self._watch: Watch | None = None
        self._asked = self._served = 0
        self._hearsay: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._ends = False
        self._busy: tuple[str, float] | None = None
        self._thread = threading.Thread(target=self._run, name=f"hostinfo-{name}", daemon=True)

    def start(self) -> None:
        """Begin with a whole round."""
        self._thread.start()

    def read_soon(self) -> int:
        """Ask for a whole round; the ticket that its RoundDone will carry, or a greater one."""
        self._asked += 1
        self._wake()
        return self._asked

    def hear(self, groups: frozenset[str]) -> None:
        """Something changed in these groups: those of them that this lane reads are read after a moment."""
        groups = groups.intersection(self.wanted)
        with self._lock:
            is_first = bool(groups) and not self._hearsay
            self._hearsay |= groups
        if is_first:  # what follows in its swarm needs no bell
            self._wake()

    def set_interval(self, seconds: float) -> None:
        """Read whole rounds so often from now on."""
        self.interval = seconds
        self._wake()

    def busy(self) -> tuple[str, float] | None:
        """The group that is being read, and since how many seconds; None: it rests."""
        busy = self._busy
        return None if busy is None else (busy[0], time.monotonic() - busy[1])

    def close(self) -> None:
        """End; a thread that hangs is left behind, it dies with the process."""
        self._ends = True
        self._wake()
        if self._thread.ident is not None:  # it was started
            self._thread.join(1.0)

    def _wake(self) -> None:
        watch = self._watch
        if watch is not None:
            watch.wake()

    def _run(self) -> None:
        while not self._ends:
            try:
                with self._open_host() as host, host.watch() if self._is_watching else Watch() as watch:
                    self._watch = watch
                    self.hears = watch.has_monitors
                    self._rounds(host, watch)
            except Exception as error:  # a fault of ours must not end the facts for good
                self._on_fault(error)
                time.sleep(PAUSE_AFTER_FAULT)
            finally:
                self._watch = None

    def _rounds(self, host: HostInfo, watch: Watch) -> None:
        last, settle, jitter = float("-inf"), DEBOUNCE_SECONDS, 1.0
        failures = FailedGroups()
        while not self._ends:
            due = last + self.interval * jitter
            heard: frozenset[str] = frozenset()
            if self._asked == self._served:
                pause = min(due - time.monotonic(), failures.remaining())
                heard = self._listen(watch, max(0.0, pause), settle) | failures.due()
            if self._ends:
                break
            now = time.monotonic()
            is_whole = now >= due or self._asked != self._served
            if is_whole:
                last = now
                # Agents that were started by one power switch shall not all speak in the same second for ever.
                jitter = random.uniform(0.95, 1.05)  # noqa: S311 - no secret
            groups = self.wanted if is_whole else {name: self.wanted[name] for name in self.wanted if name in heard}
            if groups:
                used = time.thread_time()
                failed = self._round(host, groups, is_whole=is_whole)
                failures.update(groups.keys(), failed, self.interval)
                settle = min(max(DEBOUNCE_SECONDS, REST * (time.thread_time() - used)), LONGEST_REST_SECONDS)

    def _listen(self, watch: Watch, seconds: float, settle: float) -> frozenset[str]:
        heard = watch.wait(seconds, settle)
        connections = tuple(watch.connections())
        if heard or connections:
            self._tell(Heard(groups=heard, connections=connections))
        if self._hearsay and not self._ends and self._asked == self._served:
            heard |= watch.wait(settle, 0)
        with self._lock:
            heard, self._hearsay = heard | self._hearsay, frozenset()
        return heard

    def _round(self, host: HostInfo, groups: Mapping[str, frozenset[str] | None], *, is_whole: bool) -> set[str]:
        """The groups at which a driver failed."""
        ticket, failed = self._asked, set[str]()
        names = iter(groups)
        self._busy = next(names), time.monotonic()
        try:
            for group, answer in host.read_many(groups):
                if self._ends:
                    return failed
                if _has_failed(answer):
                    failed.add(group)
                self._tell(Reading(group=group, answer=answer))
                self._busy = next(names, group), time.monotonic()
        finally:
            self._busy = None
        if is_whole:
            self._served = ticket
        self._tell(RoundDone(lane=self, is_whole=is_whole, ticket=ticket if is_whole else 0))
        return failed


def _has_failed(answer: "GroupResult[Any] | HostInfoError") -> bool:
    """Whether a driver failed at the group as a whole, also where another told it."""
    if isinstance(answer, HostInfoError):
        return isinstance(answer, DriverError)
    return any(not problem.path and isinstance(problem.error, DriverError) for problem in answer.problems)
