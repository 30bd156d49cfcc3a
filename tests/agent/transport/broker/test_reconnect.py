"""A connection that restores itself, with an embedded broker that stops and starts."""

import socket
import threading
import time

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from hostinfo.agent.transport.broker.transport import BrokerTransport
from tests.support.transport_helpers import (
    AGENT,
    DIRECT,
    TOPIC,
    Peer,
    embedded_agent,
    free_port,
    request,
    wait_until,
)


def test_a_request_and_its_reply_pass_through_the_exchanges() -> None:
    with (
        embedded_agent() as agent,
        Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "direct-console.1")).connected() as console,
    ):
        assert console.transport.send(request(console.transport, "direct-console.1", {"a": [1, None, "ä"]}))
        console.wait(lambda: len(console.messages) == 1)
        assert console.messages[0].body == {"a": [1, None, "ä"]}
        assert console.messages[0].correlation_id == "1"
        assert agent.messages[0].properties == {"qmf.opcode": "_query_request"}


def test_subscriptions_are_restored_when_the_broker_returns_and_no_old_message_follows() -> None:
    port = free_port()
    with Peer(TransportOptions(urls=(f"amqp://127.0.0.1:{port}",), retry_seconds=0.3), (TOPIC, "agent.#")) as peer:
        for round_number in range(1, 4):
            with embedded_agent(listen=f"amqp://127.0.0.1:{port}") as agent:
                peer.connected(round_number)
                peer.messages.clear()
                agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"round": round_number}))
                peer.wait(lambda: len(peer.messages) == 1)
                assert peer.messages[0].body == {"round": round_number}
                peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"n": round_number}))
                agent.wait(lambda: bool(agent.messages))
                assert [message.body for message in agent.messages] == [{"n": round_number}]
            peer.wait(lambda: peer.state is ConnectionState.DISCONNECTED)
            before = peer.transport.dropped
            assert not peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"stale": True}))
            assert peer.transport.dropped == before + 1


def test_the_next_broker_is_tried_when_one_is_not_reachable() -> None:
    with embedded_agent() as agent:
        urls = (f"amqp://127.0.0.1:{free_port()}", "amqp://no-such-host.invalid", agent.url)
        with Peer(TransportOptions(urls=urls, retry_seconds=0.1, allow_cleartext=True, allow_anonymous=True)) as peer:
            peer.connected()
            assert [state for state, _ in peer.states] == [ConnectionState.DISCONNECTED] * 2 + [
                ConnectionState.CONNECTED
            ]
            assert peer.states[0][1].endswith("Connection refused")


def test_delays_are_spread_evenly_up_to_a_limit_that_doubles() -> None:
    delays = []
    transport = BrokerTransport(TransportOptions(urls=("amqp://127.0.0.1:1",)))
    for attempt in range(12):
        drawn = []
        for _ in range(200):
            transport._backoff.failures = attempt
            transport._schedule_reconnect(ConnectionState.DISCONNECTED, "x")
        drawn = [timer.due - time.monotonic() for timer in transport._loop._timers]
        transport._loop._timers.clear()
        delays.append((min(drawn), max(drawn), sum(drawn) / len(drawn)))
    limits = [min(30, 0.5 * 2**attempt) for attempt in range(12)]
    for (lowest, highest, mean), limit in zip(delays, limits, strict=True):
        assert highest <= limit
        assert lowest < limit * 0.1
        assert limit * 0.35 < mean < limit * 0.65


def test_a_broker_that_accepts_and_stays_silent_is_abandoned() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"amqp://127.0.0.1:{silent.getsockname()[1]}"
        with Peer(TransportOptions(urls=(url,), heartbeat_seconds=0.2), (TOPIC, "agent.#")) as peer:
            peer.wait(lambda: bool(peer.states), 20)
            assert peer.states[0][0] is ConnectionState.DISCONNECTED


def test_many_threads_may_send_at_once() -> None:
    with embedded_agent() as agent, Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as peer:

        def send(number: int) -> None:
            for _ in range(50):
                peer.transport.send(request(peer.transport, "r.1", {"n": number}))

        threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        peer.wait(lambda: len(peer.messages) == 400)


def test_closing_sends_what_is_queued() -> None:
    with embedded_agent() as agent:
        peer = Peer(TransportOptions(urls=(agent.url,))).connected()
        for number in range(100):
            peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"n": number}))
        peer.transport.close()
        agent.wait(lambda: len(agent.messages) == 100)


def test_closing_without_a_broker_takes_no_time() -> None:
    peer = Peer(TransportOptions(urls=(f"amqp://127.0.0.1:{free_port()}",)))
    peer.wait(lambda: bool(peer.states))
    start = time.monotonic()
    peer.transport.close()
    assert time.monotonic() - start < 1
    names = [thread.name for thread in threading.enumerate()]
    assert "hostinfo-amqp" not in names


def test_many_reply_addresses_do_not_keep_as_many_links() -> None:
    with (
        embedded_agent(max_links=80) as agent,
        Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.#")).connected() as peer,
    ):
        for number in range(200):
            peer.transport.send(Message(address=f"queue-{number}", body={}))
        peer.transport.send(request(peer.transport, "r.1"))
        peer.wait(lambda: len(peer.messages) == 1)
        wait_until(lambda: peer.state is ConnectionState.CONNECTED)
