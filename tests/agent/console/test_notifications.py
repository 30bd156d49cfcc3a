"""Listeners and subscriptions, against agents on a real exchange, over real connections."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hostinfo.agent.console import (
    AgentChange,
    AgentState,
    Console,
    Notification,
    Response,
    Update,
    UpdateKind,
    parse_predicate,
)
from hostinfo.agent.qmf import DataObject, Event, Indication, Responder
from tests.support.agent_process import until
from tests.support.fleet import PROCESSORS, Fleet, agent_name
from tests.support.qmf_node import LINK_DOWN, NOW, processor


def test_a_listener_gets_events_and_agent_changes_and_may_send_requests(fleet: Fleet, console: Console) -> None:
    notifications: list[Notification] = []
    responses: list[Response] = []

    def on_notification(one: Notification) -> None:
        notifications.append(one)
        if isinstance(one, Indication):
            responses.extend(console.query([one.agent], PROCESSORS))

    console.agents()
    console.add_listener(on_notification)
    time.sleep(0.2)
    sent = Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth0"}, timestamp=NOW, severity=4)
    fleet.publish_event(agent_name(3), sent)
    until(lambda: responses, 10)
    (event,) = [item for one in notifications if isinstance(one, Indication) for item in one.items]
    assert isinstance(event, Event)
    assert (event.values, event.severity, event.timestamp) == ({"interfaceName": "eth0"}, 4, NOW)
    assert responses[0].agent == agent_name(3)
    fleet.restart(agent_name(2))
    until(lambda: any(isinstance(one, AgentChange) and one.state is AgentState.RESTARTED for one in notifications), 10)


def test_a_listener_gets_published_objects_if_it_wants_them(fleet: Fleet, console: Console) -> None:
    notifications: list[Notification] = []
    console.connect()
    console.add_listener(notifications.append, agents=False, data=True)
    time.sleep(0.2)
    fleet.publish_objects(agent_name(0), [processor(1)])
    until(lambda: notifications, 10)
    assert isinstance(notifications[0], Indication)
    assert [item.values["number"] for item in notifications[0].items if isinstance(item, DataObject)] == [1]


def test_a_subscription_reports_existing_objects_and_then_only_changes(fleet: Fleet, console: Console) -> None:
    updates: list[Update] = []
    lock = threading.Lock()

    def on_update(update: Update) -> None:
        with lock:
            updates.append(update)

    console.agents()
    subscription = console.subscribe(PROCESSORS, on_update, [agent_name(0), agent_name(1)], interval_seconds=1)
    until(lambda: len(updates) == 40, 10)
    assert {update.kind for update in updates} == {UpdateKind.ADDED}
    store = fleet.responders[agent_name(1)].store
    changed = replace(processor(5, NOW + 10**9), values={"number": 5, "mhz": 1.5})
    store.all["processor-5"] = changed  # type: ignore[attr-defined]
    time.sleep(1.1)
    fleet.tick()
    until(lambda: len(updates) > 40, 10)
    assert (updates[40].agent, updates[40].kind, updates[40].changed) == (
        agent_name(1),
        UpdateKind.CHANGED,
        {"mhz": 1.5, "node": None},
    )
    assert not subscription.polled
    subscription.close()
    until(lambda: not len(fleet.responders[agent_name(1)].subscriptions), 10)
    assert len(updates) == 41


def test_an_agent_without_subscriptions_is_polled(
    fleet: Fleet, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hostinfo.agent.qmf import QmfError

    def refuse(*_: object) -> Iterator[object]:
        raise QmfError("not here")

    monkeypatch.setattr(Responder, "_subscribe", refuse)
    updates: list[Update] = []
    console.agents()
    subscription = console.subscribe(PROCESSORS, updates.append, [agent_name(0)], interval_seconds=1)
    until(lambda: len(updates) == 20, 10)
    assert subscription.polled == (agent_name(0),)
    objects = fleet.responders[agent_name(0)].store.all  # type: ignore[attr-defined]
    objects["processor-2"] = replace(processor(2), values={"number": 2, "mhz": 7.0})
    del objects["processor-3"]
    until(lambda: len(updates) == 22, 10)
    assert {(update.kind, update.item.values["number"]) for update in updates[20:]} == {
        (UpdateKind.CHANGED, 2),
        (UpdateKind.DELETED, 3),
    }


def test_an_agent_that_appears_later_is_subscribed_to(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    updates: list[Update] = []
    console.connect()
    console.subscribe(PROCESSORS, updates.append, where=parse_predicate("hostname=node4"), interval_seconds=1)
    time.sleep(0.3)
    assert not updates
    fleet.silent.clear()
    fleet.announce()
    until(lambda: len(updates) == 20, 10)
    assert {update.agent for update in updates} == {agent_name(4)}
