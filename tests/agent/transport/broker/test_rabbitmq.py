"""RabbitMQ 3 with its AMQP 1.0 plugin: addresses, logins, bounded queues, a broker that is killed."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.certificates import SAN, Authority
from tests.support.rabbitmq import RabbitMq, is_installed
from tests.support.transport_helpers import (
    AGENT,
    DIRECT,
    TOPIC,
    Peer,
    connect_agent,
    connect_console,
    request,
    wait_until,
)

pytest.importorskip("proton")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="rabbitmq-server is not installed"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "rabbit")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[RabbitMq]:
    certificate = authority.sign("broker", extension=SAN)
    with RabbitMq(tmp_path_factory.mktemp("rabbit"), certificate=certificate, ca=str(authority.ca)) as found:
        yield found


def test_replies_to_missing_queues_do_not_disturb_the_agent(broker: RabbitMq) -> None:
    with connect_agent(broker.url).connected() as agent, connect_console(broker.url, "direct-console.2") as console:
        for number in range(5):
            console.transport.send(
                Message(address=DIRECT, subject=AGENT, reply_to=f"missing-queue-{number}", body={"n": number})
            )
        agent.wait(lambda: len(agent.messages) == 5)
        time.sleep(1)
        console.transport.send(request(console.transport, "direct-console.2"))
        console.wait(lambda: len(console.messages) == 1)
        assert [state for state, _ in agent.states] == [ConnectionState.CONNECTED]
    assert "missing-queue" not in broker.control("list_queues", "name")


def test_a_password_is_sent_over_tls_and_messages_carry_the_user(
    broker: RabbitMq, authority: Authority, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    options = {"urls": (broker.tls_url,), "ca": str(authority.ca), "user": "node1", "password_file": str(password)}
    with connect_agent(broker.url, **options).connected() as agent:
        agent.transport.send(Message(address=DIRECT, subject=AGENT, body={}))
        agent.wait(lambda: len(agent.messages) == 1)
        assert agent.messages[0].user_id == "node1"
    password.write_text("wrong")
    with connect_agent(broker.url, **options) as agent:
        agent.wait(lambda: bool(agent.states))
        assert agent.states[0][0] is ConnectionState.REFUSED


def test_missing_exchanges_are_reported(broker: RabbitMq) -> None:
    options = TransportOptions(urls=(broker.url,), domain="other", retry_seconds=0.2)
    with Peer(options, ("qmf.console.topic", "agent.#")) as agent:
        agent.wait(lambda: any("amqp:not-found" in text for _, text in agent.states))  # sometimes it crashes instead
        assert all(state is ConnectionState.DISCONNECTED for state, _ in agent.states)


def test_the_documented_policy_deletes_abandoned_queues(broker: RabbitMq) -> None:
    with connect_agent(broker.url).connected() as agent:
        time.sleep(3)  # longer than a queue without a consumer lives
        assert broker.control("list_queues", "name").count("amq.gen-") >= 2
        agent.transport.send(Message(address=DIRECT, subject=AGENT, body={}))
        agent.wait(lambda: len(agent.messages) == 1)
    wait_until(lambda: "amq.gen-" not in broker.control("list_queues", "name"), 30)


def test_a_killed_broker_is_found_soon_after_its_return_and_no_old_message_follows(broker: RabbitMq) -> None:
    with connect_agent(broker.url) as agent, connect_console(broker.url, "agent.ind.#") as console:
        agent.connected()
        broker.kill()
        agent.wait(lambda: agent.state is not ConnectionState.CONNECTED)
        console.wait(lambda: console.state is not ConnectionState.CONNECTED)
        before = agent.transport.dropped
        for number in range(50):
            assert not agent.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"stale": number}))
        assert agent.transport.dropped == before + 50
        threading.Thread(target=broker.start).start()
        returned = broker.wait_for_port()
        agent.connected(2, 40)
        assert agent.state_times[-1] - returned < 5, agent.states
        console.connected(2, 40)
        console.messages.clear()
        agent.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"fresh": 1}))
        console.wait(lambda: bool(console.messages))
        assert [message.body for message in console.messages] == [{"fresh": 1}]


def test_messages_lost_with_a_killed_broker_are_counted_and_the_others_in_order(broker: RabbitMq) -> None:
    with connect_agent(broker.url).connected() as agent, connect_console(broker.url, "agent.ind.#") as console:
        sent = 0

        def send_for(seconds: float) -> None:
            nonlocal sent
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                body = {"n": sent, "x": "x" * 1_000}
                agent.transport.send(Message(address=TOPIC, subject="agent.ind.x", body=body, ttl_ms=5_000))
                sent += 1
                time.sleep(0.001)

        send_for(1)
        broker.kill()
        send_for(1)
        thread = threading.Thread(target=broker.start)
        thread.start()
        send_for(1)
        agent.connected(2, 60)
        console.connected(2, 60)
        thread.join()
        console.messages.clear()
        first = sent
        send_for(1)
        console.wait(lambda: any(message.body["n"] == sent - 1 for message in console.messages))  # type: ignore[index]
        numbers = [message.body["n"] for message in console.messages]  # type: ignore[index]
        assert numbers == sorted(set(numbers))
        assert numbers[0] >= first - 1
        assert agent.transport.dropped > 100
