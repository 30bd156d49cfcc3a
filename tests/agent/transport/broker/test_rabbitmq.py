"""RabbitMQ 3 with its AMQP 1.0 plugin: addresses, logins, queues that do not pile up, a broker that is killed."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support import rabbitmq as rabbit
from tests.support.certificates import SAN, Authority
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, End, request, until

pytest.importorskip("proton")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not rabbit.is_installed(), reason="rabbitmq-server is not installed"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "rabbit")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[rabbit.Rabbit]:
    certificate = authority.sign("broker", extension=SAN)
    found = rabbit.Rabbit(tmp_path_factory.mktemp("rabbit"), certificate=certificate, ca=str(authority.ca))
    found.start()
    yield found
    found.stop()


def agent(broker: rabbit.Rabbit, **options: object) -> End:
    told = TransportOptions(**{"urls": (broker.url,), **options})  # type: ignore[arg-type]
    return End(told, (DIRECT, AGENT), (TOPIC, "console.#"), echo=True)


def console(broker: rabbit.Rabbit, *keys: str) -> End:
    return End(TransportOptions(urls=(broker.url,)), *[(TOPIC, key) for key in keys]).connected()


def test_requests_broadcasts_and_indications_pass(broker: rabbit.Rabbit) -> None:
    with agent(broker).connected() as node, console(broker, "direct-console.1", "agent.ind.#") as other:
        assert node.states == [(ConnectionState.CONNECTED, f"{broker.url} (rabbitmq-3)")]
        assert other.transport.reply_to("direct-console.1") == f"/exchange/{TOPIC}/direct-console.1"
        other.transport.send(request(other.transport, "direct-console.1", {"n": 1}))
        locate = Message(
            address=TOPIC,
            subject="console.request.agent_locate",
            reply_to=other.transport.reply_to("direct-console.1"),
            correlation_id="2",
            body=["eq", "a", ["quote", "b"]],
        )
        other.transport.send(locate)
        node.transport.send(Message(address=TOPIC, subject="agent.ind.heartbeat.v.p.i", body={"beat": 1}))
        other.wait(lambda: len(other.messages) == 3)
        assert {message.correlation_id: message.body for message in other.messages} == {
            "1": {"n": 1},
            "2": ["eq", "a", ["quote", "b"]],
            None: {"beat": 1},
        }


@pytest.mark.parametrize("key", ["My Vendor:a product:1-2", "a/b:c:d", "x:y:!$&'()*"])
def test_odd_agent_names_are_reached(broker: rabbit.Rabbit, key: str) -> None:
    with End(TransportOptions(urls=(broker.url,)), (DIRECT, key)).connected() as node:
        node.transport.send(Message(address=DIRECT, subject=key, body={}))
        node.wait(lambda: len(node.messages) == 1)


def test_a_reply_queue_that_is_not_there_costs_the_agent_nothing(broker: rabbit.Rabbit) -> None:
    with agent(broker).connected() as node, console(broker, "direct-console.2") as other:
        for number in range(5):
            other.transport.send(
                Message(address=DIRECT, subject=AGENT, reply_to=f"queue-of-nobody-{number}", body={"n": number})
            )
        node.wait(lambda: len(node.messages) == 5)
        time.sleep(1)
        other.transport.send(request(other.transport, "direct-console.2"))
        other.wait(lambda: len(other.messages) == 1)
        assert [state for state, _ in node.states] == [ConnectionState.CONNECTED]
    assert "queue-of-nobody" not in broker.control("list_queues", "name")


def test_a_password_goes_through_tls_and_messages_carry_the_user(
    broker: rabbit.Rabbit, authority: Authority, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    options = {"urls": (broker.tls_url,), "ca": str(authority.ca), "user": "node1", "password_file": str(password)}
    with agent(broker, **options).connected() as node:
        node.transport.send(Message(address=DIRECT, subject=AGENT, body={}))
        node.wait(lambda: len(node.messages) == 1)
        assert node.messages[0].user_id == "node1"
    password.write_text("wrong")
    with agent(broker, **options) as node:
        node.wait(lambda: bool(node.states))
        assert node.states[0][0] is ConnectionState.REFUSED


def test_exchanges_that_are_not_there_are_told(broker: rabbit.Rabbit) -> None:
    options = TransportOptions(urls=(broker.url,), domain="other", retry_seconds=0.2)
    with End(options, ("qmf.other.topic", "agent.#")) as node:
        node.wait(lambda: any("amqp:not-found" in text for _, text in node.states))  # now and then it crashes instead
        assert all(state is ConnectionState.DISCONNECTED for state, _ in node.states)


def test_the_documented_policy_bounds_what_is_left_behind(broker: rabbit.Rabbit) -> None:
    with agent(broker).connected() as node:
        time.sleep(3)  # longer than a queue without a consumer lives
        assert broker.control("list_queues", "name").count("amq.gen-") >= 2
        node.transport.send(Message(address=DIRECT, subject=AGENT, body={}))
        node.wait(lambda: len(node.messages) == 1)
    until(lambda: "amq.gen-" not in broker.control("list_queues", "name"), 30)


def test_a_killed_broker_is_found_again_within_two_seconds_and_nothing_stale_comes(broker: rabbit.Rabbit) -> None:
    with agent(broker) as node, console(broker, "agent.ind.#") as other:
        node.connected()
        broker.kill()
        node.wait(lambda: node.state is not ConnectionState.CONNECTED)
        other.wait(lambda: other.state is not ConnectionState.CONNECTED)
        before = node.transport.dropped
        for number in range(50):
            assert not node.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"stale": number}))
        assert node.transport.dropped == before + 50
        threading.Thread(target=broker.start).start()
        returned = broker.wait_for_port()
        node.connected(2, 40)
        assert node.times[-1] - returned < 2, node.states
        other.connected(2, 40)
        other.messages.clear()
        node.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"fresh": 1}))
        other.wait(lambda: bool(other.messages))
        assert [message.body for message in other.messages] == [{"fresh": 1}]


def test_a_broker_killed_under_load_leaves_counted_losses_and_order(broker: rabbit.Rabbit) -> None:
    with agent(broker).connected() as node, console(broker, "agent.ind.#") as other:
        sent = 0

        def load(seconds: float) -> None:
            nonlocal sent
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                body = {"n": sent, "x": "x" * 1_000}
                node.transport.send(Message(address=TOPIC, subject="agent.ind.x", body=body, ttl_ms=5_000))
                sent += 1
                time.sleep(0.001)

        load(1)
        broker.kill()
        load(1)
        thread = threading.Thread(target=broker.start)
        thread.start()
        load(1)
        node.connected(2, 60)
        other.connected(2, 60)
        thread.join()
        other.messages.clear()
        first = sent
        load(1)
        other.wait(lambda: any(message.body["n"] == sent - 1 for message in other.messages))  # type: ignore[index]
        numbers = [message.body["n"] for message in other.messages]  # type: ignore[index]
        assert numbers == sorted(set(numbers))
        assert numbers[0] >= first - 1
        assert node.transport.dropped > 100
