"""The embedded exchange, by proton's own blocking client: a peer that knows nothing of ours."""

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
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, End, agent, request, until

proton = pytest.importorskip("proton")
from proton.reactor import Filter, ReceiverOption  # noqa: E402
from proton.utils import BlockingConnection, LinkDetached, SendException  # noqa: E402


def bound(key: str, kind: str = "topic") -> Any:
    symbol = proton.symbol(f"apache.org:legacy-amqp-{kind}-binding:string")
    return Filter({proton.symbol("binding"): proton.Described(symbol, key)})


@pytest.fixture
def node() -> Iterator[End]:
    with agent() as end:
        yield end


class Peer(BlockingConnection):  # type: ignore[misc]  # proton is not typed
    """Names its links by itself, where proton gives two of the same address the same name."""

    def create_receiver(self, address: str | None, **more: Any) -> Any:
        return super().create_receiver(address, name=uuid.uuid4().hex, **more)

    def create_sender(self, address: str | None, **more: Any) -> Any:
        return super().create_sender(address, name=uuid.uuid4().hex, **more)


@pytest.fixture
def peer(node: End) -> Iterator[Any]:
    connection = Peer(node.url, timeout=5)
    yield connection
    connection.close()


def ask(peer: Any, reply_to: str) -> None:
    sender = peer.create_sender(DIRECT)
    sender.send(proton.Message(subject=AGENT, reply_to=reply_to, correlation_id="7", body={"n": proton.ulong(3)}))


@pytest.mark.parametrize(
    ("address", "options", "reply_to"),
    [
        (TOPIC, bound("direct-console.1"), f"{TOPIC}/direct-console.1"),
        (TOPIC, Filter({proton.symbol("subject"): "direct-console.1"}), f"{TOPIC}/direct-console.1"),
        (DIRECT, bound("qmfc-v2-1", "direct"), f"{DIRECT}/qmfc-v2-1"),
        (f"{TOPIC}/direct-console.1", None, f"{TOPIC}/direct-console.1"),
        (f"/exchange/{TOPIC}/direct-console.1", None, f"/exchange/{TOPIC}/direct-console.1"),
        (None, None, "{}"),
        (None, None, "/{}"),
    ],
    ids=["topic filter", "bare filter", "direct filter", "exchange and key", "rabbit", "dynamic", "dynamic, slash"],
)
def test_every_form_of_reply_address_is_answered(peer: Any, address: str | None, options: Any, reply_to: str) -> None:
    receiver = peer.create_receiver(address, options=options, dynamic=address is None)
    ask(peer, reply_to.format(receiver.link.remote_source.address))
    answer = receiver.receive(5)
    assert (answer.correlation_id, answer.body) == ("7", {"n": 3})


def test_the_filter_in_force_is_echoed_and_one_that_is_not_understood_is_not(peer: Any) -> None:
    wanted = {proton.symbol("a"): proton.Described(proton.symbol("x:selector:string"), "a=1")}
    receiver = peer.create_receiver(TOPIC, options=[bound("agent.#"), Filter(wanted)][:1])
    assert receiver.link.remote_source.filter.next()
    receiver = peer.create_receiver(TOPIC, options=Filter(wanted))
    assert not receiver.link.remote_source.filter.next()


def test_an_anonymous_relay_goes_by_to_and_subject(peer: Any, node: End) -> None:
    sender = peer.create_sender(None)
    sender.send(proton.Message(address=TOPIC, subject="console.request.agent_locate", body=[]))
    sender.send(proton.Message(address=f"{DIRECT}/{AGENT}", body=[]))
    sender.send(proton.Message(address="nowhere", body=[]))
    node.wait(lambda: len(node.messages) == 2)
    assert [message.address for message in node.messages] == [TOPIC, f"{DIRECT}/{AGENT}"]


def test_topic_wildcards_reach_who_bound_them_and_nobody_else(peer: Any, node: End) -> None:
    heartbeats = peer.create_receiver(TOPIC, options=bound("agent.ind.heartbeat.#"))
    events = peer.create_receiver(TOPIC, options=bound("agent.ind.event.*.*.note.#"))
    node.transport.send(Message(address=TOPIC, subject="agent.ind.heartbeat.v.p.i", body={"n": 1}))
    node.transport.send(Message(address=TOPIC, subject="agent.ind.event.p.c.note.v.p.i", body={"n": 2}))
    node.transport.send(Message(address=TOPIC, subject="agent.ind.event.p.c.warn.v.p.i", body={"n": 3}))
    assert heartbeats.receive(5).body == {"n": 1}
    assert events.receive(5).body == {"n": 2}
    with pytest.raises(proton.Timeout):
        events.receive(0.2)


@pytest.mark.parametrize(
    ("address", "options", "condition"),
    [
        ("qmf.default.nothing", None, "amqp:not-found"),
        (DIRECT, None, "amqp:invalid-field"),
        (DIRECT, bound(AGENT, "direct"), "amqp:not-allowed"),
        (f"{DIRECT}/{AGENT}", None, "amqp:not-allowed"),
        ("reply-0", None, "amqp:not-found"),
    ],
    ids=["unknown", "direct without key", "the agent's key", "the agent's key in the address", "somebody's replies"],
)
def test_what_may_not_be_received_is_refused(peer: Any, address: str, options: Any, condition: str) -> None:
    with pytest.raises(LinkDetached) as caught:
        peer.create_receiver(address, options=options)
    assert caught.value.condition == condition


def test_sending_to_a_node_that_is_not_there_is_refused(peer: Any) -> None:
    with pytest.raises(LinkDetached) as caught:
        peer.create_sender("queue-of-nobody")
    assert caught.value.condition == "amqp:not-found"


def test_a_forged_user_id_ends_the_link_and_reaches_nobody(peer: Any, node: End) -> None:
    sender = peer.create_sender(DIRECT)
    with pytest.raises((LinkDetached, SendException)):
        sender.send(proton.Message(subject=AGENT, user_id=b"admin", body={}))
    ask(peer, f"{TOPIC}/x")
    node.wait(lambda: len(node.messages) == 1)
    assert node.messages[0].user_id is None


class Unsettled(ReceiverOption):  # type: ignore[misc]  # proton is not typed
    def apply(self, link: Any) -> None:
        link.snd_settle_mode = proton.Link.SND_UNSETTLED


def test_a_receiver_may_settle_itself(peer: Any, node: End) -> None:
    receiver = peer.create_receiver(TOPIC, options=[bound("agent.#"), Unsettled()], credit=10)
    for number in range(50):
        node.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": number}))
    for number in range(50):
        assert receiver.receive(5).body == {"n": number}
        receiver.accept()


def test_a_consumer_without_credit_costs_bounded_memory_and_keeps_the_newest() -> None:
    with agent(max_queue_messages=100, max_queue_bytes=20_000) as node:
        peer = Peer(node.url, timeout=5)
        receiver = peer.create_receiver(TOPIC, options=bound("agent.#"), credit=0)
        for number in range(1_000):
            node.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": number}))
        until(lambda: node.transport.dropped >= 900)
        receiver.flow(200)
        numbers = [receiver.fetcher and receiver.receive(5).body["n"] for _ in range(100)]
        assert numbers == list(range(900, 1_000))
        assert node.transport.dropped == 900
        peer.close()


def test_what_outlived_its_ttl_is_not_delivered(peer: Any, node: End) -> None:
    receiver = peer.create_receiver(TOPIC, options=bound("agent.#"), credit=0)
    node.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 1}, ttl_ms=50))
    node.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 2}, ttl_ms=60_000))
    time.sleep(0.2)
    receiver.flow(10)
    assert receiver.receive(5).body == {"n": 2}


def test_a_peer_that_gives_credit_and_reads_nothing_does_not_fill_the_memory() -> None:
    with agent(max_queue_bytes=1 << 20) as node:
        peer = Peer(node.url, timeout=5)
        peer.create_receiver(TOPIC, options=bound("agent.#"), credit=100_000)
        for _ in range(400):  # 40 MB, while nobody runs the peer's loop
            node.transport.send(Message(address=TOPIC, subject="agent.x", body={"x": "x" * 100_000}))
        until(lambda: node.transport.dropped > 300)
        with End(TransportOptions(urls=(node.url,)), (TOPIC, "reply.1")).connected() as other:
            other.transport.send(request(other.transport, "reply.1"))
            other.wait(lambda: len(other.messages) == 1)


def test_links_beyond_the_limit_are_refused_and_the_others_live() -> None:
    with agent(max_links=3) as node:
        peer = Peer(node.url, timeout=5)
        receivers = [peer.create_receiver(TOPIC, options=bound("agent.#")) for _ in range(3)]
        with pytest.raises(LinkDetached) as caught:
            peer.create_receiver(TOPIC, options=bound("agent.#"))
        assert caught.value.condition == "amqp:resource-limit-exceeded"
        node.transport.send(Message(address=TOPIC, subject="agent.x", body={"n": 1}))
        assert [receiver.receive(5).body for receiver in receivers] == [{"n": 1}] * 3
        peer.close()


def test_connections_beyond_the_limit_are_closed() -> None:
    with agent(max_connections=1) as node:
        first = Peer(node.url, timeout=5)
        host, port = node.url.removeprefix("amqp://").split(":")
        with socket.create_connection((host, int(port)), 5) as second:
            assert second.recv(100) == b""
        first.close()


def test_a_message_over_the_limit_ends_its_link() -> None:
    with agent(max_message_bytes=10_000) as node:
        peer = Peer(node.url, timeout=5)
        sender = peer.create_sender(DIRECT)
        with pytest.raises(LinkDetached) as caught:
            sender.send(proton.Message(subject=AGENT, body={"x": "x" * 200_000}))
        assert caught.value.condition == "amqp:link:message-size-exceeded"
        ask(peer, f"{TOPIC}/x")
        node.wait(lambda: len(node.messages) == 1)
        peer.close()


def nested(depth: int) -> bytes:
    """An amqp-value of lists inside one another, by hand: AMQP 1.0 part 1, list32 0xd0."""
    inner = b"".join(b"\xd0" + struct.pack(">II", 9 * (depth - at) - 4, 1) for at in range(depth))
    return b"\x00\x53\x77" + inner + b"\x40"


HOSTILE = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "deep": nested(10_000),
    "binary keys": b"\x00\x53\x77\xc1\x07\x02\xa0\x02\xff\xfe\x41\x41",
    "bad utf-8": b"\x00\x53\x77\xa1\x02\xff\xfe",
    "list that lies about its size": b"\x00\x53\x77\xd0\xff\xff\xff\xff\xff\xff\xff\xff",
    "array of a million nulls": b"\x00\x53\x77\xf0\x00\x00\x00\x05\x00\x0f\x42\x40\x40",
    "two bodies": b"\x00\x53\x77\x41\x00\x53\x77\x42",
    "no such section": b"\x00\x53\x99\x41",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_in_a_message_end_nothing(peer: Any, node: End, data: bytes) -> None:
    properties = b"\x00\x53\x73\xc0\x18\x04\x40\x40\x40\xa1\x13" + AGENT.encode()
    sender = peer.create_sender(DIRECT)
    for head in (b"", properties):
        delivery = sender.link.delivery(head[:1] + b"t")
        sender.link.stream(head + data)
        sender.link.advance()
        peer.wait(lambda delivery=delivery: delivery.settled, timeout=5)
    ask(peer, f"{TOPIC}/x")
    node.wait(lambda: bool(node.messages) and node.messages[-1].correlation_id == "7")


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\n\r\n", b"AMQP\x00\x00\x09\x01", b"AMQP\x00\x01\x00\x00" + b"\xff" * 600, b"\x16\x03\x01"],
)
def test_bytes_that_are_no_amqp_end_only_their_own_connection(node: End, data: bytes) -> None:
    host, port = node.url.removeprefix("amqp://").split(":")
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1000):
            pass
    until(lambda: node.transport.client_count == 0)  # type: ignore[attr-defined]
    peer = Peer(node.url, timeout=5)
    ask(peer, f"{TOPIC}/x")
    node.wait(lambda: len(node.messages) == 1)
    peer.close()


def test_a_port_that_is_taken_is_named() -> None:
    with agent() as node, pytest.raises(Unavailable, match="cannot listen: Address already in use"):
        open_transport(TransportOptions(listen=node.url)).start(lambda _m: None, lambda _s, _t: None)


@pytest.mark.parametrize("url", ["amqp://0.0.0.0:0", "amqp://[::]:0", "amqp://192.0.2.1"])
def test_listening_to_others_in_clear_is_refused_unless_asked_for(url: str) -> None:
    with pytest.raises(Unavailable, match="amqps"):
        open_transport(TransportOptions(listen=url))


@pytest.mark.parametrize("url", ["amqp://u:secret@h", "http://h", "amqp://", "amqp://h:99999"])
def test_urls_that_are_none_are_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        open_transport(TransportOptions(urls=(url,)))
    assert "secret" not in str(caught.value)
