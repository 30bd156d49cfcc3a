"""The console: asks agents, one or ten thousand, and listens to them."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Queue
from time import monotonic
from types import TracebackType
from typing import Self

from ..qmf import Agent, Indication, ObjectId, Predicate, Query, Value
from ..qmf.wire.addresses import DATA_BINDING, DEFAULT_DOMAIN, EVENT_BINDING
from .answers import AgentNews, Answer, Update
from .asking import Job, Progress, ask
from .nodes import matching
from .post import News, Post
from .schemas import ask_schemas
from .subscribing import Subscription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..transport import Transport

_logger = logging.getLogger(__name__)
CONNECT_SECONDS = 10.0
QUIET_SECONDS, MOST_QUIET_SECONDS = 1.0, 2.0
QUIET_GAPS, FIRST_GAP = 4, 0.25
"""So many times the longest pause between answers so far means that no more will come. The time to the first answer
counts for a quarter: an exchange that hands a question to a thousand agents hears the first answer when it is done."""
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.02, 0.04
"""What a poll takes longer than that, this machine was too busy to let the console run: that is no silence."""


class Console:
    """Speaks with the QMF v2 agents of one domain over a transport of its own; use it as a context manager.

    Every method may be called from any thread. Agents are named by what `agents()` gives: `Agent.name`; the
    name `broker` is qpidd's own agent. Raises `hostinfo.Unavailable` when there is no connection, and `QmfError` for
    requests that break the protocol's form; that an agent does not answer, or refuses, is told in its `Answer`.
    """

    def __init__(self, transport: "Transport", *, domain: str = DEFAULT_DOMAIN) -> None:
        self._post = Post(transport, domain)
        self._listeners: list[Listener] = []
        self._subscriptions: list[Subscription] = []

    def __enter__(self) -> Self:
        """Begin to connect."""
        self._post.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """End subscriptions and listeners, disconnect."""
        for subscription in self._subscriptions:
            subscription.close()
        for listener in self._listeners:
            listener.close()
        self._post.close()

    def connect(self, seconds: float = CONNECT_SECONDS, *, tries: int = 1) -> None:
        """Wait until connected; Unavailable when refused, after so many failed tries, and after so many seconds."""
        self._post.connect(seconds, tries)

    def agents(
        self, where: Sequence[Value] | None = None, seconds: float = 3.0, *, quiet_seconds: float = QUIET_SECONDS
    ) -> list[Agent]:
        """Ask all agents to say who they are, and give those that do, and those that were heard before, by name.

        `where` is a predicate over their attributes (`predicates.parse_where`). It ends when for `quiet_seconds`
        after an answer (longer where answers come slowly) no other came, and after `seconds` in any case.
        """
        predicate = Predicate(list(where or []))
        begun = monotonic()
        deadline = begun + seconds
        self.connect(seconds)
        post = self._post
        while not post.transport.send(post.requests.locate(list(where or []))) and monotonic() < deadline:
            _sleep(POLL_SECONDS)
        last, gap, silence, before = begun, 0.0, 0.0, begun
        while (now := monotonic()) < deadline:
            located = post.located_at
            silence += min(now - before, LONGEST_POLL_SECONDS)
            if located > last:
                weight = FIRST_GAP if last == begun else 1.0
                last, gap, silence = located, max(gap, (located - last) * weight), 0.0
            quiet = max(quiet_seconds, min(QUIET_GAPS * gap, MOST_QUIET_SECONDS))
            if last > begun and silence > quiet and post.is_idle():
                break
            before = now
            _sleep(POLL_SECONDS)
        return sorted((agent for agent in post.agents() if matching(predicate, agent)), key=lambda agent: agent.name)

    def query(
        self,
        agents: Iterable[Agent | str],
        query: Query,
        seconds: float = 10.0,
        on_answer: Progress = lambda _answer: None,
    ) -> list[Answer]:
        """Ask these agents the same at once; give an answer for each, in their order, at the latest after `seconds`.

        `on_answer` is called for each as it completes. Agents that do not evaluate predicates (qpidd's) are helped.
        """
        names = [_name(agent) for agent in agents]
        jobs = [Job.query(name, query) for name in names]
        found = [answer for answer, _ in ask(self._post, jobs, seconds, on_answer)]
        return [self._filtered(answer, query) for answer in found]

    def call(
        self,
        agent: Agent | str,
        object_id: ObjectId | None,
        method: str,
        arguments: Mapping[str, object] | None = None,
        seconds: float = 10.0,
    ) -> Answer:
        """Call a method once; `Answer.arguments` is its output. Without an answer nobody knows whether it was done."""
        name = _name(agent)
        job = Job(
            name,
            lambda requests, correlation: requests.call(name, method, arguments or {}, correlation, object_id),
            is_repeatable=False,
        )
        return ask(self._post, [job], seconds)[0][0]

    def schemas(self, agent: Agent | str, classes: Iterable[str] = (), seconds: float = 10.0) -> Answer:
        """Give all schemas of an agent as the items of one answer.

        Agents without v2 schema (qpidd's own, QMFv1 ones) are asked in the old way, which needs the names: those
        of what they sent so far, and `classes`.
        """
        return ask_schemas(self._post, _name(agent), classes, seconds)

    def listen(
        self,
        callback: "Callable[[AgentNews | Indication], None]",
        *,
        agents: bool = True,
        events: bool = True,
        data: bool = False,
    ) -> "Listener":
        """Call back for what agents tell unasked: that they live or are lost, events, changed objects.

        The calls come in a thread of the listener's own; when it is slow, up to 10,000 wait, more are dropped.
        """
        if events:
            self._post.bind(EVENT_BINDING)
        if data:
            self._post.bind(DATA_BINDING)
        listener = Listener(self._post, callback, agents=agents, events=events, data=data)
        self._listeners.append(listener)
        return listener

    def subscribe(
        self,
        query: Query,
        callback: Callable[[Update], None],
        agents: Iterable[Agent | str] | None = None,
        *,
        where: Sequence[Value] | None = None,
        interval_seconds: float = 10.0,
    ) -> Subscription:
        """Call back for each object that the query finds, and again when it changes or goes.

        `agents`: these; None: all whose attributes match `where`, those that come later too. Agents that do not know
        subscriptions are asked anew each interval. Calls come in a thread of the subscription's own.
        """
        names = None if agents is None else [_name(agent) for agent in agents]
        subscription = Subscription(self._post, query, callback, names, Predicate(list(where or [])), interval_seconds)
        self._subscriptions.append(subscription)
        subscription.start()
        return subscription

    @property
    def dropped(self) -> int:
        """News and messages that nobody had room for."""
        return self._post.dropped

    def _filtered(self, answer: Answer, query: Query) -> Answer:
        agent = self._post.agent(answer.agent)
        if not query.where or (agent is not None and agent.capability >= 1) or query.what != "OBJECT":
            return answer
        return Answer(
            agent=answer.agent,
            items=tuple(item for item in answer.objects if query.predicate.matches_lookup(item.lookup)),
            failure=answer.failure,
            is_complete=answer.is_complete,
            dropped=answer.dropped,
        )


class Listener:
    """Calls back for news until it is closed."""

    def __init__(
        self, post: Post, callback: "Callable[[News], None]", *, agents: bool, events: bool, data: bool
    ) -> None:
        self._post, self._callback = post, callback
        self._wants = {"agents": agents, "_event": events, "_data": data}
        self._queue: Queue[News] = post.listen()
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="hostinfo-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call back no longer."""
        self._is_open = False
        self._post.unlisten(self._queue)

    def _run(self) -> None:
        from queue import Empty

        while self._is_open:
            try:
                news = self._queue.get(timeout=0.5)
            except Empty:
                continue
            if self._wants.get("agents" if isinstance(news, AgentNews) else news.content) and self._is_open:
                try:
                    self._callback(news)
                except Exception:
                    _logger.exception("fault in a listener's callback")


def _name(agent: Agent | str) -> str:
    return agent if isinstance(agent, str) else agent.name


def _sleep(seconds: float) -> None:
    from time import sleep

    sleep(seconds)
