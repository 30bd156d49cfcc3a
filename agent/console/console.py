"""The console: requests to one or ten thousand agents, and subscriptions to what they publish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from ..qmf import Agent, ObjectId, Predicate, Query, Value
from ..qmf.wire.addresses import DATA_BINDING, DEFAULT_DOMAIN, EVENT_BINDING
from .discovery import QUIET_SECONDS, discover
from .dispatcher import Dispatcher
from .listener import Listener
from .requests import Callback, RequestSpec, send_requests
from .responses import Notification, Response, Update
from .schemas import fetch_schemas
from .subscription import Subscription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..transport import Transport

CONNECT_SECONDS = 10.0


class Console:
    """A console for the QMF v2 agents of one domain, over a transport of its own; use it as a context manager.

    Every method may be called from any thread. Agents are named as in `agents()`: `Agent.name`; the name `broker` is
    qpidd's built-in agent. Raises `hostinfo.Unavailable` without a connection, and `QmfError` for invalid requests. An
    agent that does not respond, or refuses, is no exception: see its `Response`.
    """

    def __init__(self, transport: Transport, *, domain: str = DEFAULT_DOMAIN) -> None:
        self._dispatcher = Dispatcher(transport, domain)
        self._listeners: list[Listener] = []
        self._subscriptions: list[Subscription] = []

    def __enter__(self) -> Self:
        """Start to connect."""
        self._dispatcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Cancel subscriptions, remove listeners, disconnect."""
        for subscription in self._subscriptions:
            subscription.close()
        for listener in self._listeners:
            listener.close()
        self._dispatcher.close()

    @property
    def reports_unroutable(self) -> bool:
        """Whether the broker reports requests to agents that are not connected; a silent agent is then connected."""
        return self._dispatcher.transport.reports_unroutable

    def connect(self, seconds: float = CONNECT_SECONDS, *, tries: int = 1) -> None:
        """Wait for the connection; raise Unavailable after a refusal, `tries` failed attempts, or `seconds`."""
        self._dispatcher.connect(seconds, tries)

    def agents(
        self, where: Sequence[Value] | None = None, seconds: float = 3.0, *, quiet_seconds: float = QUIET_SECONDS
    ) -> list[Agent]:
        """Locate agents; return those that respond and those known before, sorted by name.

        `where` is a predicate over their attributes (`parse_predicate`). It ends when no response was received for
        `quiet_seconds` after the last one (longer if responses arrive slowly), and after `seconds` in any case.
        """
        return discover(self._dispatcher, list(where or []), seconds, quiet_seconds)

    def query(
        self,
        agents: Iterable[Agent | str],
        query: Query,
        seconds: float = 10.0,
        callback: Callback = lambda _response: None,
    ) -> list[Response]:
        """Send a query to all these agents at once; return their responses in the same order.

        Waits for `seconds` at most; `callback` gets each response as it completes. For agents that ignore predicates
        (qpidd's), the console filters the objects.
        """
        specs = [RequestSpec.query(_name(agent), query) for agent in agents]
        return [self._filtered(response, query) for response, _ in self._send(specs, seconds, callback)]

    def call(
        self,
        agent: Agent | str,
        object_id: ObjectId | None,
        method: str,
        arguments: Mapping[str, object] | None = None,
        seconds: float = 10.0,
    ) -> Response:
        """Call a method once; `Response.arguments` has its output. Without a response it may or may not have run."""
        name = _name(agent)
        spec = RequestSpec(
            name,
            lambda requests, correlation: requests.call(name, method, arguments or {}, correlation, object_id),
            is_repeatable=False,
        )
        return self._send([spec], seconds)[0][0]

    def schemas(self, agent: Agent | str, classes: Iterable[str] = (), seconds: float = 10.0) -> Response:
        """Return all schemas of an agent as the items of one response.

        Agents without v2 schemas (qpidd's, QMFv1 ones) are queried with QMFv1, which needs the class names: those of
        the objects that they have sent, and `classes`.
        """
        return fetch_schemas(self._dispatcher, _name(agent), classes, seconds)

    def add_listener(
        self,
        callback: Callable[[Notification], None],
        *,
        agents: bool = True,
        events: bool = True,
        data: bool = False,
    ) -> Listener:
        """Call back for what agents publish: heartbeats and lost agents, events, changed objects (`data`).

        Each listener has a thread. If its callback is slow, up to 10,000 notifications wait; more are dropped.
        """
        if events:
            self._dispatcher.bind(EVENT_BINDING)
        if data:
            self._dispatcher.bind(DATA_BINDING)
        listener = Listener(self._dispatcher, callback, agents=agents, events=events, data=data)
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
        """Call back for each object that the query finds, and again when it changes or is deleted.

        `agents` None: all agents whose attributes match `where`, including those that appear later. Agents without
        subscriptions are polled once per interval. Each subscription has a thread for its callback.
        """
        names = None if agents is None else [_name(agent) for agent in agents]
        predicate = Predicate(list(where or []))
        subscription = Subscription(self._dispatcher, query, callback, names, predicate, interval_seconds)
        self._subscriptions.append(subscription)
        subscription.start()
        return subscription

    @property
    def dropped(self) -> int:
        """Number of messages and notifications that full queues did not take."""
        return self._dispatcher.dropped

    def _send(
        self, specs: list[RequestSpec], seconds: float, callback: Callback = lambda _response: None
    ) -> list[tuple[Response, str]]:
        return send_requests(self._dispatcher, specs, seconds, callback)

    def _filtered(self, response: Response, query: Query) -> Response:
        agent = self._dispatcher.agent(response.agent)
        if not query.where or (agent is not None and agent.capability >= 1) or query.what != "OBJECT":
            return response
        return Response(
            agent=response.agent,
            items=tuple(item for item in response.objects if query.predicate.matches_lookup(item.lookup)),
            failure=response.failure,
            is_complete=response.is_complete,
            dropped=response.dropped,
        )


def _name(agent: Agent | str) -> str:
    return agent if isinstance(agent, str) else agent.name
