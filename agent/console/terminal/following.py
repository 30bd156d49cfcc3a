"""The commands that go on: events, watch. They end by an interrupt, after a time, or after a number of lines."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from time import monotonic, time_ns

from ...qmf import Agent, Event, Indication
from ...qmf.wire.addresses import SEVERITIES
from ..answers import AgentNews, Kind, Life, Update
from ..nodes import label
from .screen import DIM, RED, YELLOW, Screen
from .session import EXIT_NO_DATA, EXIT_OK, Session, conditions, query_of
from .table import shown_cut
from .values import class_name, plain, record, shown, time_text

MOST_WAITING = 10_000
_MARKS = {Kind.ADDED: "+", Kind.CHANGED: "~", Kind.DELETED: "-"}
_LIVES = (Life.RESTARTED, Life.LOST)


@dataclass(slots=True)
class _Lines:
    """What came, on its way to the screen: written in the main thread, where an interrupt and a broken pipe belong."""

    screen: Screen
    seconds: float | None
    count: int | None
    _queue: "Queue[AgentNews | Indication | Update]" = field(default_factory=lambda: Queue(MOST_WAITING))
    dropped: int = 0

    def put(self, news: "AgentNews | Indication | Update") -> None:
        try:
            self._queue.put_nowait(news)
        except Full:
            self.dropped += 1

    def each(self) -> "Iterator[AgentNews | Indication | Update]":
        end = None if self.seconds is None else monotonic() + self.seconds
        while end is None or monotonic() < end:
            left = 1.0 if end is None else min(1.0, max(0.01, end - monotonic()))
            with suppress(Empty):
                yield self._queue.get(timeout=left)


def events(session: Session, seconds: float | None, count: int | None) -> int:
    """Show events of the agents, and when one is lost or starts again."""
    lines = _Lines(session.screen, seconds, count)
    wanted = _wanted(session)
    known = {agent.name: label(agent) for agent in wanted or ()}
    is_all = not session.nodes and not session.filters
    session.console.listen(lines.put)
    written = 0
    for news in lines.each():
        if isinstance(news, AgentNews):
            known[news.agent.name] = label(news.agent) if is_all or news.agent.name in known else ""
            is_new = news.life in _LIVES or (news.life is Life.ADDED and is_all)
            entries = [_life(news)] if is_new and known[news.agent.name] else []
        elif isinstance(news, Indication) and (is_all or known.get(news.agent)):
            node = known.get(news.agent) or news.agent
            entries = [_event(node, news.agent, item) for item in news.items if isinstance(item, Event)]
        else:
            continue
        for entry in entries:
            _write_event(session.screen, entry)
            written += 1
            if count is not None and written >= count:
                return EXIT_OK
    return EXIT_OK


def _wanted(session: Session) -> list[Agent]:
    if session.nodes or session.filters:
        return session.agents()
    session.connect()
    return session.console.agents(seconds=min(session.seconds, 1.0))


def _life(news: AgentNews) -> dict[str, object]:
    agent = news.agent
    return {
        "time": time_text(time_ns()),
        "node": label(agent),
        "agent": agent.name,
        "severity": "warn" if news.life is Life.LOST else "info",
        "class": None,
        "id": f"agent {news.life}",
        "values": {},
    }


def _event(node: str, agent: str, item: Event) -> dict[str, object]:
    severity = SEVERITIES[item.severity]
    found: dict[str, object] = {"time": time_text(item.timestamp or time_ns()), "node": node, "agent": agent}
    name = item.schema_id.name if item.schema_id is not None else "event"
    return found | {
        "severity": severity,
        "class": class_name(item.schema_id),
        "id": name,
        "values": plain(item.values),
    }


def _write_event(screen: Screen, entry: Mapping[str, object]) -> None:
    if screen.is_json:
        screen.record(entry)
        return
    severity = str(entry["severity"])
    colour = RED if severity in SEVERITIES[:4] else YELLOW if severity == "warn" else ""
    tail = _pairs(entry["values"])
    head = f"{str(entry['time'])[11:23]}  {shown(entry['node'])}  "
    line = f"{head}{severity:<6}  {shown(entry['id'])}  {tail}".rstrip()
    line = shown_cut(line, screen.width) if screen.width else line
    screen.write(screen.paint(line, colour) + "\n")


def watch(
    session: Session, name: str, where: Sequence[str], interval: float, limits: tuple[float | None, int | None]
) -> int:
    """Show the objects of a class, and each that comes, changes or goes."""
    lines = _Lines(session.screen, *limits)
    query = query_of(name, where)
    agents = session.agents()
    if not agents:
        return EXIT_NO_DATA
    known = {agent.name: label(agent) for agent in agents}
    session.console.subscribe(
        query,
        lines.put,
        agents if session.nodes else None,
        where=conditions(session.filters),
        interval_seconds=interval,
    )
    written = 0
    for news in lines.each():
        if isinstance(news, Update):
            if news.agent not in known:
                known |= {agent.name: label(agent) for agent in session.console.agents(seconds=0.5)}
            _write_update(session.screen, known.get(news.agent, news.agent), news)
            written += 1
            if lines.count is not None and written >= lines.count:
                break
    if lines.dropped:
        session.screen.print_error(f"console: {lines.dropped} changes came faster than they could be written")
    return EXIT_OK


def _write_update(screen: Screen, node: str, update: Update) -> None:
    item = update.item
    if screen.is_json:
        one = record(node, update.agent, item, change=update.kind.value, changed=plain(update.changed))
        screen.record({"time": time_text(item.update_ts or time_ns())} | one)
        return
    name = item.object_id.object_name if item.object_id is not None else class_name(item.schema_id)
    line = f"{time_text(time_ns())[11:19]} {_MARKS[update.kind]} {shown(node)}  {shown(name)}  {_pairs(update.changed)}"
    line = shown_cut(line.rstrip(), screen.width) if screen.width else line.rstrip()
    screen.write(screen.paint(line, DIM if update.kind is Kind.DELETED else "") + "\n")


def _pairs(values: object) -> str:
    if not isinstance(values, Mapping):
        return ""
    return " ".join(f"{shown(key)}={shown(value, 60)}" for key, value in values.items() if value is not None)
