"""The console as a library, against agents on a real exchange, over real connections."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

import hostinfo
from hostinfo.agent.console import (
    AgentNews,
    Ambiguous,
    Answer,
    Console,
    Kind,
    Life,
    Unknown,
    Update,
    choose,
    labels,
    locating,
    parse_where,
)
from hostinfo.agent.qmf import (
    AgentName,
    DataObject,
    ErrorCode,
    Event,
    Indication,
    Message,
    ObjectId,
    Query,
    Responder,
    SchemaClass,
    UInt,
)
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import Fleet
from tests.support.qmf_node import LINK_DOWN, NOW, PACKAGE, processor, responder

PROCESSORS = Query.from_text(f"{{class: processor, package: '{PACKAGE}'}}")


def agent(number: int, processors: int = 20) -> Responder:
    made = responder(processors)
    attributes = {"hostname": f"node{number}", "uuid": f"{number:08x}-2222-3333-4444-555555555555", "memory": number}
    made.identity = replace(
        made.identity, name=AgentName("example.org", "hostinfo", f"i{number}"), attributes=attributes
    )
    return made


def name(number: int) -> str:
    return f"example.org:hostinfo:i{number}"


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet([agent(number) for number in range(5)]) as made:
        yield made


@pytest.fixture
def console(fleet: Fleet) -> Iterator[Console]:
    with Console(open_transport(TransportOptions(urls=(fleet.url,)))) as made:
        yield made


def wait(ready: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.01)


def names(console: Console, where: str = "") -> list[str]:
    return [one.name for one in console.agents(parse_where(where) if where else None)]


def test_all_agents_are_found_well_before_the_deadline(console: Console) -> None:
    begun = time.monotonic()
    assert names(console) == [name(number) for number in range(5)]
    assert time.monotonic() - begun < 2.5


class Slow(Fleet):
    """Answers after these seconds, one agent after the other."""

    delays: tuple[float, ...] = ()

    def _on_message(self, message: Message) -> None:
        for delay, one in zip(self.delays, self.responders.values(), strict=True):
            self.transport.schedule(delay, partial(self._answer, one, message))

    def _answer(self, one: Responder, message: Message) -> None:
        for answer in one.handle(message, time.time_ns()):
            self.transport.send(answer)


@pytest.mark.parametrize(
    ("delays", "most"),
    [((0.9, 0.9, 0.9), 2.7), ((0.1, 1.0, 2.6), 9.0)],
    ids=["late, all at once: one quiet second more", "slowly one after the other: waited for"],
)
def test_agents_that_answer_late_are_waited_for_and_no_longer(delays: tuple[float, ...], most: float) -> None:
    slow = Slow([agent(number, 1) for number in range(3)])
    slow.delays = delays
    with slow, Console(open_transport(TransportOptions(urls=(slow.url,)))) as console:
        console.connect()
        begun = time.monotonic()
        assert len(console.agents(seconds=10)) == 3
        assert max(delays) + 1 <= time.monotonic() - begun < most


def test_agents_are_found_by_their_attributes(console: Console) -> None:
    assert names(console, "memory>=3") == [name(3), name(4)]
    assert names(console, "hostname=node1") == [name(1)]
    assert names(console, "[and, [gt, memory, 1], [lt, memory, 3]]") == [name(2)]


def test_the_deadline_holds_where_nobody_answers(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    begun = time.monotonic()
    assert console.agents(seconds=0.5) == []
    assert 0.4 < time.monotonic() - begun < 1.5


def test_an_agent_that_only_beats_its_heart_is_found_too(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    console.connect()
    fleet.announce()
    assert len(console.agents(seconds=0.5)) == 5


def test_a_refused_connection_is_said_at_once() -> None:
    with Console(open_transport(TransportOptions(urls=("amqp://127.0.0.1:9",)))) as nowhere:
        begun = time.monotonic()
        with pytest.raises(hostinfo.Unavailable, match="refused"):
            nowhere.agents(seconds=5)
        assert time.monotonic() - begun < 3


def test_answers_of_many_agents_in_many_parts_are_put_together(fleet: Fleet, console: Console) -> None:
    for one in fleet.responders.values():
        one.chunk_objects = 3
    seen: list[Answer] = []
    answers = console.query(console.agents(), PROCESSORS, 10, seen.append)
    assert [answer.agent for answer in answers] == [name(number) for number in range(5)]
    assert all(answer.is_good for answer in answers)
    assert {tuple(item.values["number"] for item in answer.objects) for answer in answers} == {tuple(range(20))}
    assert len(seen) == 5


def test_who_does_not_answer_is_told_and_the_others_are_complete(fleet: Fleet, console: Console) -> None:
    agents = console.agents()
    fleet.silent.add(name(2))
    answers = console.query(agents, PROCESSORS, 1.0)
    assert [answer.is_complete for answer in answers] == [True, True, False, True, True]
    assert answers[2].items == ()


def test_of_an_answer_that_breaks_off_the_parts_that_came_are_kept(fleet: Fleet, console: Console) -> None:
    agents = console.agents()
    fleet.responders[name(1)].chunk_objects = 6
    fleet.cut[name(1)] = 2
    answer = console.query(agents, PROCESSORS, 1.0)[1]
    assert not answer.is_complete
    assert len(answer.objects) == 12


def test_an_answer_of_which_a_queue_dropped_parts_is_not_taken_for_whole() -> None:
    options = TransportOptions(listen="amqp://127.0.0.1:0", max_queue_messages=3)
    made = agent(1, processors=200)
    made.chunk_objects = 8
    with Fleet([made], options) as small, Console(open_transport(TransportOptions(urls=(small.url,)))) as console:
        console.connect()
        (answer,) = console.query([name(1)], PROCESSORS)
        assert answer.is_complete
        assert not answer.is_good
        assert answer.failure is not None
        assert "22 of 25 parts of the response were lost" in answer.failure.text
        assert len(answer.objects) == 24  # those that came are there


def test_more_agents_than_are_asked_at_once_all_answer_beside_silent_ones() -> None:
    with (
        Fleet([agent(number, 1) for number in range(600)]) as fleet,
        Console(open_transport(TransportOptions(urls=(fleet.url,)))) as console,
    ):
        agents = console.agents(seconds=20)
        assert len(agents) == 600
        fleet.silent.update(name(number) for number in range(300))
        answers = console.query(agents, PROCESSORS, 5.0)
        assert {answer.agent for answer in answers if not answer.is_complete} == fleet.silent


def test_the_predicate_of_a_query_is_kept(console: Console) -> None:
    answer = console.query([name(0)], Query(where=parse_where("number>17, mhz=2400.5")))[0]
    assert [item.values["number"] for item in answer.objects] == [18, 19]


def test_a_method_gives_its_output_and_a_refusal_its_reason(console: Console) -> None:
    done = console.call(name(0), ObjectId("node"), "echo", {"sequence": UInt(7), "body": "x", "loud": True})
    assert done.arguments == {"sequence": 7, "body": "X"}
    refused = console.call(name(0), ObjectId("node"), "reboot")
    assert refused.is_complete
    assert refused.failure is not None
    assert (refused.failure.code, refused.failure.text) == (ErrorCode.FORBIDDEN, "nobody reboots")


def test_a_method_is_called_once_even_when_nobody_answers(fleet: Fleet, console: Console) -> None:
    console.connect()
    fleet.silent.add(name(0))
    assert not console.call(name(0), None, "refresh", seconds=0.5).is_complete
    assert len([message for message in fleet.heard if message.opcode == "_method_request"]) == 1


def test_schemas_are_given_the_new_way(console: Console) -> None:
    answer = console.schemas(console.agents()[0])
    assert answer.is_good
    assert {item.name for item in answer.items if isinstance(item, SchemaClass)} == {
        "ovirtNode",
        "processor",
        "linkDown",
    }


def without_v2_schema(fleet: Fleet) -> None:
    for made in fleet.responders.values():
        made.identity = replace(made.identity, capability=0)


def test_schemas_of_an_agent_without_capability_1_are_requested_by_qmfv1(fleet: Fleet, console: Console) -> None:
    without_v2_schema(fleet)
    console.agents()
    named = console.schemas(name(0), ["processor"])
    assert [item.name for item in named.items if isinstance(item, SchemaClass)] == ["processor"]
    learnt = console.schemas(name(0))
    assert [item.name for item in learnt.items if isinstance(item, SchemaClass)] == ["processor"]
    assert all(message.binary_body is None or message.binary_body.startswith(b"AM2S") for message in fleet.heard[-1:])
    assert not [message for message in fleet.heard if message.body == {"_what": "SCHEMA_ID"}]


def test_an_agent_that_ignores_predicates_is_helped(
    fleet: Fleet, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hostinfo.agent.qmf.agent_side import query_executor

    without_v2_schema(fleet)
    monkeypatch.setattr(
        query_executor.QueryExecutor, "select", lambda self, query, _user: iter(self.store.objects(query.schema_id))
    )
    console.agents()
    answer = console.query([name(0)], Query(where=parse_where("number=3")))[0]
    assert [item.values["number"] for item in answer.objects] == [3]


def test_events_and_lives_reach_a_listener_that_may_ask_back(fleet: Fleet, console: Console) -> None:
    news: list[AgentNews | Indication] = []
    asked: list[Answer] = []

    def heard(one: AgentNews | Indication) -> None:
        news.append(one)
        if isinstance(one, Indication):
            asked.extend(console.query([one.agent], PROCESSORS))

    console.agents()
    console.listen(heard)
    time.sleep(0.2)
    fleet.tell(name(3), Event(schema_id=LINK_DOWN.id, values={"interfaceName": "eth0"}, timestamp=NOW, severity=4))
    wait(lambda: asked)
    (event,) = [item for one in news if isinstance(one, Indication) for item in one.items]
    assert isinstance(event, Event)
    assert (event.values, event.severity, event.timestamp) == ({"interfaceName": "eth0"}, 4, NOW)
    assert asked[0].agent == name(3)
    fleet.restart(name(2))
    wait(lambda: any(isinstance(one, AgentNews) and one.life is Life.RESTARTED for one in news))


def test_objects_told_unasked_reach_a_listener_that_wants_them(fleet: Fleet, console: Console) -> None:
    news: list[AgentNews | Indication] = []
    console.connect()
    console.listen(news.append, agents=False, data=True)
    time.sleep(0.2)
    fleet.indicate(name(0), [processor(1)])
    wait(lambda: news)
    assert isinstance(news[0], Indication)
    assert [item.values["number"] for item in news[0].items if isinstance(item, DataObject)] == [1]


def test_a_subscription_tells_what_is_there_and_then_only_what_changes(fleet: Fleet, console: Console) -> None:
    updates: list[Update] = []
    lock = threading.Lock()

    def told(update: Update) -> None:
        with lock:
            updates.append(update)

    console.agents()
    subscription = console.subscribe(PROCESSORS, told, [name(0), name(1)], interval_seconds=1)
    wait(lambda: len(updates) == 40)
    assert {update.kind for update in updates} == {Kind.ADDED}
    store = fleet.responders[name(1)].store
    changed = replace(processor(5, NOW + 10**9), values={"number": 5, "mhz": 1.5})
    store.all["processor-5"] = changed  # type: ignore[attr-defined]
    time.sleep(1.1)
    fleet.tick()
    wait(lambda: len(updates) > 40)
    assert (updates[40].agent, updates[40].kind, updates[40].changed) == (
        name(1),
        Kind.CHANGED,
        {"mhz": 1.5, "node": None},
    )
    assert not subscription.polled
    subscription.close()
    wait(lambda: not len(fleet.responders[name(1)].subscriptions))
    assert len(updates) == 41


def test_where_subscriptions_are_unknown_the_agent_is_asked_again(
    fleet: Fleet, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hostinfo.agent.qmf import QmfError

    def refuse(*_: object) -> Iterator[object]:
        raise QmfError("not here")

    monkeypatch.setattr(Responder, "_subscribe", refuse)
    updates: list[Update] = []
    console.agents()
    subscription = console.subscribe(PROCESSORS, updates.append, [name(0)], interval_seconds=1)
    wait(lambda: len(updates) == 20)
    assert subscription.polled == (name(0),)
    objects = fleet.responders[name(0)].store.all  # type: ignore[attr-defined]
    objects["processor-2"] = replace(processor(2), values={"number": 2, "mhz": 7.0})
    del objects["processor-3"]
    wait(lambda: len(updates) == 22)
    assert {(update.kind, update.item.values["number"]) for update in updates[20:]} == {
        (Kind.CHANGED, 2),
        (Kind.DELETED, 3),
    }


def test_an_agent_that_comes_later_is_subscribed_to(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    updates: list[Update] = []
    console.connect()
    console.subscribe(PROCESSORS, updates.append, where=parse_where("hostname=node4"), interval_seconds=1)
    time.sleep(0.3)
    assert not updates
    fleet.silent.clear()
    fleet.announce()
    wait(lambda: len(updates) == 20)
    assert {update.agent for update in updates} == {name(4)}


def test_nodes_are_meant_by_name_uuid_instance_or_a_clear_beginning(console: Console) -> None:
    agents = console.agents()

    def chosen(*specs: str) -> list[str]:
        return [one.name for one in choose(specs, agents)]

    assert chosen("node1") == chosen("NODE1") == chosen("i1") == chosen("00000001") == chosen(name(1)) == [name(1)]
    assert chosen("node3", "node0") == [name(3), name(0)]
    assert labels(agents)[name(3)] == "node3"
    with pytest.raises(Ambiguous, match="node0"):
        chosen("node")
    with pytest.raises(Unknown, match="node9"):
        chosen("node9")


def test_only_agents_that_can_be_meant_answer_the_search(console: Console) -> None:
    assert [one.name for one in console.agents(locating(["NODE1", "00000003"]))] == [name(1), name(3)]
    assert locating([]) == []


def test_one_console_serves_many_threads(console: Console) -> None:
    agents = console.agents()
    found: list[int] = []

    def work() -> None:
        found.extend(sum(len(answer.objects) for answer in console.query(agents, PROCESSORS)) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [100] * 40
