"""Valid bytes, damaged at random with a fixed seed: messages on a link, and whole frames on the socket."""

import contextlib
import random
import socket
from typing import Any

import pytest

from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.codec.message_codec import encode
from tests.support.transport_helpers import (
    AGENT,
    DIRECT,
    TOPIC,
    Peer,
    embedded_agent,
    host_and_port,
    request,
    wait_until,
)

proton = pytest.importorskip("proton")
from proton.utils import BlockingConnection  # noqa: E402

pytestmark = pytest.mark.slow
ROUNDS = 300


def damaged(data: bytes, draw: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(found))
        match draw.randrange(4):
            case 0:
                found[at] = draw.randrange(256)
            case 1:
                del found[at : at + draw.randint(1, 8)]
            case 2:
                found[at:at] = draw.randbytes(draw.randint(1, 8))
            case _:
                found[at : at + 4] = b"\xff" * 4
        if not found:
            break
    return bytes(found)


def test_damaged_messages_close_at_most_their_link() -> None:
    draw = random.Random(1)
    with embedded_agent() as agent, Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
        valid = encode(request(console.transport, "r.1", {"_what": "OBJECT", "_where": ["eq", "a", ["quote", 1]]}))
        client = BlockingConnection(agent.url, timeout=5)
        sender: Any = client.create_sender(DIRECT, name="0")
        for number in range(ROUNDS):
            if sender.link.state & proton.Endpoint.REMOTE_CLOSED:
                sender = client.create_sender(DIRECT, name=str(number + 1))
            delivery = sender.link.delivery(f"t{number}")
            sender.link.stream(damaged(valid, draw))
            sender.link.advance()
            with contextlib.suppress(proton.utils.LinkDetached):
                client.wait(lambda delivery=delivery: delivery.settled or delivery.remote_state, timeout=5)
        console.transport.send(request(console.transport, "r.1", {"last": True}, correlation="last"))
        console.wait(lambda: bool(console.messages) and console.messages[-1].correlation_id == "last")
        client.close()


def record_client(url: str) -> bytes:
    """Return what a client sends, from its first byte to its first message."""
    connection, collector, transport = proton.Connection(), proton.Collector(), proton.Transport()
    connection.collect(collector)
    connection.container = "client"
    transport.sasl().allowed_mechs("ANONYMOUS")
    transport.bind(connection)
    connection.open()
    session = connection.session()
    session.open()
    link = session.sender("s")
    link.target.address = DIRECT
    link.open()
    sent = b""
    with socket.create_connection(host_and_port(url), 5) as sock:
        sock.settimeout(5)
        for _ in range(20):
            if link.credit and b"hello" not in sent:
                link.delivery("1")
                link.send(proton.Message(subject=AGENT, body={"hello": 1}).encode())
                link.advance()
            while (pending := transport.pending()) > 0:
                data = transport.peek(pending)
                sent += data
                sock.sendall(data)
                transport.pop(len(data))
            if b"hello" in sent:
                return sent
            transport.push(sock.recv(4_096))
    raise AssertionError("the message was not sent")


def test_damaged_frames_close_at_most_their_connection() -> None:
    draw = random.Random(2)
    with embedded_agent() as agent:
        valid = record_client(agent.url)
        for _ in range(ROUNDS):
            with socket.create_connection(host_and_port(agent.url), 5) as sock, contextlib.suppress(OSError):
                sock.sendall(damaged(valid, draw))
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(0.02)
                while sock.recv(4_096):
                    pass
        with Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
            console.transport.send(request(console.transport, "r.1"))
            console.wait(lambda: len(console.messages) == 1)
        wait_until(lambda: agent.transport.client_count == 0)  # type: ignore[attr-defined]
