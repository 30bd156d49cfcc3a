"""Decisions of a connection to a broker: plain values in, plain values out."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport.broker.connection_actions import (
    Action,
    AttachReceiver,
    AttachSender,
    DropSender,
    EndSession,
    Fail,
    OpenManagement,
    ReportReady,
    Request,
    SessionKind,
)
from hostinfo.agent.transport.broker.connection_logic import MAX_SENDERS, BrokerConnectionLogic, Phase
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC

QPIDD = {"product": "qpid-cpp"}
SUBSCRIPTIONS = ((DIRECT, AGENT), (TOPIC, "console.#"))


def opened(*subscriptions: tuple[str, str], properties: object = QPIDD) -> tuple[BrokerConnectionLogic, list[Action]]:
    logic = BrokerConnectionLogic("default", "auto", "c1")
    return logic, logic.on_open(properties, subscriptions)


def ready() -> BrokerConnectionLogic:
    logic, actions = opened()
    assert actions == [ReportReady()]
    return logic


def test_each_subscription_becomes_a_link_with_the_filter_of_the_brokers_address_scheme() -> None:
    assert opened(*SUBSCRIPTIONS)[1] == [
        AttachReceiver("c1-1", DIRECT, AGENT, is_topic=False),
        AttachReceiver("c1-2", TOPIC, "console.#", is_topic=True),
    ]
    rabbit = {"product": "RabbitMQ", "version": "3.10.8"}
    assert opened((TOPIC, "console.#"), properties=rabbit)[1] == [
        AttachReceiver("c1-1", f"/exchange/{TOPIC}/console.#", None, is_topic=True)
    ]


@pytest.mark.parametrize("properties", [None, "text", ["qpid-cpp"]], ids=["none", "text", "list"])
def test_a_broker_without_readable_properties_gets_plain_addresses(properties: object) -> None:
    logic, _ = opened((TOPIC, "agent.#"), properties=properties)
    assert logic.scheme.name == "plain"
    (receiver,) = logic.receivers.values()
    assert receiver.accepts("agent.ind.x")
    assert not receiver.accepts("console.x")
    assert not receiver.accepts(None)


def test_the_connection_is_ready_when_the_last_subscription_is_attached() -> None:
    logic, _ = opened(*SUBSCRIPTIONS)
    assert logic.on_link_open("c1-2", has_source=True) == []
    assert logic.on_link_open("c1-1", has_source=False) == []  # refused: its close follows
    assert logic.on_link_open("c1-1", has_source=True) == [ReportReady()]
    assert logic.phase is Phase.READY


def test_a_subscription_made_while_attaching_is_attached_and_waited_for() -> None:
    logic, _ = opened((DIRECT, AGENT))
    assert logic.subscribe(TOPIC, "agent.#") == [AttachReceiver("c1-2", TOPIC, "agent.#", is_topic=True)]
    assert logic.on_link_open("c1-1", has_source=True) == []
    assert logic.on_link_open("c1-2", has_source=True) == [ReportReady()]


def test_before_the_brokers_open_nothing_is_attached() -> None:
    logic = BrokerConnectionLogic("default", "auto", "c1")
    assert logic.subscribe(TOPIC, "agent.#") == []
    assert logic.receivers == {}


def test_a_subscription_that_the_broker_closes_fails_the_connection() -> None:
    logic, _ = opened(*SUBSCRIPTIONS)
    (failure,) = logic.on_link_end("c1-1", "no queue (amqp:not-found)")
    assert isinstance(failure, Fail)
    assert "no queue (amqp:not-found)" in failure.text
    assert logic.phase is Phase.FAILED
    assert logic.on_link_open("c1-2", has_source=True) == []


@pytest.mark.parametrize("kind", [SessionKind.SUBSCRIPTIONS, None])
def test_the_end_of_a_session_that_subscriptions_may_be_in_fails_the_connection(kind: SessionKind | None) -> None:
    (failure,) = ready().on_session_end(kind, "internal error")
    assert isinstance(failure, Fail)
    assert failure.condition == "amqp:session"


def test_a_message_that_is_too_large_fails_the_connection() -> None:
    (failure,) = ready().on_message_too_large(1_000)
    assert failure == Fail("amqp:link:message-size-exceeded", "a message over 1000 bytes")


def test_replies_to_queues_do_not_share_a_session_with_the_exchanges() -> None:
    logic = ready()
    for address in (TOPIC, DIRECT, "amq.direct"):
        assert logic.route(Message(address=address, subject="k"))[1] is SessionKind.EXCHANGES
    assert logic.route(Message(address="reply-queue"))[1] is SessionKind.QUEUES


def test_the_end_of_the_session_for_queues_leaves_the_other_senders() -> None:
    logic = ready()
    logic.use_sender(TOPIC, SessionKind.EXCHANGES)
    logic.use_sender("q1", SessionKind.QUEUES)
    logic.use_sender("q2", SessionKind.QUEUES)
    assert logic.on_session_end(SessionKind.QUEUES, "no such queue") == [
        EndSession(SessionKind.QUEUES, "session for queues ended: no such queue"),
        DropSender("c1-2"),
        DropSender("c1-3"),
    ]
    assert [address for address, _ in logic.senders] == [TOPIC]
    assert logic.phase is Phase.READY


def test_a_sender_that_the_broker_closes_is_opened_again_when_it_is_needed() -> None:
    logic = ready()
    assert logic.use_sender("q1", SessionKind.QUEUES) == ("c1-1", [AttachSender("c1-1", "q1", SessionKind.QUEUES)])
    assert logic.use_sender("q1", SessionKind.QUEUES) == ("c1-1", [])
    assert logic.on_link_end("c1-1", "deleted") == [DropSender("c1-1", warning="sender to q1 ended: deleted")]
    assert logic.on_link_end("c1-1", "deleted") == []
    assert logic.use_sender("q1", SessionKind.QUEUES) == ("c1-2", [AttachSender("c1-2", "q1", SessionKind.QUEUES)])


def test_the_least_recently_used_sender_makes_room() -> None:
    logic = ready()
    for number in range(MAX_SENDERS):
        logic.use_sender(f"q{number}", SessionKind.QUEUES)
    logic.use_sender("q0", SessionKind.QUEUES)
    name, actions = logic.use_sender("new", SessionKind.QUEUES)
    assert actions == [DropSender("c1-2", must_close=True), AttachSender(name, "new", SessionKind.QUEUES)]
    assert ("q0", SessionKind.QUEUES) in logic.senders
    assert ("q1", SessionKind.QUEUES) not in logic.senders


def test_a_closing_connection_waits_for_its_senders_and_a_failed_one_does_not_begin_to() -> None:
    logic = ready()
    assert not logic.may_close(are_senders_idle=True)
    logic.close()
    assert logic.phase is Phase.DRAINING
    assert not logic.may_close(are_senders_idle=False)
    assert logic.may_close(are_senders_idle=True)
    failed = ready()
    failed.on_session_end(None, "")
    failed.close()
    assert failed.phase is Phase.FAILED
    ended = ready()
    ended.end()
    ended.close()
    assert ended.phase is Phase.ENDED


ADDRESSES = st.sampled_from([TOPIC, DIRECT, "amq.direct", None, *(f"q{number}" for number in range(80))])
KINDS = st.sampled_from([SessionKind.EXCHANGES, SessionKind.QUEUES])


class AnyBroker(RuleBasedStateMachine):
    """A broker that does anything, and an executor that holds the links which the actions open and drop."""

    def __init__(self) -> None:
        super().__init__()
        self.logic = BrokerConnectionLogic("default", "auto", "c")
        self.receivers: set[str] = set()
        self.attached: set[str] = set()
        self.senders: dict[str, AttachSender] = {}
        self.reports: list[Action] = []

    def perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case AttachReceiver(name):
                    assert name not in self.receivers | self.senders.keys()
                    self.receivers.add(name)
                case AttachSender(name):
                    assert name not in self.receivers | self.senders.keys()
                    self.senders[name] = action
                case DropSender(name):
                    del self.senders[name]
                case OpenManagement() | Request():
                    raise AssertionError("no broker here declares queues")
                case EndSession(session):
                    assert session is not SessionKind.SUBSCRIPTIONS
                case ReportReady() | Fail():
                    self.reports.append(action)

    @precondition(lambda self: self.logic.phase is Phase.OPENING)
    @rule(properties=st.sampled_from([None, QPIDD, {"product": "RabbitMQ", "version": "3.8"}]), count=st.integers(0, 3))
    def open(self, properties: object, count: int) -> None:
        self.perform(self.logic.on_open(properties, [(TOPIC, f"k{number}") for number in range(count)]))

    @rule(key=st.sampled_from(["a", "b.#"]))
    def subscribe(self, key: str) -> None:
        self.perform(self.logic.subscribe(TOPIC, key))

    @rule(data=st.data(), has_source=st.booleans())
    def open_link(self, data: st.DataObject, has_source: bool) -> None:
        name = data.draw(st.sampled_from(["unknown", *sorted(self.receivers), *sorted(self.senders)]))
        if has_source and name in self.receivers:
            self.attached.add(name)
        self.perform(self.logic.on_link_open(name, has_source=has_source))

    @rule(data=st.data())
    def end_link(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(["unknown", *sorted(self.senders)]))
        self.perform(self.logic.on_link_end(name, "reason"))
        assert name not in self.senders

    @precondition(lambda self: self.receivers)
    @rule(data=st.data())
    def end_subscription(self, data: st.DataObject) -> None:
        self.perform(self.logic.on_link_end(data.draw(st.sampled_from(sorted(self.receivers))), "reason"))
        assert self.logic.phase is Phase.FAILED

    @rule(kind=KINDS)
    def end_session(self, kind: SessionKind) -> None:
        self.perform(self.logic.on_session_end(kind, "reason"))
        assert all(sender.session is not kind for sender in self.senders.values())

    @rule(address=ADDRESSES, kind=KINDS)
    def send(self, address: str | None, kind: SessionKind) -> None:
        name, actions = self.logic.use_sender(address, kind)
        self.perform(actions)
        assert self.senders[name].address == address

    @rule()
    def close(self) -> None:
        self.logic.close()

    @invariant()
    def the_executor_holds_the_senders_that_the_logic_knows(self) -> None:
        assert {sender.name: sender for sender in self.logic.senders.values()} == self.senders
        assert len(self.senders) <= MAX_SENDERS

    @invariant()
    def ready_is_reported_once_and_only_when_all_subscriptions_are_attached(self) -> None:
        assert self.reports.count(ReportReady()) <= 1
        if self.logic.phase is Phase.READY:
            assert self.reports.count(ReportReady()) == 1
        if self.logic.phase is Phase.ATTACHING:
            assert not self.receivers <= self.attached

    @invariant()
    def after_a_failure_nothing_is_reported_but_failures(self) -> None:
        failures = [isinstance(report, Fail) for report in self.reports]
        assert failures == sorted(failures)


TestAnyBroker = AnyBroker.TestCase
TestAnyBroker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.tuples(ADDRESSES, KINDS), max_size=200))
def test_every_message_finds_an_open_sender_to_its_address(sends: list[tuple[str | None, SessionKind]]) -> None:
    logic = ready()
    open_senders: dict[str, str | None] = {}
    for address, kind in sends:
        name, actions = logic.use_sender(address, kind)
        for action in actions:
            match action:
                case AttachSender(new, target):
                    open_senders[new] = target
                case DropSender(old):
                    del open_senders[old]
        assert open_senders[name] == address
