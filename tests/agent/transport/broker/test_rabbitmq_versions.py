"""What both versions of RabbitMQ do alike: delivery by the topic and the direct exchange."""

from collections.abc import Iterator

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.rabbitmq import RabbitMq, of_version
from tests.support.transport_helpers import DIRECT, TOPIC, Peer, connect_agent, connect_console, request

pytest.importorskip("proton")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[3, 4])
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def rabbitmq(version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with of_version(version, tmp_path_factory.mktemp("rabbit")) as found:
        yield found


def test_requests_broadcasts_and_indications_are_delivered(rabbitmq: RabbitMq, version: int) -> None:
    with (
        connect_agent(rabbitmq.url).connected() as agent,
        connect_console(rabbitmq.url, "direct-console.1", "agent.ind.#") as console,
    ):
        assert agent.states == [(ConnectionState.CONNECTED, f"{rabbitmq.url} (rabbitmq-{version})")]
        console.transport.send(request(console.transport, "direct-console.1", {"n": 1}))
        locate = Message(
            address=TOPIC,
            subject="console.request.agent_locate",
            reply_to=console.transport.reply_to("direct-console.1"),
            correlation_id="2",
            body=["eq", "a", ["quote", "b"]],
        )
        console.transport.send(locate)
        agent.transport.send(Message(address=TOPIC, subject="agent.ind.heartbeat.v.p.i", body={"beat": 1}))
        console.wait(lambda: len(console.messages) == 3)
        assert {message.correlation_id: message.body for message in console.messages} == {
            "1": {"n": 1},
            "2": ["eq", "a", ["quote", "b"]],
            None: {"beat": 1},
        }


@pytest.mark.parametrize("key", ["My Vendor:a product:1-2", "a/b:c:d", "x:y:!$&'()*"])
def test_agents_with_unusual_names_are_reached(rabbitmq: RabbitMq, key: str) -> None:
    with Peer(TransportOptions(urls=(rabbitmq.url,)), (DIRECT, key)).connected() as agent:
        agent.transport.send(Message(address=DIRECT, subject=key, body={}))
        agent.wait(lambda: len(agent.messages) == 1)
