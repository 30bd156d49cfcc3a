"""Discovery of agents: broadcast a locate request, and decide when no more responses are to be expected."""

from __future__ import annotations

from time import monotonic, sleep

from ..qmf import Agent, Predicate, Value
from .agent_selection import matches
from .dispatcher import Dispatcher

QUIET_SECONDS, MAX_QUIET_SECONDS = 1.0, 2.0
GAPS = 4
"""Silence of so many times the longest gap between responses means that no more will arrive."""
FIRST_GAP_WEIGHT = 0.25
"""Weight of the time to the first response: an exchange delivers it only after it has routed the request to all."""
POLL_SECONDS, MAX_POLL_SECONDS = 0.02, 0.04
"""A poll that takes longer than the maximum was delayed by a busy machine: the excess does not count as silence."""
NS_PER_SECOND = 1e9


class QuietPeriod:
    """Decides when discovery ends; pure: times are arguments, in seconds of one monotonic clock.

    ::

        waiting ── first response ──▶ receiving ── silence longer than the quiet period ──▶ over
           no end by itself             ▲ │ a response: the silence starts again, and
                                        └─┘ a longer gap makes the quiet period longer
    """

    def __init__(self, begin: float, quiet_seconds: float = QUIET_SECONDS) -> None:
        self.begin = self.last = begin
        self.longest_gap = 0.0
        self.silence = 0.0
        """Seconds without response, as far as this process could have seen one."""
        self._quiet_seconds = quiet_seconds
        self._polled = begin

    @property
    def has_responses(self) -> bool:
        """Whether any response was received."""
        return self.last > self.begin

    @property
    def seconds(self) -> float:
        """Length of the quiet period."""
        return max(self._quiet_seconds, min(GAPS * self.longest_gap, MAX_QUIET_SECONDS))

    def is_over(self, now: float, last_response: float) -> bool:
        """Note the time of the last response so far (0: none); return whether the silence is long enough."""
        self.silence += min(now - self._polled, MAX_POLL_SECONDS)
        self._polled = now
        if last_response > self.last:
            weight = 1.0 if self.has_responses else FIRST_GAP_WEIGHT
            self.longest_gap = max(self.longest_gap, (last_response - self.last) * weight)
            self.last, self.silence = last_response, 0.0
        return self.has_responses and self.silence > self.seconds


def discover(dispatcher: Dispatcher, where: list[Value], seconds: float, quiet_seconds: float) -> list[Agent]:
    """Connect and locate the agents whose attributes match; return them, and matching ones known before, by name.

    It ends after a quiet period, and after `seconds` in any case.
    """
    predicate = Predicate(where)
    begin = monotonic()
    deadline = begin + seconds
    dispatcher.connect(seconds, tries=1)
    unroutable = dispatcher.unroutable_locates
    while not dispatcher.transport.send(dispatcher.requests.locate(where)) and monotonic() < deadline:
        sleep(POLL_SECONDS)
    quiet = QuietPeriod(begin, quiet_seconds)
    while (now := monotonic()) < deadline:
        if dispatcher.unroutable_locates > unroutable:  # no agent is connected
            break
        if quiet.is_over(now, dispatcher.located_ns / NS_PER_SECOND) and dispatcher.is_idle():
            break
        sleep(POLL_SECONDS)
    return sorted((agent for agent in dispatcher.agents() if matches(predicate, agent)), key=lambda agent: agent.name)
