"""The commands that keep running: events, watch. They end by an interrupt, after a time, or after a number of lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from time import monotonic, time_ns

from ...qmf import Agent, Event, Indication, Query
from ...qmf.wire.addresses import SEVERITIES
from ..agent_selection import node_name
from ..queue_reader import ObjectChanges, QueueReader
from ..responses import AgentChange, AgentState, Update, UpdateKind
from .checks import check_where, class_hint
from .output import DIM, RED, YELLOW, Output
from .session import EXIT_NO_DATA, EXIT_OK, Session, conditions, query_of
from .table import cut
from .values import class_name, object_record, time_text, to_builtins, to_text

QUEUE_LIMIT = 10_000
REPORT_SECONDS = 5.0
"""Between two reports of messages that were dropped."""
VALUE_CHARACTERS = 60
_MARKS = {UpdateKind.ADDED: "+", UpdateKind.CHANGED: "~", UpdateKind.DELETED: "-"}
_SHOWN_STATES = (AgentState.RESTARTED, AgentState.LOST)
Received = AgentChange | Indication | Update


@dataclass(slots=True)
class _Lines:
    """A queue to the main thread, which writes: interrupts and broken pipes are handled there."""

    session: Session
    seconds: float | None
    _queue: Queue[Received] = field(default_factory=lambda: Queue(QUEUE_LIMIT))
    _dropped: int = 0
    _reported: int = 0

    def put(self, received: Received) -> None:
        try:
            self._queue.put_nowait(received)
        except Full:
            self._dropped += 1

    def each(self) -> Iterator[Received]:
        """Yield what arrives; report on the standard error what was dropped, once a while and at the end."""
        end = None if self.seconds is None else monotonic() + self.seconds
        next_report = monotonic()
        try:
            while end is None or monotonic() < end:
                left = 1.0 if end is None else min(1.0, max(0.01, end - monotonic()))
                with suppress(Empty):
                    yield self._queue.get(timeout=left)
                if monotonic() >= next_report:
                    self._report()
                    next_report = monotonic() + REPORT_SECONDS
        finally:
            self._report()

    def _report(self) -> None:
        dropped = self._dropped + self.session.console.dropped
        if dropped > self._reported:
            text = f"console: {dropped - self._reported} messages were dropped: they arrived faster than written"
            self.session.output.print_error(text)
            self._reported = dropped


def events(session: Session, seconds: float | None, count: int | None) -> int:
    """Show the events of agents, and agents that are lost or restart."""
    lines = _Lines(session, seconds)
    selected = _select(session)
    known = {agent.name: node_name(agent) for agent in selected}
    is_all = not session.nodes and not session.filters
    session.console.add_listener(lines.put)
    written = 0
    for received in lines.each():
        if isinstance(received, AgentChange):
            name = received.agent.name
            known[name] = node_name(received.agent) if is_all or name in known else ""
            is_shown = received.state in _SHOWN_STATES or (received.state is AgentState.ADDED and is_all)
            records = [_change_record(received)] if is_shown and known[name] else []
        elif isinstance(received, Indication) and (is_all or known.get(received.agent)):
            node = known.get(received.agent) or received.agent
            records = [_event_record(node, received.agent, item) for item in received.items if isinstance(item, Event)]
        else:
            continue
        for record in records:
            _write_event(session.output, record)
            written += 1
            if count is not None and written >= count:
                return EXIT_OK
    return EXIT_OK


def queue_events(reader: QueueReader, output: Output, seconds: float | None, count: int | None) -> int:
    """Show the events in a queue or stream."""
    written = 0
    for indication in reader.read(seconds):
        node = _node(reader, indication.agent)
        for item in indication.items:
            if isinstance(item, Event):
                _write_event(output, _event_record(node, indication.agent, item))
                written += 1
        reader.done()
        if count is not None and written >= count:
            break
    return EXIT_OK


def queue_watch(reader: QueueReader, output: Output, query: Query, seconds: float | None, count: int | None) -> int:
    """Show the objects of a class in a queue or stream, and their changes."""
    changes = ObjectChanges(query)
    written = 0
    for indication in reader.read(seconds):
        node = _node(reader, indication.agent)
        for update in changes.updates(indication):
            _write_update(output, node, update)
            written += 1
        reader.done()
        if count is not None and written >= count:
            break
    return EXIT_OK


def _node(reader: QueueReader, agent: str) -> str:
    """Return the node's name, if one of its heartbeats was in the queue; else that of the agent."""
    known = reader.agents.get(agent)
    return node_name(known) if known is not None else agent


def _select(session: Session) -> list[Agent]:
    if session.nodes or session.filters:
        return session.agents()
    session.connect()
    return session.console.agents(seconds=min(session.seconds, 1.0))


def _change_record(change: AgentChange) -> dict[str, object]:
    return {
        "time": time_text(time_ns()),
        "node": node_name(change.agent),
        "agent": change.agent.name,
        "severity": "warn" if change.state is AgentState.LOST else "info",
        "class": None,
        "id": f"agent {change.state}",
        "values": {},
    }


def _event_record(node: str, agent: str, item: Event) -> dict[str, object]:
    return {
        "time": time_text(item.timestamp or time_ns()),
        "node": node,
        "agent": agent,
        "severity": SEVERITIES[item.severity],
        "class": class_name(item.schema_id),
        "id": item.schema_id.name if item.schema_id is not None else "event",
        "values": to_builtins(item.values),
    }


def _write_event(output: Output, record: Mapping[str, object]) -> None:
    if output.is_json:
        output.write_record(record)
        return
    severity = str(record["severity"])
    color = RED if severity in SEVERITIES[:4] else YELLOW if severity == "warn" else ""
    start = f"{str(record['time'])[11:23]}  {to_text(record['node'])}  "
    line = f"{start}{severity:<6}  {to_text(record['id'])}  {_pairs(record['values'])}".rstrip()
    line = cut(line, output.width) if output.width else line
    output.write(output.colorize(line, color) + "\n")


def watch(
    session: Session, name: str, where: Sequence[str], interval: float, limits: tuple[float | None, int | None]
) -> int:
    """Show the objects of a class, and then each that is added, changed or deleted."""
    seconds, count = limits
    lines = _Lines(session, seconds)
    query = query_of(name, where)
    agents = session.agents()
    if not agents:
        return EXIT_NO_DATA
    check_where(session, agents, name, where)
    if hint := class_hint(session, agents, name):  # a class may come later, with an agent of another kind
        session.output.print_error(f"console: no agent has a class {name} now{hint}")
    known = {agent.name: node_name(agent) for agent in agents}
    session.console.subscribe(
        query,
        lines.put,
        agents if session.nodes else None,
        where=conditions(session.filters),
        interval_seconds=interval,
    )
    written = 0
    for received in lines.each():
        if isinstance(received, Update):
            if received.agent not in known:
                known |= {agent.name: node_name(agent) for agent in session.console.agents(seconds=0.5)}
            _write_update(session.output, known.get(received.agent, received.agent), received)
            written += 1
            if count is not None and written >= count:
                break
    return EXIT_OK


def _write_update(output: Output, node: str, update: Update) -> None:
    item = update.item
    if output.is_json:
        changed = to_builtins(update.changed)
        record = object_record(node, update.agent, item, change=update.kind.value, changed=changed)
        output.write_record({"time": time_text(item.update_ts or time_ns())} | record)
        return
    name = item.object_id.object_name if item.object_id is not None else class_name(item.schema_id)
    start = f"{time_text(time_ns())[11:19]} {_MARKS[update.kind]} {to_text(node)}  {to_text(name)}"
    line = f"{start}  {_pairs(update.changed)}".rstrip()
    line = cut(line, output.width) if output.width else line
    output.write(output.colorize(line, DIM if update.kind is UpdateKind.DELETED else "") + "\n")


def _pairs(values: object) -> str:
    if not isinstance(values, Mapping):
        return ""
    return " ".join(
        f"{to_text(key)}={to_text(value, VALUE_CHARACTERS)}" for key, value in values.items() if value is not None
    )
