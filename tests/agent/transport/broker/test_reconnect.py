"""A connection that keeps itself alive, against an embedded exchange that comes and goes."""

import socket
import threading
import time

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, End, agent, free_port, request, until


def test_a_request_and_its_answer_pass_through_the_exchange() -> None:
    with agent() as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "direct-console.1")).connected() as console:
        assert console.transport.send(request(console.transport, "direct-console.1", {"a": [1, None, "ä"]}))
        console.wait(lambda: len(console.messages) == 1)
        assert console.messages[0].body == {"a": [1, None, "ä"]}
        assert console.messages[0].correlation_id == "1"
        assert node.messages[0].properties == {"qmf.opcode": "_query_request"}


def test_the_subscriptions_stand_again_after_the_broker_came_back_and_nothing_stale_follows() -> None:
    port = free_port()
    with End(TransportOptions(urls=(f"amqp://127.0.0.1:{port}",), retry_seconds=0.3), (TOPIC, "agent.#")) as peer:
        for round_number in range(1, 4):
            with agent(listen=f"amqp://127.0.0.1:{port}") as node:
                peer.connected(round_number)
                peer.messages.clear()
                node.transport.send(Message(address=TOPIC, subject="agent.x", body={"round": round_number}))
                peer.wait(lambda: len(peer.messages) == 1)
                assert peer.messages[0].body == {"round": round_number}
                peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"n": round_number}))
                node.wait(lambda: bool(node.messages))
                assert [message.body for message in node.messages] == [{"n": round_number}]
            peer.wait(lambda: peer.state is ConnectionState.DISCONNECTED)
            before = peer.transport.dropped
            assert not peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"stale": True}))
            assert peer.transport.dropped == before + 1


def test_the_next_broker_is_tried_when_one_is_not_there() -> None:
    with agent() as node:
        urls = (f"amqp://127.0.0.1:{free_port()}", "amqp://no-such-host.invalid", node.url)
        with End(TransportOptions(urls=urls, retry_seconds=0.1, allow_cleartext=True, allow_anonymous=True)) as peer:
            peer.connected()
            assert [state for state, _ in peer.states] == [ConnectionState.DISCONNECTED] * 2 + [
                ConnectionState.CONNECTED
            ]
            assert peer.states[0][1].endswith("Connection refused")


def test_tries_spread_evenly_up_to_a_limit_that_doubles() -> None:
    from hostinfo.agent.transport.broker import transport as amqp

    waits = []
    transport = amqp.BrokerTransport(TransportOptions(urls=("amqp://127.0.0.1:1",)))
    for attempt in range(12):
        drawn = []
        for _ in range(200):
            transport._backoff.failures = attempt
            transport._schedule_reconnect(ConnectionState.DISCONNECTED, "x")
        drawn = [timer.due - time.monotonic() for timer in transport._loop._timers]
        transport._loop._timers.clear()
        waits.append((min(drawn), max(drawn), sum(drawn) / len(drawn)))
    limits = [min(30, 0.5 * 2**attempt) for attempt in range(12)]
    for (lowest, highest, mean), limit in zip(waits, limits, strict=True):
        assert highest <= limit
        assert lowest < limit * 0.1
        assert limit * 0.35 < mean < limit * 0.65


def test_a_peer_that_takes_the_connection_and_says_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as dumb:
        url = f"amqp://127.0.0.1:{dumb.getsockname()[1]}"
        with End(TransportOptions(urls=(url,), heartbeat_seconds=0.2), (TOPIC, "agent.#")) as peer:
            peer.wait(lambda: bool(peer.states), 20)
            assert peer.states[0][0] is ConnectionState.DISCONNECTED


def test_many_threads_may_send_at_once() -> None:
    with agent() as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as peer:

        def work(number: int) -> None:
            for _ in range(50):
                peer.transport.send(request(peer.transport, "r.1", {"n": number}))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        peer.wait(lambda: len(peer.messages) == 400)


def test_closing_sends_what_was_given_before() -> None:
    with agent() as node:
        peer = End(TransportOptions(urls=(node.url,))).connected()
        for number in range(100):
            peer.transport.send(Message(address=DIRECT, subject=AGENT, body={"n": number}))
        peer.transport.close()
        node.wait(lambda: len(node.messages) == 100)


def test_closing_while_nobody_answers_takes_no_time() -> None:
    peer = End(TransportOptions(urls=(f"amqp://127.0.0.1:{free_port()}",)))
    peer.wait(lambda: bool(peer.states))
    started = time.monotonic()
    peer.transport.close()
    assert time.monotonic() - started < 1
    names = [thread.name for thread in threading.enumerate()]
    assert "hostinfo-amqp" not in names


def test_a_hundred_reply_addresses_do_not_keep_a_hundred_links() -> None:
    with agent(max_links=80) as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "r.#")).connected() as peer:
        replies = [End(TransportOptions(urls=(node.url,)), (TOPIC, "x")).connected() for _ in range(1)]
        for number in range(200):
            peer.transport.send(Message(address=f"queue-{number}", body={}))
        peer.transport.send(request(peer.transport, "r.1"))
        peer.wait(lambda: len(peer.messages) == 1)
        until(lambda: peer.state is ConnectionState.CONNECTED)
        for end in replies:
            end.transport.close()
