"""The embedded broker, tested with proton's own blocking client, which shares no code with it."""

import socket
import struct
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from hostinfo import Unavailable
from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.transport_helpers import (
    AGENT,
    ANONYMOUS_OPEN,
    DIRECT,
    TOPIC,
    Peer,
    embedded_agent,
    host_and_port,
    request,
    wait_until,
)

proton = pytest.importorskip("proton")
from proton.reactor import Filter, ReceiverOption  # noqa: E402
from proton.utils import BlockingConnection, LinkDetached, SendException  # noqa: E402


def binding(key: str, kind: str = "topic") -> Any:
    symbol = proton.symbol(f"apache.org:legacy-amqp-{kind}-binding:string")
    return Filter({proton.symbol("binding"): proton.Described(symbol, key)})


@pytest.fixture
def agent() -> Iterator[Peer]:
    with embedded_agent() as found:
        yield found


class ProtonClient(BlockingConnection):  # type: ignore[misc]  # proton is not typed
    """Gives each link a name of its own; proton gives two with the same address the same name."""

    def create_receiver(self, address: str | None, **more: Any) -> Any:
        return super().create_receiver(address, name=uuid.uuid4().hex, **more)

    def create_sender(self, address: str | None, **more: Any) -> Any:
        return super().create_sender(address, name=uuid.uuid4().hex, **more)


@pytest.fixture
def client(agent: Peer) -> Iterator[Any]:
    connection = ProtonClient(agent.url, timeout=5)
    yield connection
    connection.close()


def send_request(client: Any, reply_to: str) -> None:
    sender = client.create_sender(DIRECT)
    sender.send(proton.Message(subject=AGENT, reply_to=reply_to, correlation_id="7", body={"n": proton.ulong(3)}))


@pytest.mark.parametrize(
    ("address", "options", "reply_to"),
    [
        (TOPIC, binding("direct-console.1"), f"{TOPIC}/direct-console.1"),
        (TOPIC, Filter({proton.symbol("subject"): "direct-console.1"}), f"{TOPIC}/direct-console.1"),
        (DIRECT, binding("qmfc-v2-1", "direct"), f"{DIRECT}/qmfc-v2-1"),
        (f"{TOPIC}/direct-console.1", None, f"{TOPIC}/direct-console.1"),
        (f"/exchange/{TOPIC}/direct-console.1", None, f"/exchange/{TOPIC}/direct-console.1"),
        (None, None, "{}"),
        (None, None, "/{}"),
    ],
    ids=["topic filter", "bare filter", "direct filter", "exchange and key", "rabbit", "dynamic", "dynamic, slash"],
)
def test_a_reply_reaches_every_form_of_reply_address(
    client: Any, address: str | None, options: Any, reply_to: str
) -> None:
    receiver = client.create_receiver(address, options=options, dynamic=address is None)
    send_request(client, reply_to.format(receiver.link.remote_source.address))
    reply = receiver.receive(5)
    assert (reply.correlation_id, reply.body) == ("7", {"n": 3})


def test_a_filter_in_force_is_echoed_and_an_unsupported_one_is_not(client: Any) -> None:
    wanted = {proton.symbol("a"): proton.Described(proton.symbol("x:selector:string"), "a=1")}
    receiver = client.create_receiver(TOPIC, options=[binding("agent.#"), Filter(wanted)][:1])
    assert receiver.link.remote_source.filter.next()
    receiver = client.create_receiver(TOPIC, options=Filter(wanted))
    assert not receiver.link.remote_source.filter.next()


def test_an_anonymous_relay_routes_by_to_and_subject(client: Any, agent: Peer) -> None:
    sender = client.create_sender(None)
    sender.send(proton.Message(address=TOPIC, subject="console.request.agent_locate", body=[]))
    sender.send(proton.Message(address=f"{DIRECT}/{AGENT}", body=[]))
    with pytest.raises(SendException, match=str(int(proton.Delivery.RELEASED))):
        sender.send(proton.Message(address="nowhere", body=[]))
    agent.wait(lambda: len(agent.messages) == 2)
    assert [message.address for message in agent.messages] == [TOPIC, f"{DIRECT}/{AGENT}"]


def test_a_topic_message_reaches_only_the_consumers_whose_pattern_matches(client: Any, agent: Peer) -> None:
    heartbeats = client.create_receiver(TOPIC, options=binding("agent.ind.heartbeat.#"))
    events = client.create_receiver(TOPIC, options=binding("agent.ind.event.*.*.note.#"))
    agent.transport.send(Message(address=TOPIC, subject="agent.ind.heartbeat.v.p.i", body={"n": 1}))
    agent.transport.send(Message(address=TOPIC, subject="agent.ind.event.p.c.note.v.p.i", body={"n": 2}))
    agent.transport.send(Message(address=TOPIC, subject="agent.ind.event.p.c.warn.v.p.i", body={"n": 3}))
    assert heartbeats.receive(5).body == {"n": 1}
    assert events.receive(5).body == {"n": 2}
    with pytest.raises(proton.Timeout):
        events.receive(0.2)


@pytest.mark.parametrize(
    ("address", "options", "condition"),
    [
        ("qmf.default.nothing", None, "amqp:not-found"),
        (DIRECT, None, "amqp:invalid-field"),
        (DIRECT, binding(AGENT, "direct"), "amqp:not-allowed"),
        (f"{DIRECT}/{AGENT}", None, "amqp:not-allowed"),
        ("reply-0", None, "amqp:not-found"),
    ],
    ids=[
        "unknown",
        "direct without key",
        "the agent's key",
        "the agent's key in the address",
        "dynamic node of another client",
    ],
)
def test_links_that_may_not_receive_are_refused(client: Any, address: str, options: Any, condition: str) -> None:
    with pytest.raises(LinkDetached) as caught:
        client.create_receiver(address, options=options)
    assert caught.value.condition == condition


def test_sending_to_a_missing_node_is_refused(client: Any) -> None:
    with pytest.raises(LinkDetached) as caught:
        client.create_sender("missing-queue")
    assert caught.value.condition == "amqp:not-found"


def test_a_forged_user_id_closes_the_link_and_the_message_is_not_routed(client: Any, agent: Peer) -> None:
    sender = client.create_sender(DIRECT)
    with pytest.raises((LinkDetached, SendException)):
        sender.send(proton.Message(subject=AGENT, user_id=b"admin", body={}))
    send_request(client, f"{TOPIC}/x")
    agent.wait(lambda: len(agent.messages) == 1)
    assert agent.messages[0].user_id is None


class Unsettled(ReceiverOption):  # type: ignore[misc]  # proton is not typed
    def apply(self, link: Any) -> None:
        link.snd_settle_mode = proton.Link.SND_UNSETTLED


def test_a_receiver_may_settle_messages_itself(client: Any, agent: Peer) -> None:
    receiver = client.create_receiver(TOPIC, options=[binding("agent.#"), Unsettled()], credit=10)
    for number in range(50):
        agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": number}))
    for number in range(50):
        assert receiver.receive(5).body == {"n": number}
        receiver.accept()


def test_the_queue_of_a_consumer_without_credit_is_bounded_and_keeps_the_newest() -> None:
    with embedded_agent(max_queue_messages=100, max_queue_bytes=20_000) as agent:
        client = ProtonClient(agent.url, timeout=5)
        receiver = client.create_receiver(TOPIC, options=binding("agent.#"), credit=0)
        for number in range(1_000):
            agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": number}))
        wait_until(lambda: agent.transport.dropped >= 900)
        receiver.flow(200)
        numbers = [receiver.fetcher and receiver.receive(5).body["n"] for _ in range(100)]
        assert numbers == list(range(900, 1_000))
        assert agent.transport.dropped == 900
        client.close()


def test_an_expired_message_is_not_delivered(client: Any, agent: Peer) -> None:
    receiver = client.create_receiver(TOPIC, options=binding("agent.#"), credit=0)
    agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 1}, ttl_ms=50))
    agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 2}, ttl_ms=60_000))
    time.sleep(0.2)
    receiver.flow(10)
    assert receiver.receive(5).body == {"n": 2}


def test_memory_is_bounded_for_a_client_that_gives_credit_and_does_not_read() -> None:
    with embedded_agent(max_queue_bytes=1 << 20) as agent:
        client = ProtonClient(agent.url, timeout=5)
        client.create_receiver(TOPIC, options=binding("agent.#"), credit=100_000)
        for _ in range(400):  # 40 MB, while the client's loop does not run
            agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"x": "x" * 100_000}))
        wait_until(lambda: agent.transport.dropped > 300)
        with Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "reply.1")).connected() as console:
            console.transport.send(request(console.transport, "reply.1"))
            console.wait(lambda: len(console.messages) == 1)


def test_links_beyond_the_limit_are_refused_and_the_others_stay() -> None:
    with embedded_agent(max_links=3) as agent:
        client = ProtonClient(agent.url, timeout=5)
        receivers = [client.create_receiver(TOPIC, options=binding("agent.#")) for _ in range(3)]
        with pytest.raises(LinkDetached) as caught:
            client.create_receiver(TOPIC, options=binding("agent.#"))
        assert caught.value.condition == "amqp:resource-limit-exceeded"
        agent.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 1}))
        assert [receiver.receive(5).body for receiver in receivers] == [{"n": 1}] * 3
        client.close()


def test_connections_beyond_the_limit_are_closed() -> None:
    with embedded_agent(max_connections=1) as agent:
        first = ProtonClient(agent.url, timeout=5)
        with socket.create_connection(host_and_port(agent.url), 5) as second:
            second.sendall(ANONYMOUS_OPEN)
            received = b""
            while data := second.recv(1_000):
                received += data
            assert b"too many clients" in received
        first.close()


def test_a_message_over_the_limit_closes_its_link() -> None:
    with embedded_agent(max_message_bytes=10_000) as agent:
        client = ProtonClient(agent.url, timeout=5)
        sender = client.create_sender(DIRECT)
        with pytest.raises(LinkDetached) as caught:
            sender.send(proton.Message(subject=AGENT, body={"x": "x" * 200_000}))
        assert caught.value.condition == "amqp:link:message-size-exceeded"
        send_request(client, f"{TOPIC}/x")
        agent.wait(lambda: len(agent.messages) == 1)
        client.close()


def nested(depth: int) -> bytes:
    """Return an amqp-value of lists in lists (AMQP 1.0 part 1, list32 0xd0)."""
    inner = b"".join(b"\xd0" + struct.pack(">II", 9 * (depth - at) - 4, 1) for at in range(depth))
    return b"\x00\x53\x77" + inner + b"\x40"


HOSTILE = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "deep": nested(10_000),
    "binary keys": b"\x00\x53\x77\xc1\x07\x02\xa0\x02\xff\xfe\x41\x41",
    "bad utf-8": b"\x00\x53\x77\xa1\x02\xff\xfe",
    "list with a wrong size": b"\x00\x53\x77\xd0\xff\xff\xff\xff\xff\xff\xff\xff",
    "array of a million nulls": b"\x00\x53\x77\xf0\x00\x00\x00\x05\x00\x0f\x42\x40\x40",
    "two bodies": b"\x00\x53\x77\x41\x00\x53\x77\x42",
    "no such section": b"\x00\x53\x99\x41",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_in_a_message_close_nothing(client: Any, agent: Peer, data: bytes) -> None:
    properties = b"\x00\x53\x73\xc0\x18\x04\x40\x40\x40\xa1\x13" + AGENT.encode()
    sender = client.create_sender(DIRECT)
    for head in (b"", properties):
        delivery = sender.link.delivery(head[:1] + b"t")
        sender.link.stream(head + data)
        sender.link.advance()
        client.wait(lambda delivery=delivery: delivery.settled, timeout=5)
    send_request(client, f"{TOPIC}/x")
    agent.wait(lambda: bool(agent.messages) and agent.messages[-1].correlation_id == "7")


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", b"AMQP\x00\x00\x09\x01", b"AMQP\x00\x01\x00\x00" + b"\xff" * 600, b"\x16\x03\x01"],
)
def test_bytes_that_are_not_amqp_close_only_their_own_connection(agent: Peer, data: bytes) -> None:
    with socket.create_connection(host_and_port(agent.url), 5) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1000):
            pass
    wait_until(lambda: agent.transport.client_count == 0)  # type: ignore[attr-defined]
    client = ProtonClient(agent.url, timeout=5)
    send_request(client, f"{TOPIC}/x")
    agent.wait(lambda: len(agent.messages) == 1)
    client.close()


def test_a_port_that_is_in_use_is_named() -> None:
    with embedded_agent() as agent, pytest.raises(Unavailable, match="cannot listen: Address already in use"):
        open_transport(TransportOptions(listen=agent.url)).start(lambda _m: None, lambda _s, _t: None)


@pytest.mark.parametrize("url", ["amqp://0.0.0.0:0", "amqp://[::]:0", "amqp://192.0.2.1"])
def test_listening_without_tls_is_refused_except_on_loopback(url: str) -> None:
    with pytest.raises(Unavailable, match="amqps"):
        open_transport(TransportOptions(listen=url))


@pytest.mark.parametrize("url", ["amqp://u:secret@h", "http://h", "amqp://", "amqp://h:99999"])
def test_invalid_urls_are_refused_without_printing_a_password(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        open_transport(TransportOptions(urls=(url,)))
    assert "secret" not in str(caught.value)
