"""A connection that stands, but receives nothing: the queue, its bindings or the user's rights are gone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.rabbitmq import RabbitMq, of_version
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, Peer, wait_until

pytest.importorskip("proton")
pytestmark = pytest.mark.slow
HEARTBEAT_SECONDS = 3.0
OWN_KEY = "check.1"
SUBSCRIPTIONS = ((DIRECT, AGENT), (TOPIC, OWN_KEY), (TOPIC, "console.#"))
SLACK_SECONDS = 20.0
"""What a busy machine may add to a limit of time."""


@pytest.fixture(scope="module", params=[3, 4])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with of_version(request.param, tmp_path_factory.mktemp("rabbit")) as found:
        yield found


def connect(broker: RabbitMq) -> Peer:
    """Connect, once nothing of the test before is left."""
    wait_until(lambda: not bindings(broker), SLACK_SECONDS)
    return Peer(
        TransportOptions(urls=(broker.url,), heartbeat_seconds=HEARTBEAT_SECONDS, retry_seconds=2), *SUBSCRIPTIONS
    )


def is_version_4(peer: Peer) -> bool:
    return "(rabbitmq-4)" in peer.states[0][1]


def is_received(peer: Peer, exchange: str, key: str) -> bool:
    """Whether a message with this key, sent now, arrives within a second."""
    before = len(peer.messages)
    peer.transport.send(Message(address=exchange, subject=key, body={}))
    deadline = time.monotonic() + 1
    while len(peer.messages) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(peer.messages) > before


def receives_everything(peer: Peer) -> bool:
    keys = ((DIRECT, AGENT), (TOPIC, OWN_KEY), (TOPIC, "console.request.agent_locate"))
    return all(is_received(peer, exchange, key) for exchange, key in keys)


def bindings(broker: RabbitMq) -> list[list[str]]:
    """Return exchange, queue and key of each binding of a queue to an exchange of QMF."""
    columns = ("source_name", "destination_name", "routing_key")
    rows = broker.control("list_bindings", *columns, "--no-table-headers").splitlines()
    return [row.split("\t") for row in rows if row.startswith("qmf.")]


def unbind(broker: RabbitMq, exchange: str, queue: str, key: str) -> None:
    def name(kind: str, text: str) -> str:
        return f'rabbit_misc:r(<<"/">>, {kind}, <<"{text}">>)'

    binding = f'{{binding, {name("exchange", exchange)}, <<"{key}">>, {name("queue", queue)}, []}}'
    done = broker.control("eval", f'rabbit_binding:remove({binding}, <<"test">>).')
    assert "ok" in done, done


def delete_queue(broker: RabbitMq, queue: str) -> None:
    found = f'rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>))'
    broker.control("eval", f'{{ok, Q}} = {found}, rabbit_amqqueue:delete(Q, false, false, <<"test">>).')


@pytest.mark.parametrize("key", [AGENT, OWN_KEY])
def test_an_unbound_key_is_bound_again_within_a_heartbeat_interval(broker: RabbitMq, key: str) -> None:
    with connect(broker).connected(1, 40) as peer:
        (row,) = [row for row in bindings(broker) if row[2] == key]
        unbind(broker, *row)
        wait_until(lambda: key in {found[2] for found in bindings(broker)}, HEARTBEAT_SECONDS + SLACK_SECONDS)
        wait_until(lambda: receives_everything(peer), SLACK_SECONDS)
        if is_version_4(peer):
            assert [state for state, _ in peer.states] == [ConnectionState.CONNECTED]
        else:
            assert f"with the key {key}" in next(text for _, text in peer.states if text not in peer.states[0])


def test_an_unbound_broadcast_key_is_bound_again(broker: RabbitMq) -> None:
    with connect(broker).connected(1, 40) as peer:
        if not is_version_4(peer):
            pytest.skip("RabbitMQ 3 binds by the source's address, once")
        (row,) = [row for row in bindings(broker) if row[2] == "console.#"]
        unbind(broker, *row)
        wait_until(lambda: row in bindings(broker), HEARTBEAT_SECONDS + SLACK_SECONDS)
        wait_until(lambda: receives_everything(peer), SLACK_SECONDS)
        assert [state for state, _ in peer.states] == [ConnectionState.CONNECTED]


def test_a_deleted_queue_is_declared_again(broker: RabbitMq) -> None:
    with connect(broker).connected(1, 40) as peer:
        (row,) = [row for row in bindings(broker) if row[2] == AGENT]
        delete_queue(broker, row[1])
        peer.connected(2, HEARTBEAT_SECONDS + SLACK_SECONDS)
        wait_until(lambda: receives_everything(peer), SLACK_SECONDS)
        assert peer.states[1][0] is ConnectionState.DISCONNECTED


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        ((".*", "", ".*"), "access to .* refused for user 'guest'|may its user configure, write and read"),
        ((".*", ".*", ""), "access to .* refused for user 'guest'|may its user configure, write and read"),
    ],
    ids=["write", "read"],
)
def test_rights_that_were_revoked_are_named_until_they_return(
    broker: RabbitMq, rights: tuple[str, str, str], missing: str
) -> None:
    """The broker may go on with the rights of before as long as a connection stands; then messages still arrive."""
    with connect(broker).connected(1, 40) as peer:
        broker.control("set_permissions", "guest", *rights)
        try:
            wait_until(
                lambda: peer.state is not ConnectionState.CONNECTED or receives_everything(peer),
                HEARTBEAT_SECONDS + SLACK_SECONDS,
            )
            broker.control("close_all_connections", "test")
            peer.wait(lambda: any(re.search(missing, text) for _, text in peer.states), 60)
            assert peer.state is not ConnectionState.CONNECTED
        finally:
            broker.control("set_permissions", "guest", ".*", ".*", ".*")
        peer.wait(lambda: peer.state is ConnectionState.CONNECTED, 90)
        wait_until(lambda: receives_everything(peer), SLACK_SECONDS)


def test_a_deleted_exchange_is_found(broker: RabbitMq) -> None:
    with connect(broker).connected(1, 40) as peer:
        broker.control(
            "eval", f'rabbit_exchange:delete(rabbit_misc:r(<<"/">>, exchange, <<"{TOPIC}">>), false, <<"t">>).'
        )
        peer.wait(lambda: TOPIC in "".join(text for _, text in peer.states), 2 * HEARTBEAT_SECONDS + SLACK_SECONDS)
        declare = f'rabbit_exchange:declare(rabbit_misc:r(<<"/">>, exchange, <<"{TOPIC}">>), topic, true, false, false'
        broker.control("eval", f'{declare}, [], <<"t">>).')
        peer.wait(lambda: peer.state is ConnectionState.CONNECTED, 90)
        wait_until(lambda: receives_everything(peer), SLACK_SECONDS)
