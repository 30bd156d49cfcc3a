"""The queue of a connection to RabbitMQ 4: requests in, actions out."""

from hostinfo.agent.transport.broker.connection_actions import (
    Action,
    AttachReceiver,
    Fail,
    OpenManagement,
    ReportReady,
    Request,
    SessionKind,
)
from hostinfo.agent.transport.broker.connection_logic import BrokerConnectionLogic, Phase
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC

RABBITMQ_4 = {"product": "RabbitMQ", "version": "4.0.5"}
SUBSCRIPTIONS = ((DIRECT, AGENT), (TOPIC, "console.#"))
QUEUE = "qmf.default.c1"
RECEIVER = AttachReceiver("c1-1", "/queues/qmf.default.c1", None, is_topic=False)
PATHS = [f"/exchanges/{DIRECT}", f"/exchanges/{TOPIC}", f"/queues/{QUEUE}", "/bindings", "/bindings"]


def opened() -> tuple[BrokerConnectionLogic, list[Action]]:
    logic = BrokerConnectionLogic("default", "auto", "c1")
    return logic, logic.on_open(RABBITMQ_4, SUBSCRIPTIONS)


def requests(actions: list[Action]) -> list[Request]:
    return [action for action in actions if isinstance(action, Request)]


def confirm(logic: BrokerConnectionLogic, sent: list[Request]) -> list[Action]:
    return [action for request in sent for action in logic.on_management_response(request.number, 201, "")]


def test_everything_is_declared_at_once_before_the_queue_is_consumed() -> None:
    logic, actions = opened()
    assert actions[0] == OpenManagement()
    sent = requests(actions)
    assert [request.path for request in sent] == PATHS
    assert [request.body.get("type") for request in sent[:2]] == ["direct", "topic"]
    assert (sent[2].body["exclusive"], sent[2].body["auto_delete"]) == (True, True)
    assert [(one.body["source"], one.body["binding_key"], one.body["destination_queue"]) for one in sent[3:]] == [
        (DIRECT, AGENT, QUEUE),
        (TOPIC, "console.#", QUEUE),
    ]
    assert confirm(logic, sent[:-1]) == []
    assert confirm(logic, sent[-1:]) == [RECEIVER]
    assert logic.on_link_open("c1-1", has_source=True) == [ReportReady()]


def test_a_later_subscription_is_one_more_binding() -> None:
    logic, actions = opened()
    confirm(logic, requests(actions))
    logic.on_link_open("c1-1", has_source=True)
    (more,) = requests(logic.subscribe(TOPIC, "agent.#"))
    assert (more.path, more.body["binding_key"]) == ("/bindings", "agent.#")
    assert confirm(logic, [more]) == []
    assert logic.phase is Phase.READY


def test_an_exchange_that_may_not_be_declared_may_exist() -> None:
    logic, actions = opened()
    first, *others = requests(actions)
    refused = logic.on_session_end(SessionKind.MANAGEMENT, "configure access to exchange refused")
    assert refused[0] == OpenManagement()  # RabbitMQ ends the session when it refuses a request
    assert [request.path for request in requests(refused)] == PATHS[1:]
    assert confirm(logic, [first, *others]) == []  # no request of the session that ended is answered any more
    assert confirm(logic, requests(refused)) == [RECEIVER]


def test_a_binding_that_is_refused_is_an_error_that_names_everything_that_was() -> None:
    logic, actions = opened()
    sent = requests(actions)
    logic.on_management_response(sent[0].number, 403, "configure access refused")
    confirm(logic, sent[1:3])
    (failure,) = logic.on_management_response(sent[3].number, 404, "no exchange")
    assert isinstance(failure, Fail)
    assert f"did not bind the queue to {DIRECT} with the key {AGENT}: no exchange" in failure.text
    assert f"did not declare the exchange {DIRECT}: configure access refused" in failure.text
    assert logic.phase is Phase.FAILED


def test_a_queue_that_is_refused_is_an_error() -> None:
    logic, actions = opened()
    confirm(logic, requests(actions)[:2])
    (failure,) = logic.on_session_end(SessionKind.MANAGEMENT, "configure access to queue refused")
    reason = f"the broker did not declare the queue {QUEUE}: configure access to queue refused"
    assert failure == Fail("amqp:not-allowed", reason)
    assert logic.phase is Phase.FAILED


def test_a_management_session_that_ends_later_fails_the_connection() -> None:
    logic, actions = opened()
    confirm(logic, requests(actions))
    (failure,) = logic.on_session_end(SessionKind.MANAGEMENT, "internal error")
    assert isinstance(failure, Fail)
